//! `room doctor`

mod examination;
mod finding;
mod server;
mod token;

use std::time::Duration;

use clap::Args;

use self::{
    examination::examine,
    finding::{Findings, Verdict},
};
use crate::{connection::Connection, deadline::Deadline, failure::Failure, seconds::seconds};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
It joins the room for a moment. Nobody there is sent a message. It fails if a finding does.

Example:
  room doctor --url ws://127.0.0.1:8787/rooms/lobby --token-file ada.token"
)]
pub(crate) struct Arguments {
    /// How long it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Looks at the address, the token, the server and the way to it, and prints what it finds.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, timeout } = arguments;
    let mut findings = Findings::new(connection.is_json());
    let examining = examine(&connection, &mut findings);
    match Deadline::after(Some(timeout)).limit(examining).await {
        Ok(result) => result?,
        Err(error) => findings.failed("time", &error)?,
    }
    match findings.worst() {
        Verdict::Ok | Verdict::Warn => Ok(()),
        Verdict::Fail => Err(Failure::Told),
    }
}
