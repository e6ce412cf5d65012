//! The client, what the tests want to know of it, and the events that change that.

use std::{future, io};

use room_client::{Client, RoomUrl, Token};
use room_proto::{Config, ErrorCode, Event, JsonText, ParticipantId, SessionError};

use crate::{
    command::{Command, Line},
    describe::Described,
    duplex::Duplex,
    reading::Reading,
    waiting::{Cause, Reply, Waiting, done},
    writing::Writing,
};

/// A client before, in and after a room.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    pub(crate) client: Option<Client>,
    pub(crate) inbox: Vec<Described>,
    pub(crate) reading: Reading,
    pub(crate) writing: Writing,
    pub(crate) duplex: Duplex,
    waiting: Waiting,
}

impl Peer {
    /// Does what a line wants, and answers it now or later.
    ///
    /// # Errors
    ///
    /// If the line has no id to be answered under.
    pub(crate) async fn on_line(&mut self, line: &str) -> io::Result<()> {
        let Line { id } = serde_json::from_str(line)?;
        let reply = match serde_json::from_str(line) {
            Ok(Command::Join { url, token }) => self.join(&url, &token).await,
            Ok(command) => self.perform(command),
            Err(error) => Err(invalid(error)),
        };
        self.waiting.reply(id, reply);
        Ok(())
    }

    /// What happens next in the room.
    ///
    /// # Errors
    ///
    /// Why we are no longer there.
    pub(crate) async fn next_event(&mut self) -> Result<Event, SessionError> {
        match &mut self.client {
            Some(client) => client.next_event().await,
            None => future::pending().await,
        }
    }

    pub(crate) fn on_event(&mut self, event: Event) {
        let Self { client: Some(client), waiting, .. } = self else { return };
        match event {
            Event::Answered { request, result } => {
                waiting.settle(Cause::Request(request), &result.map(|()| done()));
            }
            Event::Message(delivered) => self.inbox.push(delivered.into()),
            Event::StreamRequested { stream, header, .. } => {
                self.reading.on_offer(client, stream, header);
            }
            Event::StreamOpened { stream, result } => {
                waiting.settle(Cause::Opened(stream), &result.map(|()| done()));
            }
            Event::StreamReadable(stream) => self.reading.on_readable(client, stream),
            Event::StreamWritable(stream) => self.writing.on_writable(client, waiting, stream),
            Event::StreamClosed { stream, result } => {
                self.writing.on_closed(waiting, stream, result);
            }
            Event::CallRequested { call, from, message, .. } => {
                self.duplex.on_call(client, call, from, message);
            }
            Event::CallOpened { call, result } => {
                let answer = result.map(|stream_id| JsonText::from_value(&stream_id));
                waiting.settle(Cause::Called(call), &answer);
            }
            Event::CallReadable(call) => self.duplex.on_readable(client, call),
            Event::Ready
            | Event::Ended(_)
            | Event::Lost(_)
            | Event::Resumed
            | Event::Discontinuity(_)
            | Event::MessagingEnabled
            | Event::ParticipantAdded(_)
            | Event::ParticipantRemoved(_)
            | Event::ParticipantUpdated { .. }
            | Event::StreamWithdrawn { .. }
            | Event::CallWithdrawn { .. }
            | Event::CallClosed { .. } => {}
        }
    }

    /// Everything was told before this.
    pub(crate) async fn on_end(&mut self, error: &SessionError) {
        if let Some(client) = self.client.take() {
            client.close().await;
        }
        self.waiting.settle(Cause::Left, &Ok(done()));
        self.waiting.fail_all(error);
    }

    async fn join(&mut self, url: &str, token: &str) -> Result<Reply, SessionError> {
        let url = RoomUrl::parse(url, None).map_err(invalid)?;
        let token = Token::new(token).map_err(invalid)?;
        let client = Client::connect(&url, &token, Config::default()).await?;
        let id = client.session().participant_id().map(ParticipantId::as_str);
        let reply = Reply::Now(JsonText::from_value(&id));
        self.client = Some(client);
        Ok(reply)
    }
}

fn invalid(error: impl ToString) -> SessionError {
    SessionError::new(ErrorCode::InvalidArgument, error.to_string())
}
