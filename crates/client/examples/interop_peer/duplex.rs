//! The duplex stream, whoever opened it.

use room_client::Client;
use room_proto::{
    CallKey, ErrorCode, Outgoing, ParticipantId, SessionError,
    session::{CallRead, StreamMessage},
};
use serde::Serialize;

use crate::{
    describe::Described,
    policy::Policy,
    waiting::{Cause, Reply},
};

/// The last stream that was opened, and what has been read of it.
#[derive(Debug, Default)]
pub(crate) struct Duplex {
    policy: Policy,
    open: Option<(CallKey, ParticipantId)>,
    inbox: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry {
    Message(Described),
    /// `over`, or the code of the error.
    End {
        end: &'static str,
    },
}

impl Duplex {
    /// Accepts the streams that come, or refuses them for the reason.
    pub(crate) fn answer(&mut self, reason: Option<String>) -> Reply {
        self.policy = reason.map_or(Policy::Accept, Policy::Refuse);
        Reply::done()
    }

    /// Opens a stream. From here on it is about this one.
    pub(crate) fn open(
        &mut self,
        client: &mut Client,
        to: ParticipantId,
        first: &Outgoing,
    ) -> Result<Reply, SessionError> {
        let call = client.command(|session, now| session.open_call(now, &to, first))?;
        self.open = Some((call, to));
        Ok(Reply::When(Cause::Called(call)))
    }

    pub(crate) fn on_call(
        &mut self,
        client: &mut Client,
        call: CallKey,
        from: ParticipantId,
        message: StreamMessage,
    ) {
        // A call that was withdrawn meanwhile needs no answer.
        let answered = client.command(|session, _| match &self.policy {
            Policy::Accept => session.accept_call(call).map(|()| true),
            Policy::Refuse(reason) => session.reject_call(call, reason).map(|()| false),
        });
        if let Ok(true) = answered {
            self.inbox.push(Entry::Message(Described::of_stream(&from, message)));
            self.open = Some((call, from));
            self.on_readable(client, call);
        }
    }

    /// Reads all there is.
    pub(crate) fn on_readable(&mut self, client: &mut Client, call: CallKey) {
        let Some((open, peer)) = &self.open else { return };
        if *open != call {
            return;
        }
        let end = loop {
            match client.command(|session, _| session.read_call(call)) {
                CallRead::Message(message) => {
                    self.inbox.push(Entry::Message(Described::of_stream(peer, message)));
                }
                CallRead::Pending => return,
                CallRead::End => break "over",
                CallRead::Failed(error) => break error.code.as_str(),
            }
        };
        self.finish(end);
    }

    /// Sends a message. The end that accepted gets no answer of the server.
    pub(crate) fn send(
        &self,
        client: &mut Client,
        outgoing: &Outgoing,
    ) -> Result<Reply, SessionError> {
        let call = self.call()?;
        let request = client.command(|session, now| session.send_call(now, call, outgoing))?;
        Ok(request.map_or_else(Reply::done, |request| Reply::When(Cause::Request(request))))
    }

    pub(crate) fn close(&mut self, client: &mut Client) -> Reply {
        if let Ok(call) = self.call() {
            client.command(|session, now| session.close_call(now, call));
            self.finish("over");
        }
        Reply::done()
    }

    /// What came since the last time.
    pub(crate) fn take(&mut self) -> Reply {
        Reply::now(&std::mem::take(&mut self.inbox))
    }

    fn finish(&mut self, end: &'static str) {
        self.inbox.push(Entry::End { end });
        self.open = None;
    }

    fn call(&self) -> Result<CallKey, SessionError> {
        let closed = || SessionError::new(ErrorCode::StreamClosed, "no stream is open");
        self.open.as_ref().map(|(call, _)| *call).ok_or_else(closed)
    }
}
