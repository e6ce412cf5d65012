//! Streams: one-way, chunk by chunk, from one participant to another.
//!
//! `streams/writer.rs` and `streams/reader.rs` are the two ends, `streams/message.rs` is what they
//! say to each other, `streams/commands.rs` is what the application does with them. Here is the
//! table of all ends, and what comes from outside.

mod commands;
mod message;
mod reader;
mod window;
mod writer;

use std::time::Duration;

use bytes::Bytes;

use crate::{
    Delivered, ErrorCode, Outgoing, ParticipantId, Request, SessionError, StreamKey, Table,
    sabotage::{Bug, is},
    session::{
        Event, Phase, Session, Timestamp,
        requests::{Purpose, Step, timeout},
    },
};

pub(super) use self::message::StreamKind;
use self::{
    message::{Inbound, Outbound},
    reader::{Chunk, Reader},
    writer::Writer,
};

/// All ends of streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    last_key: u32,
    ends: Table<StreamKey, Stream>,
    /// When a message came that may have waited behind them.
    other_at: Option<Timestamp>,
}

/// One end of a stream.
#[derive(Debug)]
struct Stream {
    id: String,
    peer: ParticipantId,
    end: End,
}

#[derive(Debug)]
enum End {
    Writer(Writer),
    Reader(Reader),
}

impl Streams {
    pub(super) fn on_other_message(&mut self, now: Timestamp) {
        self.other_at = Some(now);
    }

    /// Whether no other messages come at this time.
    fn are_alone(&self, now: Timestamp) -> bool {
        self.other_at.is_none_or(|at| now.saturating_sub(at) >= ALONE)
    }

    /// When the next offer of ours runs out of time.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.ends.iter().filter_map(|(_, stream)| stream.deadline()).min()
    }

    /// Gives offers of ours more time.
    pub(super) fn postpone(&mut self, by: Duration) {
        for stream in self.ends.values_mut() {
            if let End::Writer(writer) = &mut stream.end {
                writer.postpone(by);
            }
        }
    }

    fn add(&mut self, id: &str, peer: &ParticipantId, end: End) -> StreamKey {
        self.last_key += 1;
        let key = StreamKey(self.last_key);
        self.ends.insert(key, Stream { id: id.to_owned(), peer: peer.clone(), end });
        key
    }

    /// What the windows of all readers may grow by.
    fn spare(&self) -> usize {
        let used = self.ends.iter().map(|(_, stream)| match &stream.end {
            End::Reader(reader) if stream.is_live_reader() => reader.window_bytes(),
            End::Reader(_) | End::Writer(_) => 0,
        });
        window::ALL_BYTES.saturating_sub(used.sum())
    }

    fn find(&self, is_wanted: impl Fn(&Stream) -> bool) -> Option<StreamKey> {
        self.ends.iter().find(|(_, stream)| is_wanted(stream)).map(|(key, _)| *key)
    }

    fn find_all(&self, is_wanted: impl Fn(&Stream) -> bool) -> Vec<StreamKey> {
        self.ends.iter().filter(|(_, stream)| is_wanted(stream)).map(|(key, _)| *key).collect()
    }

    fn writer(&mut self, key: StreamKey) -> Option<&mut Writer> {
        match &mut self.ends.get_mut(&key)?.end {
            End::Writer(writer) => Some(writer),
            End::Reader(_) => None,
        }
    }

    fn reader(&mut self, key: StreamKey) -> Option<&mut Reader> {
        match &mut self.ends.get_mut(&key)?.end {
            End::Reader(reader) => Some(reader),
            End::Writer(_) => None,
        }
    }
}

impl Stream {
    fn deadline(&self) -> Option<Timestamp> {
        let End::Writer(writer) = &self.end else { return None };
        match writer.state() {
            writer::State::Offered { deadline } => Some(deadline),
            writer::State::Open | writer::State::Closing { .. } | writer::State::Withdrawn => None,
        }
    }

    fn is_writer(&self) -> bool {
        matches!(self.end, End::Writer(_))
    }

    /// A reader that may still get something.
    fn is_live_reader(&self) -> bool {
        let End::Reader(reader) = &self.end else { return false };
        matches!(reader.state(), reader::State::Offered | reader::State::Open)
    }

