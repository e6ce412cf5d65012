//! `room messaging send`

use std::time::Duration;

use clap::Args;
use room_client::Client;
use room_proto::{ErrorCode, ParticipantId, SessionError};
use serde::Serialize;

use crate::{
    commands::messaging::{message::Message, recipient::Recipient},
    connection::Connection,
    failure::Failure,
    output::{print, print_json},
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Example:
  room messaging send --room my-room --to-participant-id ID --type chat.message --data '{\"text\":\"hi\"}'"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    recipient: Recipient,

    /// The kind of message, a word of the applications'
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,

    #[command(flatten)]
    message: Message,

    /// How long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Sends one message. An unknown participant is a failure.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, recipient, kind, message, timeout } = arguments;
    let outgoing = message.outgoing(&kind).map_err(Failure::Usage)?;
    let sending = async |client: &mut Client| {
        let to = recipient.find(client).await?;
        client.send(&to, outgoing).await.map_err(|error| naming(&to, error))?;
        Ok(to)
    };
    let to = connection.run(timeout, sending).await?;
    if connection.is_json() {
        print_json(&Sent { event: "sent", to: to.as_str(), kind: &kind })?;
    } else {
        print("Message sent successfully.")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Sent<'a> {
    event: &'static str,
    to: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

/// The server does not say which participant it did not find.
fn naming(to: &ParticipantId, error: SessionError) -> SessionError {
    if error.code == ErrorCode::ParticipantNotFound {
        let text = format!("no participant {to:?} in the room can receive messages");
        return SessionError::new(error.code, text);
    }
    error
}
