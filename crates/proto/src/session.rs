//! The client's end of a connection, as a state machine.

use std::time::Duration;

use bytes::Bytes;

use crate::{Delivered, JsonText, Limits, ParticipantId, RequestId, SessionError, StreamKey};

/// Time since the driver started. The browser passes `performance.now()`, a test what it likes.
pub type Timestamp = Duration;

/// How a session behaves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Bounds on what the server may send.
    pub limits: Limits,
    /// How long the server may take until the room is ready.
    pub handshake_timeout: Duration,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// How long the other side may take to accept a stream.
    pub stream_open_timeout: Duration,
    /// How many bytes of a stream the reader holds before the writer must wait.
    pub stream_window_bytes: usize,
    /// How long a server may stay silent before `enable` is tried in the direct form.
    pub generation_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            handshake_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(30),
            stream_open_timeout: Duration::from_secs(30),
            stream_window_bytes: 4 * 1024 * 1024,
            generation_timeout: Duration::from_secs(4),
        }
    }
}

/// What happened outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Input<'a> {
    /// The WebSocket opened.
    Opened,
    /// A binary WebSocket message came.
    Received(&'a [u8]),
    /// The moment of [`Session::next_wakeup`] has come.
    Woken,
    /// The WebSocket closed or failed.
    Closed {
        /// The close code, if there was a close frame.
        code: Option<u16>,
        /// The reason in the close frame.
        reason: &'a str,
    },
}

/// What the driver is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Send one binary WebSocket message.
    Transmit(Bytes),
    /// Close the WebSocket.
    Close {
        /// 1000, or 4000 to 4999.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
    /// Tell the application.
    Event(Event),
}

/// What the application wants to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The room is ready; commands are possible.
    Ready,
    /// The session is over. Every open request and stream has been answered before this.
    Ended(SessionError),
    /// The one answer to a command.
    Answered {
        /// The command.
        request: RequestId,
        /// How it went.
        result: Result<(), SessionError>,
    },
    /// `messaging.enabled` came; the list of participants is complete.
    MessagingEnabled,
    /// A participant is there.
    ParticipantAdded(ParticipantId),
    /// A participant is gone.
    ParticipantRemoved(Participant),
    /// A participant's attributes changed.
    ParticipantUpdated {
        /// Whose.
        id: ParticipantId,
        /// The changed attributes, a JSON object.
        changed: JsonText,
    },
    /// A message of the application.
    Message(Delivered),
    /// Somebody offers a stream. To be answered by `accept_stream` or `reject_stream`.
    StreamRequested {
        /// Our end of it.
        stream: StreamKey,
        /// The stream's id on the wire.
        stream_id: String,
        /// Who opens it.
        from: ParticipantId,
        /// What the opener says about it: any JSON value.
        header: JsonText,
    },
    /// An offered stream ended before it was answered (opener left, closed, connection lost).
    StreamWithdrawn {
        /// Our end of it.
        stream: StreamKey,
        /// Why.
        error: SessionError,
    },
    /// The other side answered our offer. `Ok`: it can be written.
    StreamOpened {
        /// Our end of it.
        stream: StreamKey,
        /// How it went.
        result: Result<(), SessionError>,
    },
    /// There is something to read, the end included. Comes again only after a read found nothing.
    StreamReadable(StreamKey),
    /// There is room to write again. Comes only after a write or `writable_bytes` found none.
    StreamWritable(StreamKey),
    /// A stream that was open ended, cleanly or not. The last event of its key.
    StreamClosed {
        /// Our end of it.
        stream: StreamKey,
        /// `Err` unless both sides finished.
        result: Result<(), SessionError>,
    },
}

/// A remote participant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Participant {
    /// Its id.
    pub id: ParticipantId,
    /// `user`, `agent`, `tool` or another word of the token's.
    pub role: String,
    /// Its attributes, a JSON object; `name` is the one that people know.
    pub attributes: JsonText,
}

/// One read of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Read {
    /// The next chunk.
    Chunk {
        /// Any JSON value.
        header: JsonText,
        /// The data.
        data: Bytes,
    },
    /// Nothing yet; [`Event::StreamReadable`] will come.
    Pending,
    /// The writer closed; this is the end.
    End,
    /// The stream failed; what was read is not complete.
    Failed(SessionError),
}
