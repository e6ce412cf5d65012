//! `room messaging broadcast`

use std::time::Duration;

use clap::Args;
use room_client::Client;
use serde::Serialize;

use crate::{
    commands::messaging::message::Message,
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
  room messaging broadcast --room my-room --data '{\"text\":\"hi, all\"}'"
)]
pub(super) struct Arguments {
    /// The kind of message, a word of the applications'
    #[arg(long = "type", value_name = "TYPE", default_value = "chat.broadcast")]
    kind: String,

    #[command(flatten)]
    message: Message,

    /// How long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Sends one message to all. That nobody is there is no failure.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, kind, message, timeout } = arguments;
    let outgoing = message.outgoing(&kind).map_err(Failure::Usage)?;
    let sending = async |client: &mut Client| Ok(client.broadcast(outgoing).await?);
    connection.run(timeout, sending).await?;
    if connection.is_json() {
        print_json(&Broadcast { event: "broadcast", kind: &kind })?;
    } else {
        print("Broadcast message sent successfully.")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Broadcast<'a> {
    event: &'static str,
    #[serde(rename = "type")]
    kind: &'a str,
}
