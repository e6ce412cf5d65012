//! `room messaging`

mod broadcast;
mod connection;
mod list;
mod listen;
mod message;
mod seconds;
mod send;

use std::io::Write as _;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::failure::Failure;

#[derive(Args, Debug)]
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
    /// Print the messages that come, one line of JSON each
    Listen(listen::Arguments),
}

/// Connects to a room, does one thing there, and leaves.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::List(arguments) => list::run(arguments).await,
        Command::Send(arguments) => send::run(arguments).await,
        Command::Broadcast(arguments) => broadcast::run(arguments).await,
        Command::Listen(arguments) => listen::run(arguments).await,
    }
}

/// Prints a line of the result at once.
fn print(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
