//! The one-way stream that we write.

use std::collections::VecDeque;

use room_client::Client;
use room_proto::{ErrorCode, JsonText, ParticipantId, SessionError, StreamKey};

use crate::{
    command::Chunk,
    describe::pattern,
    waiting::{Cause, Reply, Waiting, done},
};

/// The last stream that was opened, and what is still to be written.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    stream: Option<StreamKey>,
    chunks: VecDeque<Chunk>,
    /// `clean`, or the code of the error.
    end: Option<&'static str>,
}

impl Writing {
    /// Offers a stream. From here on it is about this one.
    pub(crate) fn open(
        &mut self,
        client: &mut Client,
        to: &ParticipantId,
        header: JsonText,
    ) -> Result<Reply, SessionError> {
        let stream = client.open_stream(to, header)?;
        *self = Self { stream: Some(stream), chunks: VecDeque::new(), end: None };
        Ok(Reply::When(Cause::Opened(stream)))
    }

    /// Writes chunks, those that there is no room for later.
    pub(crate) fn write(
        &mut self,
        client: &mut Client,
        chunks: Vec<Chunk>,
    ) -> Result<Reply, SessionError> {
        let stream = self.stream()?;
        self.chunks.extend(chunks);
        let is_written = self.fill(client, stream)?;
        Ok(if is_written { Reply::done() } else { Reply::When(Cause::Written(stream)) })
    }

    pub(crate) fn close(&self, client: &mut Client) -> Result<Reply, SessionError> {
        let stream = self.stream()?;
        let request = client.command(|session, now| session.close_stream(now, stream))?;
        Ok(Reply::When(Cause::Request(request)))
    }

    pub(crate) fn abort(&self, client: &mut Client, reason: &str) -> Result<Reply, SessionError> {
        let stream = self.stream()?;
        client.command(|session, now| session.abort_stream(now, stream, reason));
        Ok(Reply::done())
    }

    /// Tells how the stream ends: `clean`, or the code of the error.
    pub(crate) fn end(&self) -> Result<Reply, SessionError> {
        let stream = self.stream()?;
        Ok(self.end.map_or(Reply::When(Cause::Ended(stream)), |end| Reply::now(&end)))
    }

    /// There is room again.
    pub(crate) fn on_writable(
        &mut self,
        client: &mut Client,
        waiting: &mut Waiting,
        stream: StreamKey,
    ) {
        if self.stream != Some(stream) {
            return;
        }
        match self.fill(client, stream) {
            Ok(false) => {}
            Ok(true) => waiting.settle(Cause::Written(stream), &Ok(done())),
            Err(error) => waiting.settle(Cause::Written(stream), &Err(error)),
        }
    }

    pub(crate) fn on_closed(
        &mut self,
        waiting: &mut Waiting,
        stream: StreamKey,
        result: Result<(), SessionError>,
    ) {
        if self.stream != Some(stream) {
            return;
        }
        let end = result.as_ref().map_or_else(|error| error.code.as_str(), |()| "clean");
        self.end = Some(end);
        waiting.settle(Cause::Written(stream), &result.map(|()| done()));
        waiting.settle(Cause::Ended(stream), &Ok(JsonText::from_value(&end)));
    }

    /// Writes what there is room for, and says whether that is all.
    fn fill(&mut self, client: &mut Client, stream: StreamKey) -> Result<bool, SessionError> {
        while !self.chunks.is_empty() {
            if client.command(|session, _| session.writable_bytes(stream))? == 0 {
                return Ok(false);
            }
            let Some(Chunk { header, size }) = self.chunks.pop_front() else { break };
            let data = pattern(size);
            client
                .command(|session, now| session.write_stream(now, stream, &header, data.into()))?;
        }
        Ok(true)
    }

    fn stream(&self) -> Result<StreamKey, SessionError> {
        let none = || SessionError::new(ErrorCode::StreamClosed, "no stream was opened");
        self.stream.ok_or_else(none)
    }
}
