//! What the application does with streams.

use bytes::Bytes;

use crate::{
    ErrorCode, JsonText, ParticipantId, RequestId, SessionError, StreamKey,
    session::{
        Event, Phase, Read, Session, StreamForm, Timestamp,
        requests::{Purpose, Step},
        streams::{
            End, StreamKind,
            message::{Addition, Outbound},
            reader,
            writer::{self, Writer},
        },
    },
};

impl Session {
    /// Offers a stream to a participant. Answered by [`Event::StreamOpened`].
    ///
    /// `stream_id` names it on the wire; the caller chooses a fresh one.
    ///
    /// # Errors
    ///
    /// `not-connected` before the room is ready, the ending's after the end; `not-enabled`;
    /// `participant-not-found`; `stream-unsupported` if the participant says so; `too-large`.
    pub fn open_stream(
        &mut self,
        now: Timestamp,
        to: &ParticipantId,
        stream_id: &str,
        header: JsonText,
    ) -> Result<StreamKey, SessionError> {
        self.check_ready()?;
        if !self.is_enabled() {
            return Err(SessionError::new(ErrorCode::NotEnabled, "messaging is not enabled"));
        }
        if self.participant(to.as_str()).is_none() {
            let text = format!("there is no participant {to}");
            return Err(SessionError::new(ErrorCode::ParticipantNotFound, text));
        }
        self.check_takes(to, StreamForm::V1)?;

        let deadline = now + self.config.stream_open_timeout;
        let writer = Writer::offered(deadline, self.config.stream_window_bytes);
        let key = self.streams.add(stream_id, to, End::Writer(writer));
        let open = Outbound {
            stream_id,
            header: Some(&header),
            room_messaging: Some(Addition::Understood),
            ..Outbound::default()
        };
        let purpose = Purpose::Stream(key, Step::Control);
        let said = self.say(now, to, StreamKind::Open, &open, Bytes::new(), purpose);
        if let Err(error) = said {
            self.streams.ends.remove(&key);
            return Err(error);
        }
        Ok(key)
    }

    /// Takes an offered stream. From now on it can be read.
    ///
    /// # Errors
    ///
    /// `stream-closed` if it is not an offer, or was withdrawn; the ending's after the end.
    pub fn accept_stream(&mut self, now: Timestamp, stream: StreamKey) -> Result<(), SessionError> {
        let (peer, stream_id) = self.offer(stream)?;
        let spare = self.streams.spare();
        let reader = self.streams.reader(stream).ok_or_else(ended)?;
        let credit = reader.open(spare).map(Addition::window);
        let accept =
            Outbound { stream_id: &stream_id, room_messaging: credit, ..Outbound::default() };
        let purpose = Purpose::Stream(stream, Step::Control);
        self.say(now, &peer, StreamKind::Accept, &accept, Bytes::new(), purpose)?;
        if let Some(reader) = self.streams.reader(stream) {
            reader.accept();
        }
        Ok(())
    }

    /// Refuses an offered stream. There are no further events about it.
    ///
    /// # Errors
    ///
    /// `stream-closed` if it is not an offer, or was withdrawn; the ending's after the end.
    pub fn reject_stream(
        &mut self,
        now: Timestamp,
        stream: StreamKey,
        reason: &str,
    ) -> Result<(), SessionError> {
        let (peer, stream_id) = self.offer(stream)?;
        let reject = Outbound { stream_id: &stream_id, error: Some(reason), ..Outbound::default() };
        let purpose = Purpose::Nobody;
        self.say(now, &peer, StreamKind::Reject, &reject, Bytes::new(), purpose)?;
        self.streams.ends.remove(&stream);
        Ok(())
    }

    /// Writes a chunk. It is always taken; whoever wants to spare memory looks at
    /// [`Session::writable_bytes`] before.
    ///
    /// # Errors
    ///
    /// `stream-closed` if the stream is not open for writing; `too-large`; the ending's after the
    /// end. A chunk that the server refuses later ends the stream.
    pub fn write_stream(
        &mut self,
        now: Timestamp,
        stream: StreamKey,
        header: &JsonText,
        data: Bytes,
    ) -> Result<(), SessionError> {
        let (peer, stream_id) = self.open_writer(stream)?;
        let cost = reader::cost(header, &data);
        let was_starved = self.streams.writer(stream).is_some_and(|writer| writer.was_starved());
        let room_messaging = was_starved.then_some(Addition::Starved);
        let chunk = Outbound {
            stream_id: &stream_id,
            header: Some(header),
            room_messaging,
            ..Outbound::default()
        };
        let purpose = Purpose::Stream(stream, Step::Chunk(cost));
        self.say(now, &peer, StreamKind::Chunk, &chunk, data, purpose)?;
        if let Some(writer) = self.streams.writer(stream) {
            writer.on_written(now, cost);
        }
        Ok(())
    }

    /// How many bytes the other side (or the server) has room for. If it is 0,
    /// [`Event::StreamWritable`] will come.
    ///
    /// # Errors
    ///
    /// `stream-closed` if the stream is not open for writing; the ending's after the end.
    pub fn writable_bytes(&mut self, stream: StreamKey) -> Result<usize, SessionError> {
        self.check_ready()?;
        let writer = self.streams.writer(stream).ok_or_else(ended)?;
        match writer.state() {
            writer::State::Offered { .. } | writer::State::Open => Ok(writer.writable_bytes()),
            writer::State::Closing { .. } | writer::State::Withdrawn => Err(ended()),
        }
    }

