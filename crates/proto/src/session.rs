//! The client's end of a connection, as a state machine.
//!
//! ```text
//!  Handshake --connected and room_ready--> Ready --close, loss, violation--> Ended
//!      `--------------close, timeout, violation-------------------------------^
//! ```
//!
//! With [`Config::reconnect`] a loss is not the end; see `session/resuming.rs`.
//!
//! This file has what a driver sees. Behind it, one file for each concern: `session/wire.rs` turns
//! bytes into frames and back, `requests.rs` knows what is unanswered, and the others are the small
//! machines that the frames and commands move.

mod abilities;
mod calls;
mod commands;
mod enabling;
mod handshake;
mod messages;
mod participants;
mod requests;
mod resuming;
mod streams;
mod wire;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use crate::{
    Batch, CallKey, Delivered, ErrorCode, Extensions, Family, JsonText, Limits, ParticipantId,
    RequestId, SessionError, StreamKey, Violation, batch,
};

pub use self::abilities::{STREAMS_ATTRIBUTE, StreamForm};
use self::{
    calls::Calls,
    enabling::Messaging,
    handshake::{Handshake, Room},
    participants::Participants,
    requests::Requests,
    resuming::Continuity,
    streams::Streams,
    wire::{CLOSE_NORMAL, Wire},
};

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
    /// How many bytes of a stream may be under way to its reader before the writer must wait. As many
    /// of them are used as keep it busy.
    pub stream_window_bytes: usize,
    /// How many bytes of a stream the reader holds if the writer knows no flow control. A stream
    /// that brings more fails.
    pub max_unpaced_bytes: usize,
    /// How long a server may stay silent before `enable` is tried in the direct form.
    pub generation_timeout: Duration,
    /// The body of data packets for a server that does not say what it takes.
    pub packet_bytes: usize,
    /// How many messages may wait for the server's answer.
    pub max_queued_messages: usize,
    /// How many bytes may wait for the server's answer.
    pub max_queued_bytes: usize,
    /// Whether the session outlives its connection: after [`Event::Lost`] the driver opens another.
    pub reconnect: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            handshake_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(30),
            stream_open_timeout: Duration::from_secs(30),
            stream_window_bytes: 4 * 1024 * 1024,
            max_unpaced_bytes: 64 * 1024 * 1024,
            generation_timeout: Duration::from_secs(4),
            // What official clients send.
            packet_bytes: 1024,
            max_queued_messages: 64 * 1024,
            max_queued_bytes: 256 * 1024 * 1024,
            reconnect: false,
        }
    }
}

/// What happened outside.
///
/// The handshake's time runs from the first input, which may be [`Input::Woken`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Input<'a> {
    /// The WebSocket opened.
    Opened,
    /// A binary WebSocket message came.
    Received(&'a Bytes),
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
    /// The connection is gone, or an attempt to open another failed. The driver opens the next
    /// when it likes, with [`Session::reconnect`]. Only with [`Config::reconnect`].
    Lost(SessionError),
    /// The connection is there again, and nothing was lost.
    Resumed,
    /// There is a connection again, but the server could not go on where the last one ended; the
    /// error says why. We have another id. Everything that was open has failed before this;
    /// attributes and messaging are being restored, and who came or left meanwhile is told.
    Discontinuity(SessionError),
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
    ///
    /// A reader's clean end is reported when the end has been read, or before
    /// [`Event::Ended`]; what came in before it can be read in any case.
    StreamClosed {
        /// Our end of it.
        stream: StreamKey,
        /// `Err` unless both sides finished.
        result: Result<(), SessionError>,
    },
    /// Somebody opens a duplex stream. To be answered by `accept_call` or `reject_call`.
    CallRequested {
        /// Our end of it.
        call: CallKey,
        /// The stream's id, the same at both ends.
        stream_id: String,
        /// Who opens it.
        from: ParticipantId,
        /// What it is opened with.
        message: StreamMessage,
    },
    /// A duplex stream ended before we answered.
    CallWithdrawn {
        /// Our end of it.
        call: CallKey,
        /// Why.
        error: SessionError,
    },
    /// The other side answered our call. `Ok` has the stream's id.
    CallOpened {
        /// Our end of it.
        call: CallKey,
        /// How it went.
        result: Result<String, SessionError>,
    },
    /// There is something to read, the end included. Comes again only after a read found nothing.
    CallReadable(CallKey),
    /// A duplex stream that was open ended. What came before can still be read.
    CallClosed {
        /// Our end of it.
        call: CallKey,
        /// `Err` unless one side closed it.
        result: Result<(), SessionError>,
    },
}

