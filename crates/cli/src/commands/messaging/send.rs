//! `room messaging send`

use std::time::Duration;

use clap::Args;
use room_client::Client;
use room_proto::{ErrorCode, ParticipantId, SessionError};

use crate::{
    commands::messaging::{connection::Connection, message::Message, print, seconds::seconds},
    failure::Failure,
};

#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    connection: Connection,

    /// For whom it is; room messaging list prints the ids
    #[arg(long, value_name = "ID")]
    to_participant_id: String,

    /// The kind of message, a word of the applications'
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,

    #[command(flatten)]
    message: Message,

    /// How long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
}

/// Sends one message. An unknown participant is a failure.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, to_participant_id, kind, message, timeout } = arguments;
    let to = ParticipantId::new(&to_participant_id);
    let outgoing = message.outgoing(&kind).map_err(Failure::Usage)?;
    let sending = async |client: &mut Client| {
        client.send(&to, outgoing).await.map_err(|error| naming(&to, error).into())
    };
    connection.run(timeout, sending).await?;
    print("Message sent successfully.")?;
    Ok(())
}

/// The server does not say which participant it did not find.
fn naming(to: &ParticipantId, error: SessionError) -> SessionError {
    if error.code == ErrorCode::ParticipantNotFound {
        let text = format!("no participant {to:?} in the room can receive messages");
        return SessionError::new(error.code, text);
    }
    error
}
