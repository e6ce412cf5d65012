//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use room_server::Secret;

/// Join a server with many members at a time, and see what it bears
#[derive(Debug, Parser)]
#[command(name = "room-load", version)]
pub(crate) struct Arguments {
    /// The server; may be repeated: members go to the nodes of a cluster in turn
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:8787")]
    pub(crate) url: Vec<String>,

    /// The secret that the server knows, to sign tokens with
    #[arg(long, env = "ROOM_SECRET", hide_env_values = true, value_parser = Secret::new)]
    pub(crate) secret: Secret,

    /// How many members are connected and say nothing, in rooms of 100
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub(crate) idle: usize,

    /// How many members talk, in rooms of 10; none, or at least 2
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = talking)]
    pub(crate) talking: usize,

    /// How many messages each of those sends in a second
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = positive())]
    pub(crate) rate: u32,

    /// How long they talk
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = positive())]
    seconds: u32,

    /// The server's process, if it runs on this machine, to measure what it takes; may be repeated:
    /// of several the sum is told
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: Vec<u32>,

    /// Write the table into this file too, as a page of Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }

    /// All that are connected at a time.
    pub(crate) fn members(&self) -> usize {
        self.idle.saturating_add(self.talking)
    }
}

fn positive() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=100_000)
}

/// Whoever talks needs somebody to talk to.
fn talking(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(1) => Err(String::from("one member has nobody to talk to")),
        Ok(count) => Ok(count),
        Err(error) => Err(format!("{error}")),
    }
}