    fn is_with(&self, peer: &ParticipantId, id: &str) -> bool {
        self.peer == *peer && self.id == id
    }
}

impl Session {
    /// A message of a stream. Those of unknown streams are ignored.
    pub(super) fn on_stream_message(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        message: Delivered,
    ) {
        let Delivered { from, message, attachment, .. } = message;
        let Some(inbound) = Inbound::parse(&message) else { return };
        let is_with = |stream: &Stream| stream.is_with(&from, &inbound.stream_id);
        let writer = self.streams.find(|stream| stream.is_writer() && is_with(stream));
        let reader = self.streams.find(|stream| stream.is_live_reader() && is_with(stream));

        match (kind, writer, reader) {
            (StreamKind::Open, _, None) => self.on_open(now, &from, inbound),
            (StreamKind::Accept, Some(key), _) => self.on_accept(now, key, &inbound),
            (StreamKind::Accept, None, _) => self.on_stray_accept(now, &from, &inbound),
            (StreamKind::Reject, Some(key), _) => self.on_reject(key, &inbound),
            (StreamKind::Credit, Some(key), _) => self.on_credit(now, key, &inbound),
            (StreamKind::Chunk, _, Some(key)) => self.on_chunk(now, key, inbound, attachment),
            (StreamKind::Close, _, Some(key)) => self.on_opener_closed(key, &inbound),
            (StreamKind::Close, Some(key), None) => self.on_acceptor_closed(key, &inbound),
            (
                StreamKind::Open
                | StreamKind::Reject
                | StreamKind::Credit
                | StreamKind::Chunk
                | StreamKind::Close,
                _,
                _,
            ) => {}
        }
    }

    fn on_open(&mut self, now: Timestamp, from: &ParticipantId, inbound: Inbound) {
        let offers = self.streams.find_all(Stream::is_live_reader).len();
        let refusal = if self.participants.find(from.as_str()).is_none() {
            Some("the opener is not in the list of participants")
        } else if offers >= MAX_READERS {
            Some("too many streams")
        } else {
            None
        };
        if let Some(reason) = refusal {
            let stream_id = &inbound.stream_id;
            let reject = Outbound { stream_id, error: Some(reason), ..Outbound::default() };
            self.tell(now, from, StreamKind::Reject, &reject);
            return;
        }

        let understands_credit = inbound.understands_credit();
        let (window, limit) = (self.config.stream_window_bytes, self.config.max_unpaced_bytes);
        let reader = Reader::offered(understands_credit, window, limit);
        let Inbound { stream_id, header, .. } = inbound;
        let stream = self.streams.add(&stream_id, from, End::Reader(reader));
        self.report(Event::StreamRequested { stream, stream_id, from: from.clone(), header });
    }

    fn on_accept(&mut self, now: Timestamp, stream: StreamKey, inbound: &Inbound) {
        let Some(writer) = self.streams.writer(stream) else { return };
        match writer.state() {
            writer::State::Offered { .. } => {
                writer.accept(inbound.window(), inbound.most());
                self.report(Event::StreamOpened { stream, result: Ok(()) });
            }
            // It did not hear that we withdrew, and waits for chunks.
            writer::State::Withdrawn => {
                self.tell_end(now, stream, "the offer was withdrawn");
                self.streams.ends.remove(&stream);
            }
            writer::State::Open | writer::State::Closing { .. } => {}
        }
    }

    /// It took an offer that has failed here, because we saw it leave and it came back under the
    /// same id. It would wait for chunks for ever.
    fn on_stray_accept(&mut self, now: Timestamp, from: &ParticipantId, inbound: &Inbound) {
        let stream_id = &inbound.stream_id;
        let error = Some("there is no such stream any more");
        let close = Outbound { stream_id, error, ..Outbound::default() };
        self.tell(now, from, StreamKind::Close, &close);
    }

    fn on_reject(&mut self, key: StreamKey, inbound: &Inbound) {
        let text = inbound.error();
        let text = text.unwrap_or("the stream was rejected by the remote client");
        self.fail_stream(key, &SessionError::new(ErrorCode::StreamRejected, text));
    }

    fn on_credit(&mut self, now: Timestamp, key: StreamKey, inbound: &Inbound) {
        let Some(writer) = self.streams.writer(key) else { return };
        writer.on_credit(now, inbound.bytes().unwrap_or(0));
        self.wake_writer(key);
    }

