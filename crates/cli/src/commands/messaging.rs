//! `room messaging`

mod broadcast;
mod chat;
mod lines;
mod list;
mod listen;
mod message;
mod recipient;
mod refusal;
mod roster;
mod send;
mod stream;

use clap::{Args, Subcommand};

use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  room messaging list --room my-room
  room messaging listen --room my-room")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print who is in the room, as a JSON array
    List(list::Arguments),
    /// Send a message to one participant
    Send(send::Arguments),
    /// Send a message to everyone else
    Broadcast(broadcast::Arguments),
    /// Print the messages that come, and what else happens, one line each
    Listen(listen::Arguments),
    /// Talk with whoever is in the room
    Chat(chat::Arguments),
    /// Send or receive as many bytes as you like, at the pace of the other side
    Stream(stream::Arguments),
}

impl Arguments {
    /// Whether results are to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        match &self.command {
            Command::List(arguments) => arguments.connection.is_json(),
            Command::Send(arguments) => arguments.connection.is_json(),
            Command::Broadcast(arguments) => arguments.connection.is_json(),
            Command::Listen(arguments) => arguments.connection.is_json(),
            Command::Chat(arguments) => arguments.connection.is_json(),
            Command::Stream(arguments) => arguments.connection().is_json(),
        }
    }
}

/// Connects to a room, does one thing there, and leaves.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::List(arguments) => list::run(arguments).await,
        Command::Send(arguments) => send::run(arguments).await,
        Command::Broadcast(arguments) => broadcast::run(arguments).await,
        Command::Listen(arguments) => listen::run(arguments).await,
        Command::Chat(arguments) => chat::run(arguments).await,
        Command::Stream(arguments) => stream::run(arguments).await,
    }
}
