//! `room messaging broadcast`

use std::time::Duration;

use clap::Args;
use room_client::Client;

use crate::{
    commands::messaging::{connection::Connection, message::Message, print, seconds::seconds},
    failure::Failure,
};

#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    connection: Connection,

    /// The kind of message, a word of the applications'
    #[arg(long = "type", value_name = "TYPE", default_value = "chat.broadcast")]
    kind: String,

    #[command(flatten)]
    message: Message,

    /// How long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
}

/// Sends one message to all. That nobody is there is no failure.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, kind, message, timeout } = arguments;
    let outgoing = message.outgoing(&kind).map_err(Failure::Usage)?;
    let sending = async |client: &mut Client| Ok(client.broadcast(outgoing).await?);
    connection.run(timeout, sending).await?;
    print("Broadcast message sent successfully.")?;
    Ok(())
}