    fn on_chunk(&mut self, now: Timestamp, key: StreamKey, inbound: Inbound, data: Bytes) {
        let Some(reader) = self.streams.reader(key) else { return };
        // What comes before the acceptance the opener may not send; it concerns nobody.
        if let reader::State::Offered = reader.state() {
            return;
        }
        match reader.on_chunk(Chunk {
            was_starved: inbound.was_starved(),
            header: inbound.header,
            data,
        }) {
            Ok(true) => self.report(Event::StreamReadable(key)),
            Ok(false) => {}
            Err(reader::Overrun) => {
                let text = "the stream brought more than its reader can hold";
                self.tell_end(now, key, text);
                self.fail_stream(key, &SessionError::new(ErrorCode::TooLarge, text));
            }
        }
    }

    fn on_opener_closed(&mut self, key: StreamKey, inbound: &Inbound) {
        let Some(reader) = self.streams.reader(key) else { return };
        let is_open = matches!(reader.state(), reader::State::Open);
        let error = inbound.error().filter(|_| !is(Bug::CleanEndAfterAbort));
        match (error, is_open) {
            (None, true) => {
                if reader.complete() {
                    self.report(Event::StreamReadable(key));
                }
            }
            (text, _) => {
                let text = text.unwrap_or("the stream was closed before it was answered");
                self.fail_stream(key, &SessionError::new(ErrorCode::StreamAborted, text));
            }
        }
    }

    /// The reader cancels. A late close without an error, as newer official clients send it when
    /// they have read the end, does no harm to a writer that has closed.
    fn on_acceptor_closed(&mut self, key: StreamKey, inbound: &Inbound) {
        let Some(writer) = self.streams.writer(key) else { return };
        let is_closing = matches!(writer.state(), writer::State::Closing { .. });
        let text = match (inbound.error(), is_closing) {
            (None, true) => return,
            (text, _) => text.unwrap_or("the other side closed the stream"),
        };
        self.fail_stream(key, &SessionError::new(ErrorCode::StreamAborted, text));
    }

    pub(super) fn on_stream_answer(
        &mut self,
        now: Timestamp,
        key: StreamKey,
        step: Step,
        result: Result<(), SessionError>,
    ) {
        if let Err(error) = result {
            // After a gap the reader must not take what comes later for the whole.
            if error.code != ErrorCode::ParticipantNotFound {
                self.tell_end(now, key, &error.message);
            }
            self.fail_stream(key, &error);
            return;
        }
        let Some(writer) = self.streams.writer(key) else { return };
        match step {
            Step::Control => {}
            Step::Chunk(cost) => writer.on_chunk_answered(cost),
            Step::Close => writer.on_close_answered(),
        }
        if let Some(request) = writer.finished() {
            self.streams.ends.remove(&key);
            self.report(Event::Answered { request, result: Ok(()) });
            self.report(Event::StreamClosed { stream: key, result: Ok(()) });
        } else {
            self.wake_writer(key);
        }
    }

    pub(super) fn check_streams(&mut self, now: Timestamp) {
        let is_late = |stream: &Stream| stream.deadline().is_some_and(|deadline| deadline <= now);
        for key in self.streams.find_all(is_late) {
            let error = timeout("the stream was not answered", self.config.stream_open_timeout);
            self.withdraw(now, key, error);
        }
    }

    pub(super) fn fail_streams_with(&mut self, peer: &ParticipantId, error: &SessionError) {
        for key in self.streams.find_all(|stream| stream.peer == *peer) {
            self.fail_stream(key, error);
        }
    }

    /// Ends all streams, at the other side too.
    pub(super) fn abort_all_streams(&mut self, now: Timestamp, reason: &str) {
        for key in self.streams.find_all(|_| true) {
            self.tell_end(now, key, reason);
            self.fail_stream(key, &SessionError::new(ErrorCode::Aborted, reason));
        }
    }

    /// At the end of the session. A reader that has everything keeps it.
    pub(super) fn fail_all_streams(&mut self, error: &SessionError) {
        for key in self.streams.find_all(|_| true) {
            let reader = self.streams.reader(key).map(|reader| reader.state().clone());
            match (reader, &self.phase) {
                (Some(reader::State::Complete), Phase::Ended(_)) => {
                    self.report(Event::StreamClosed { stream: key, result: Ok(()) });
                }
                (Some(reader::State::Complete), _) => {}
                _ => self.fail_stream(key, error),
            }
        }
    }