/// A message of a duplex stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamMessage {
    /// The application's word for the kind of message.
    pub kind: String,
    /// The message, a JSON object.
    pub message: JsonText,
    /// Bytes beside it; empty when there are none.
    pub attachment: Bytes,
}

/// One read of a duplex stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallRead {
    /// The next message.
    Message(StreamMessage),
    /// Nothing yet; [`Event::CallReadable`] will come.
    Pending,
    /// The other side closed; this is the end.
    End,
    /// The stream failed.
    Failed(SessionError),
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

/// The client's end of one connection to a room.
///
/// Four kinds of methods, and nothing else happens:
///
/// - [`Session::handle_input`] takes what happened outside, and cannot fail;
/// - commands ([`Session::send`] and the others) take what the application wants; one that fails
///   has changed nothing, and one that gives a [`RequestId`] is answered by exactly one
///   [`Event::Answered`];
/// - [`Session::poll_output`] gives what is to be done, to be emptied after every input and every
///   command, and [`Session::next_wakeup`] the moment for the next [`Input::Woken`];
/// - the others look.
#[derive(Debug)]
pub struct Session {
    config: Config,
    phase: Phase,
    /// Known from the moment the room is ready, also after the end.
    room: Option<Room>,
    outputs: VecDeque<Output>,
    wire: Wire,
    requests: Requests,
    messaging: Messaging,
    participants: Participants,
    attributes: JsonText,
    /// What was set of them, to be said again to a server that begins anew.
    own_attributes: JsonText,
    streams: Streams,
    calls: Calls,
    continuity: Continuity,
}

#[derive(Debug)]
enum Phase {
    Handshake(Handshake),
    Ready,
    /// There was a connection, and there will be another.
    Lost(SessionError),
    Ended(SessionError),
}

impl Phase {
    fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    fn is_ended(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

impl Session {
    /// Makes a session for a connection that is not open yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            phase: Phase::Handshake(Handshake::default()),
            room: None,
            outputs: VecDeque::new(),
            wire: Wire::new(config.limits, config.packet_bytes),
            requests: Requests::new(config.request_timeout),
            messaging: Messaging::Off,
            participants: Participants::default(),
            attributes: JsonText::empty_object(),
            own_attributes: JsonText::empty_object(),
            continuity: Continuity::new(config.reconnect),
            streams: Streams::default(),
            calls: Calls::default(),
            config,
        }
    }

    /// Takes in what happened at `now`.
    ///
    /// This never fails: a mistake of the server ends the session and is reported as
    /// [`Event::Ended`].
    pub fn handle_input(&mut self, now: Timestamp, input: Input<'_>) {
        self.start_clock(now, input);
        match input {
            Input::Opened => {}
            Input::Received(message) => {
                for packet in batch::packets(message) {
                    if let Err(violation) = self.on_received(now, message, packet) {
                        self.on_violation(&violation);
                    }
                }
                let acknowledgement = self.acknowledge(false);
                self.outputs.extend(acknowledgement.map(Output::Transmit));
            }
            Input::Woken => self.on_woken(now),
            Input::Closed { code, reason } => self.on_closed(now, code, reason),
        }
    }

    /// The next thing for the driver to do, or `None` when it may wait again.
    pub fn poll_output(&mut self) -> Option<Output> {
        match self.outputs.pop_front()? {
            Output::Transmit(first) if self.extensions().is_some_and(|known| known.batches) => {
                self.together(first)
            }
            output @ (Output::Transmit(_) | Output::Close { .. } | Output::Event(_)) => {
                Some(output)
            }
        }
    }

