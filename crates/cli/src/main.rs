//! The command-line tool: `room serve`, `room token`, `room messaging`.
//!
//! Results go to standard output, everything else to standard error. The exit code is 0, 1 for a
//! failure, 2 for wrong arguments.

mod commands;
mod failure;
mod interrupt;
mod json_layout;
mod secrets;

use std::{io, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{
    commands::{messaging, serve, token},
    failure::Failure,
};

/// Rooms in which browsers, servers and agents exchange messages
#[derive(Debug, Parser)]
#[command(name = "room", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the room server
    Serve(serve::Arguments),
    /// Make a token with which somebody may join a room, and print it
    Token(token::Arguments),
    /// See who is in a room, and exchange messages with them
    Messaging(messaging::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => {
            if let Err(error) = start_logging(&arguments.log) {
                return failure(&Failure::Usage(error));
            }
            serve::run(arguments).await
        }
        Command::Token(arguments) => token::run(&arguments),
        Command::Messaging(arguments) => messaging::run(arguments).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&error),
    }
}

fn failure(failure: &Failure) -> ExitCode {
    let (error, code) = match failure {
        Failure::Usage(error) => (error, 2),
        Failure::Failed(error) => (error, 1),
    };
    eprintln!("room: {error:#}");
    ExitCode::from(code)
}

/// Whatever the filter, what participants say to each other is not for the log.
fn start_logging(filter: &str) -> anyhow::Result<()> {
    let mut filter = EnvFilter::try_new(filter).context("in --log")?;
    for crate_with_bodies in ["tungstenite=info", "tokio_tungstenite=info", "async_nats=warn"] {
        filter = filter.add_directive(crate_with_bodies.parse()?);
    }
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    Ok(())
}