    /// Ends one end of a stream with an error, and says so to whoever waits.
    fn fail_stream(&mut self, key: StreamKey, error: &SessionError) {
        match self.streams.ends.get(&key).map(|stream| &stream.end) {
            Some(End::Writer(writer)) => {
                let state = writer.state();
                self.streams.ends.remove(&key);
                self.report_writer_failed(key, state, error);
            }
            Some(End::Reader(_)) => self.fail_reader(key, error),
            None => {}
        }
    }

    fn report_writer_failed(
        &mut self,
        stream: StreamKey,
        state: writer::State,
        error: &SessionError,
    ) {
        let result = Err(error.clone());
        match state {
            writer::State::Offered { .. } => self.report(Event::StreamOpened { stream, result }),
            writer::State::Open => self.report(Event::StreamClosed { stream, result }),
            writer::State::Closing { request, .. } => {
                self.report(Event::Answered { request, result: result.clone() });
                self.report(Event::StreamClosed { stream, result });
            }
            writer::State::Withdrawn => {}
        }
    }

    /// The error stays to be read. What has come is dropped: it is not complete.
    fn fail_reader(&mut self, stream: StreamKey, error: &SessionError) {
        let Some(reader) = self.streams.reader(stream) else { return };
        match reader.state() {
            reader::State::Offered => {
                self.streams.ends.remove(&stream);
                self.report(Event::StreamWithdrawn { stream, error: error.clone() });
            }
            reader::State::Open => {
                if reader.fail(error.clone()) {
                    self.report(Event::StreamReadable(stream));
                }
                self.report(Event::StreamClosed { stream, result: Err(error.clone()) });
            }
            reader::State::Complete | reader::State::Failed(_) => {}
        }
    }

    /// Gives up an offer of ours, but remembers it in case it is accepted after all.
    fn withdraw(&mut self, now: Timestamp, stream: StreamKey, error: SessionError) {
        self.tell_end(now, stream, &error.message);
        if let Some(writer) = self.streams.writer(stream) {
            writer.withdraw();
            self.report(Event::StreamOpened { stream, result: Err(error) });
        }
    }

    fn wake_writer(&mut self, key: StreamKey) {
        if self.streams.writer(key).is_some_and(Writer::take_wakeup) {
            self.report(Event::StreamWritable(key));
        }
    }

    /// Tells the other side that a stream ends with an error, if it has one that goes on.
    fn tell_end(&mut self, now: Timestamp, key: StreamKey, reason: &str) {
        let Some(stream) = self.streams.ends.get(&key) else { return };
        let kind = match &stream.end {
            End::Writer(_) => StreamKind::Close,
            End::Reader(reader) => match reader.state() {
                reader::State::Offered => StreamKind::Reject,
                reader::State::Open => StreamKind::Close,
                reader::State::Complete | reader::State::Failed(_) => return,
            },
        };
        let (peer, stream_id) = (stream.peer.clone(), stream.id.clone());
        let end = Outbound { stream_id: &stream_id, error: Some(reason), ..Outbound::default() };
        self.tell(now, &peer, kind, &end);
    }

    /// Says something that nobody waits for.
    fn tell(
        &mut self,
        now: Timestamp,
        to: &ParticipantId,
        kind: StreamKind,
        message: &Outbound<'_>,
    ) {
        // If it does not even fit, the other side learns nothing, and nobody here waits for it.
        let _ = self.say(now, to, kind, message, Bytes::new(), Purpose::Nobody);
    }

    fn say(
        &mut self,
        now: Timestamp,
        to: &ParticipantId,
        kind: StreamKind,
        message: &Outbound<'_>,
        attachment: Bytes,
        purpose: Purpose,
    ) -> Result<(), SessionError> {
        let message = message.to_json();
        let outgoing = Outgoing { kind: kind.as_str().to_owned(), message, attachment };
        self.ask(now, Request::Send { to: to.clone(), outgoing }, purpose)
    }
}

/// So long after the last message nobody is taken to wait for the next one.
const ALONE: Duration = Duration::from_secs(1);
/// How many streams others may have open to us.
const MAX_READERS: usize = 1024;
