//! The command-line tool: `room serve`, `room token`, `room messaging`.
//!
//! Results go to standard output, everything else to standard error. `docs/cli.md` lists the exit
//! codes.

mod commands;
mod connection;
mod deadline;
mod demo;
mod environment;
mod failure;
mod interrupt;
mod json_layout;
mod notice;
mod output;
mod seconds;
mod secrets;
mod span;

use std::{io, process::ExitCode};

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{
    commands::{
        bench, completions, doctor, man, messaging,
        serve::{self, LogFormat},
        token,
    },
    failure::Failure,
};

/// Messages are many small pieces of memory that one thread takes and another gives back.
#[cfg(all(feature = "jemalloc", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Rooms in which browsers, servers and agents exchange messages
#[derive(Debug, Parser)]
#[command(
    name = "room",
    version,
    propagate_version = true,
    after_help = "\
Example:
  room serve --dev
  room messaging list --url ws://127.0.0.1:8787/rooms/lobby --token-file ada.token"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the room server
    Serve(serve::Arguments),
    /// Make a token with which somebody may join a room, or look at one
    Token(token::Arguments),
    /// See who is in a room, and exchange messages with them
    Messaging(messaging::Arguments),
    /// Find out what a server can do, and whether a token lets us do it
    Doctor(doctor::Arguments),
    /// Measure round trips, messages and streams between two clients in a room
    Bench(bench::Arguments),
    /// Print what a shell needs to complete our options
    Completions(completions::Arguments),
    /// Print the manual page, or write all of them
    Man(man::Arguments),
}

impl Command {
    /// Whether what goes wrong is to be JSON.
    fn is_json(&self) -> bool {
        match self {
            Self::Serve(_) | Self::Completions(_) | Self::Man(_) => false,
            Self::Token(arguments) => arguments.is_json(),
            Self::Messaging(arguments) => arguments.is_json(),
            Self::Doctor(arguments) => arguments.connection.is_json(),
            Self::Bench(arguments) => arguments.connection.is_json(),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = match arguments() {
        Ok(arguments) => arguments.command,
        Err(failure) => return failed(&failure, false),
    };
    let is_json = command.is_json();
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure, is_json),
    }
}

fn failed(failure: &Failure, is_json: bool) -> ExitCode {
    failure.report(is_json);
    failure.exit_code()
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => {
            start_logging(&arguments.log, arguments.log_format).map_err(Failure::Usage)?;
            serve::run(arguments).await
        }
        Command::Token(arguments) => token::run(&arguments),
        Command::Messaging(arguments) => messaging::run(arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Completions(arguments) => completions::run(&arguments, described()),
        Command::Man(arguments) => man::run(&arguments, described()),
    }
}

/// The command line, and beneath that of a server its configuration file.
fn arguments() -> Result<Arguments, Failure> {
    let command = described();
    let given = command.clone().get_matches();
    let mut arguments = Arguments::from_arg_matches(&given).map_err(Failure::usage)?;
    if let Command::Serve(arguments) = &mut arguments.command {
        *arguments = serve::read(command, &given)?;
    }
    Ok(arguments)
}

fn described() -> clap::Command {
    Arguments::command().mut_subcommand(serve::NAME, serve::with_switches)
}

/// Whatever the filter, what participants say to each other is not for the log.
fn start_logging(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let mut filter = EnvFilter::try_new(filter).context("in --log")?;
    for crate_with_bodies in ["tungstenite=info", "tokio_tungstenite=info", "async_nats=warn"] {
        filter = filter.add_directive(crate_with_bodies.parse()?);
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}