    /// Takes the outputs that follow, as long as each says that the next command after `request` was done;
    /// gives the last. For drivers to whom it makes a difference to tell of many at once.
    pub fn poll_done_after(&mut self, request: RequestId) -> RequestId {
        let RequestId(mut last) = request;
        let is_next = |output: &Output, next| {
            matches!(output, Output::Event(Event::Answered { request, result: Ok(()) })
                if *request == RequestId(next))
        };
        while self.outputs.front().is_some_and(|output| is_next(output, last + 1)) {
            self.outputs.pop_front();
            last += 1;
        }
        RequestId(last)
    }

    /// Whether so much waits to leave that nothing is gained by waiting for more, so that it goes together:
    /// the server and the other side have nothing to do meanwhile.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let ends =
            |output: &Output| matches!(output, Output::Transmit(part) if Batch::is_last(part));
        self.outputs.len() >= MANY_OUTPUTS || self.outputs.back().is_some_and(ends)
    }

    /// What follows at once goes together.
    fn together(&mut self, first: Bytes) -> Option<Output> {
        if Batch::is_too_large(&first) {
            return Some(Output::Transmit(first));
        }
        let mut batch = Batch::default();
        batch.push(first);
        let fits = |output: &Output| match output {
            Output::Transmit(part) => !Batch::is_too_large(part),
            Output::Close { .. } | Output::Event(_) => false,
        };
        while !batch.is_full() && self.outputs.front().is_some_and(fits) {
            if let Some(Output::Transmit(part)) = self.outputs.pop_front() {
                batch.push(part);
            }
        }
        if let Some(acknowledgement) = self.acknowledge(true) {
            batch.push(acknowledgement);
        }
        batch.take().map(Output::Transmit)
    }

    /// When the session wants [`Input::Woken`], if at all.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let handshake = match &self.phase {
            Phase::Handshake(handshake) => handshake.deadline(),
            Phase::Ready | Phase::Lost(_) => None,
            Phase::Ended(_) => return None,
        };
        let connection = handshake.into_iter().chain(self.continuity_deadline()).min();
        if self.is_paused() {
            return connection;
        }
        let deadlines = [
            connection,
            self.requests.deadline(),
            self.messaging.deadline(self.is_attached()),
            self.streams.deadline(),
            self.calls.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Ends the session, as the application wants it. Does nothing if it is over.
    pub fn close(&mut self) {
        let error = SessionError::new(ErrorCode::Closed, "the client was closed");
        self.end(error, Some((CLOSE_NORMAL, "")));
    }

    /// Our own id, once the room is ready.
    #[must_use]
    pub fn participant_id(&self) -> Option<&ParticipantId> {
        self.room.as_ref().map(|room| &room.participant_id)
    }

    /// The room's name, once it is ready.
    #[must_use]
    pub fn room_name(&self) -> Option<&str> {
        self.room.as_ref().map(|room| room.name.as_str())
    }

    /// Where the room is, as it says, once it is ready.
    #[must_use]
    pub fn room_url(&self) -> Option<&str> {
        self.room.as_ref().map(|room| room.url.as_str())
    }

    /// The room's current run, once it is ready.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.room.as_ref().map(|room| room.session_id.as_str())
    }

    /// What the server announced, once the room is ready.
    #[must_use]
    pub fn extensions(&self) -> Option<&Extensions> {
        self.room.as_ref().and_then(|room| room.extensions.as_ref())
    }

    /// The words that the server understands, once that is known: those of generation 1, or those
    /// of later ones.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        self.wire.is_family_known().then(|| self.wire.family())
    }

    /// Whether messaging is enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        matches!(self.messaging, Messaging::On)
    }

    /// Our own attributes, a JSON object: the server's first, then what was set.
    #[must_use]
    pub fn local_attributes(&self) -> &JsonText {
        &self.attributes
    }

    /// The others, ordered by id. Empty unless messaging is enabled.
    pub fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter()
    }

    /// One of the others.
    #[must_use]
    pub fn participant(&self, id: &str) -> Option<&Participant> {
        self.participants.find(id)
    }

    fn on_received(
        &mut self,
        now: Timestamp,
        message: &Bytes,
        packet: &[u8],
    ) -> Result<(), Violation> {
        if let Phase::Lost(_) | Phase::Ended(_) = self.phase {
            return Ok(());
        }
        if !self.on_linked(now, packet)? {
            return Ok(());
        }
        let Some(received) = self.wire.receive(message, packet)? else { return Ok(()) };
        match self.phase {
            Phase::Handshake(_) => self.on_handshake_frame(now, received),
            Phase::Ready => return self.on_frame(now, received.frame),
            Phase::Lost(_) | Phase::Ended(_) => {}
        }
        Ok(())
    }

    fn on_woken(&mut self, now: Timestamp) {
        if self.phase.is_ended() {
            return;
        }
        self.check_handshake(now);
        self.check_continuity(now);
        if self.is_paused() {
            return;
        }
        self.check_enabling(now);
        self.check_streams(now);
        self.check_calls(now);
        self.check_requests(now);
    }

    fn on_violation(&mut self, violation: &Violation) {
        let text = violation.to_string();
        let error = SessionError::new(ErrorCode::ProtocolError, text.as_str());
        self.end(error, Some((violation.close_code(), &text)));
    }

    fn on_closed(&mut self, now: Timestamp, code: Option<u16>, reason: &str) {
        if let Phase::Lost(_) | Phase::Ended(_) = self.phase {
            return;
        }
        let code_text = code.map_or_else(|| String::from("no close code"), |c| format!("code {c}"));
        let separator = if reason.is_empty() { "" } else { ": " };
        let (kind, what) = match (&self.phase, code) {
            (Phase::Handshake(_), _) => {
                (ErrorCode::ConnectionRefused, "the connection ended before the room was ready")
            }
            (_, Some(CLOSE_NORMAL)) => {
                (ErrorCode::Dismissed, "the server ended the connection for good")
            }
            _ => (ErrorCode::ConnectionLost, "the connection was lost"),
        };
        let message = format!("{what} ({code_text}{separator}{reason})");
        let error = SessionError::new(kind, message);
        if code == Some(CLOSE_NORMAL) {
            self.end(error, None);
        } else {
            self.on_failed(now, error, None);
        }
    }

    /// The connection failed: an end, unless there was a room and the client comes back.
    fn on_failed(&mut self, now: Timestamp, error: SessionError, close: Option<(u16, &str)>) {
        if self.config.reconnect && self.room.is_some() {
            let reason = close.map(|(code, reason)| (code, wire::close_reason(reason)));
            let close = reason.as_ref().map(|(code, reason)| (*code, reason.as_str()));
            self.lose(now, error, close);
        } else {
            self.end(error, close);
        }
    }

    /// The one way to the end: closes the socket, answers all that is open, says so.
    fn end(&mut self, error: SessionError, close: Option<(u16, &str)>) {
        if let Phase::Ended(_) = self.phase {
            return;
        }
        self.phase = Phase::Ended(error.clone());

        if let Some((code, reason)) = close {
            self.outputs.push_back(Output::Close { code, reason: wire::close_reason(reason) });
        }
        self.fail_all_requests(&error);
        self.fail_enabling(&error);
        self.fail_all_streams(&error);
        self.fail_all_calls(&error);
        self.messaging = Messaging::Off;
        self.participants.clear();
        self.report(Event::Ended(error));
    }

    fn check_ready(&self) -> Result<(), SessionError> {
        match &self.phase {
            Phase::Ended(error) => Err(error.clone()),
            _ if self.is_usable() => Ok(()),
            Phase::Lost(error) => {
                let text = format!("there is no connection: {error}");
                Err(SessionError::new(ErrorCode::NotConnected, text))
            }
            Phase::Handshake(_) | Phase::Ready => {
                Err(SessionError::new(ErrorCode::NotConnected, "the room is not ready"))
            }
        }
    }

    fn report(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// From so many on, outputs are not gathered any more. Messages of 100 bytes fill a quarter of a batch with it.
const MANY_OUTPUTS: usize = 256;