    /// Whether a stream that we offered was accepted and has not ended.
    #[must_use]
    pub fn is_stream_open(&self, stream: StreamKey) -> bool {
        self.open_writer(stream).is_ok()
    }

    /// Ends a stream cleanly. Answered when the server has taken every chunk and the end.
    ///
    /// # Errors
    ///
    /// `stream-closed` if the stream is not open for writing; the ending's after the end.
    pub fn close_stream(
        &mut self,
        now: Timestamp,
        stream: StreamKey,
    ) -> Result<RequestId, SessionError> {
        let (peer, stream_id) = self.open_writer(stream)?;
        let close = Outbound { stream_id: &stream_id, ..Outbound::default() };
        let purpose = Purpose::Stream(stream, Step::Close);
        self.say(now, &peer, StreamKind::Close, &close, Bytes::new(), purpose)?;
        let request = self.requests.name();
        if let Some(writer) = self.streams.writer(stream) {
            writer.close(request);
        }
        Ok(request)
    }

    /// Ends a stream as not complete, from either end; the other side gets an error. An offer of
    /// ours is withdrawn, one of the other side refused. Does nothing if the stream is over.
    pub fn abort_stream(&mut self, now: Timestamp, stream: StreamKey, reason: &str) {
        let reason = if reason.is_empty() { "the stream was aborted" } else { reason };
        let error = SessionError::new(ErrorCode::Aborted, reason);
        let Some(end) = self.streams.ends.get(&stream).map(|stream| &stream.end) else { return };
        if let Phase::Ended(_) = self.phase {
            self.streams.ends.remove(&stream);
            return;
        }
        match end {
            End::Writer(writer) => match writer.state() {
                writer::State::Offered { .. } => self.withdraw(now, stream, error),
                writer::State::Open | writer::State::Closing { .. } => {
                    self.tell_end(now, stream, reason);
                    self.fail_stream(stream, &error);
                }
                writer::State::Withdrawn => {}
            },
            End::Reader(reader) => {
                let is_reported = match reader.state() {
                    reader::State::Offered | reader::State::Failed(_) => true,
                    reader::State::Open | reader::State::Complete => false,
                };
                self.tell_end(now, stream, reason);
                self.streams.ends.remove(&stream);
                if !is_reported {
                    self.report(Event::StreamClosed { stream, result: Err(error) });
                }
            }
        }
    }

    /// Reads the next chunk of a stream. What is read makes room for the writer.
    pub fn read_stream(&mut self, now: Timestamp, stream: StreamKey) -> Read {
        let spare = self.streams.spare();
        let is_alone = self.streams.are_alone(now);
        let Some(reader) = self.streams.reader(stream) else { return self.nothing_to_read() };
        let read = reader.read();
        let grant = reader.take_grant(spare, is_alone);
        match &read {
            Read::End => {
                self.streams.ends.remove(&stream);
                if !self.phase.is_ended() {
                    self.report(Event::StreamClosed { stream, result: Ok(()) });
                }
            }
            Read::Failed(_) => {
                self.streams.ends.remove(&stream);
            }
            Read::Chunk { .. } | Read::Pending => {}
        }
        if let Some(bytes) = grant {
            self.grant(now, stream, bytes);
        }
        read
    }

    fn nothing_to_read(&self) -> Read {
        match &self.phase {
            Phase::Ended(error) => Read::Failed(error.clone()),
            Phase::Handshake(_) | Phase::Ready | Phase::Lost(_) => Read::Failed(ended()),
        }
    }

    /// Grants credit. If that fails the writer would wait for ever, so it ends the stream.
    fn grant(&mut self, now: Timestamp, key: StreamKey, bytes: usize) {
        let Some(stream) = self.streams.ends.get(&key) else { return };
        let (peer, stream_id) = (stream.peer.clone(), stream.id.clone());
        let credit = Outbound { stream_id: &stream_id, bytes: Some(bytes), ..Outbound::default() };
        let purpose = Purpose::Stream(key, Step::Control);
        let said = self.say(now, &peer, StreamKind::Credit, &credit, Bytes::new(), purpose);
        if let Err(error) = said {
            self.fail_stream(key, &error);
        }
    }

    /// Whose offer this is, and its id on the wire.
    fn offer(&self, key: StreamKey) -> Result<(ParticipantId, String), SessionError> {
        self.check_ready()?;
        let stream = self.streams.ends.get(&key).ok_or_else(ended)?;
        match &stream.end {
            End::Reader(reader) if matches!(reader.state(), reader::State::Offered) => {
                Ok((stream.peer.clone(), stream.id.clone()))
            }
            End::Reader(_) | End::Writer(_) => Err(ended()),
        }
    }

    /// To whom this stream is written, and its id on the wire.
    fn open_writer(&self, key: StreamKey) -> Result<(ParticipantId, String), SessionError> {
        self.check_ready()?;
        let stream = self.streams.ends.get(&key).ok_or_else(ended)?;
        match &stream.end {
            End::Writer(writer) if writer.is_open() => Ok((stream.peer.clone(), stream.id.clone())),
            End::Reader(_) | End::Writer(_) => Err(ended()),
        }
    }
}

fn ended() -> SessionError {
    SessionError::new(ErrorCode::StreamClosed, "the stream is not open")
}
