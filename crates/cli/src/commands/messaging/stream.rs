//! `room messaging stream`

mod progress;
mod receive;
mod send;
mod sink;
mod source;

use clap::{Args, Subcommand};

use crate::{connection::Connection, failure::Failure};

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  room messaging stream receive --room my-room --out photo.jpg
  room messaging stream send photo.jpg --room my-room --to Bob")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a file, or standard input, to one participant
    Send(send::Arguments),
    /// Wait for a stream, and write it to a file or to standard output
    Receive(receive::Arguments),
}

impl Arguments {
    pub(super) fn connection(&self) -> &Connection {
        match &self.command {
            Command::Send(arguments) => &arguments.connection,
            Command::Receive(arguments) => &arguments.connection,
        }
    }
}

/// Sends a stream or receives one. A short loss of the connection is a pause.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Send(arguments) => send::run(arguments).await,
        Command::Receive(arguments) => receive::run(arguments).await,
    }
}

/// What the other side is told when we end before the stream does.
const ENDED: &str = "the command ended before the stream did";
