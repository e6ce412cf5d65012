//! What each command does.

use bytes::Bytes;
use room_client::Client;
use room_proto::{
    ErrorCode, JsonText, Outgoing, RequestId, Session, SessionError, Timestamp, members,
};

use crate::{
    command::{Burst, Command, Message},
    describe::Listed,
    peer::Peer,
    waiting::{Cause, Reply},
};

impl Peer {
    /// Does what can be done at once, and says what the answer waits for.
    ///
    /// # Errors
    ///
    /// `not-connected` outside of a room, and the command's.
    pub(crate) fn perform(&mut self, command: Command) -> Result<Reply, SessionError> {
        let Self { client: Some(client), inbox, reading, writing, duplex, .. } = self else {
            return Err(SessionError::new(ErrorCode::NotConnected, "not in a room"));
        };
        match command {
            Command::Join { .. } => {
                Err(SessionError::new(ErrorCode::InvalidArgument, "in a room already"))
            }
            Command::Enable { streams } => {
                reading.allow(streams);
                ask(client, Session::enable)
            }
            Command::Disable {} => {
                reading.allow(None);
                ask(client, Session::disable)
            }
            Command::Participants {} => Ok(participants(client.session())),
            Command::Send(message) => send(client, message),
            Command::Broadcast(message) => {
                ask(client, |session, now| session.broadcast(now, message.outgoing()))
            }
            Command::Burst(burst) => send_burst(client, &burst),
            Command::SetAttribute { name, value } => set_attribute(client, &name, &value),
            Command::Received {} => Ok(Reply::now(&std::mem::take(inbox))),
            Command::OpenStream { to, header } => writing.open(client, &to.id(), header),
            Command::WriteChunks { chunks } => writing.write(client, chunks),
            Command::CloseStream {} => writing.close(client),
            Command::AbortStream { reason } => writing.abort(client, &reason),
            Command::WriterEnd {} => writing.end(),
            Command::Streams {} => Ok(reading.seen()),
            Command::AnswerDuplex { reason } => Ok(duplex.answer(reason)),
            Command::OpenDuplex(message) => {
                let to = message.to.id();
                duplex.open(client, to, &message.outgoing())
            }
            Command::SendDuplex(message) => duplex.send(client, &message.outgoing()),
            Command::ReceivedDuplex {} => Ok(duplex.take()),
            Command::CloseDuplex {} => Ok(duplex.close(client)),
            Command::Leave {} => Ok(leave(client)),
        }
    }
}

fn ask(
    client: &mut Client,
    command: impl FnOnce(&mut Session, Timestamp) -> Result<RequestId, SessionError>,
) -> Result<Reply, SessionError> {
    let request = client.command(command)?;
    Ok(Reply::When(Cause::Request(request)))
}

fn participants(session: &Session) -> Reply {
    let listed: Vec<_> = session.participants().map(Listed::from).collect();
    Reply::now(&listed)
}

fn send(client: &mut Client, message: Message) -> Result<Reply, SessionError> {
    let to = message.to.id();
    ask(client, |session, now| session.send(now, &to, message.outgoing()))
}

fn send_burst(client: &mut Client, burst: &Burst) -> Result<Reply, SessionError> {
    let to = burst.to.id();
    let causes = (0..burst.count).map(|index| {
        let message =
            members::with(&JsonText::empty_object(), "index", &JsonText::from_value(&index));
        let outgoing = Outgoing { kind: burst.kind.clone(), message, attachment: Bytes::new() };
        client.command(|session, now| session.send(now, &to, outgoing)).map(Cause::Request)
    });
    Ok(Reply::WhenAll(causes.collect::<Result<_, _>>()?))
}

fn set_attribute(client: &mut Client, name: &str, value: &JsonText) -> Result<Reply, SessionError> {
    let changed = members::with(&JsonText::empty_object(), name, value);
    client.command(|session, _| session.set_attributes(changed))?;
    Ok(Reply::done())
}

fn leave(client: &mut Client) -> Reply {
    client.command(|session, _| session.close());
    Reply::When(Cause::Left)
}
