//! `room bench`

mod measure;
mod mirror;

use std::time::Duration;

use clap::Args;
use room_client::Client;
use room_proto::{ErrorCode, ParticipantId, SessionError};
use serde::Serialize;

use self::measure::Measuring;
use crate::{
    connection::Connection,
    deadline::Deadline,
    failure::Failure,
    output::{print, print_json},
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Two clients of ours join the room, and talk with each other only. What they reach is the least that
the server, the way to it and this machine can do together.

Example:
  room bench --url ws://127.0.0.1:8787/rooms/bench --name ada"
)]
pub(crate) struct Arguments {
    /// How long each of the three measurements takes, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    seconds: Duration,

    /// The size of a message, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    size: u32,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Measures round trips, messages and bulk, one after another.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { seconds, size, connection } = arguments;
    let deadline = Deadline::after(Some(seconds.saturating_mul(3).saturating_add(SPARE)));
    let is_json = connection.is_json();
    let (mut client, other) = deadline
        .limit(async { Ok::<_, Failure>((connection.open().await?, connection.open().await?)) })
        .await??;
    let to = id(&other)?;
    let mirror = tokio::spawn(mirror::reflect(other));
    let result = deadline.limit(measure(&mut client, to, (seconds, size), is_json)).await;
    mirror.abort();
    client.close().await;
    result?
}

/// For whatever is not measured.
const SPARE: Duration = Duration::from_secs(60);

async fn measure(
    client: &mut Client,
    to: ParticipantId,
    (seconds, size): (Duration, u32),
    is_json: bool,
) -> Result<(), Failure> {
    let mut measuring = Measuring { client, to, seconds, size: size as usize };
    report(&measuring.round_trips().await?, is_json)?;
    report(&measuring.messages().await?, is_json)?;
    report(&measuring.bulk().await?, is_json)?;
    Ok(())
}

fn id(client: &Client) -> Result<ParticipantId, SessionError> {
    let none = || SessionError::new(ErrorCode::Internal, "the client has no id");
    client.session().participant_id().cloned().ok_or_else(none)
}

/// What was measured.
#[derive(Debug, Serialize)]
#[serde(tag = "measure", rename_all = "snake_case")]
enum Measured {
    RoundTrip { p50_ms: f64, p99_ms: f64, count: usize },
    Messages { per_second: f64, count: u64, bytes: usize },
    Bulk { megabytes_per_second: f64, bytes: u64 },
}

fn report(result: &Measured, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return print_json(result);
    }
    print(&match result {
        Measured::RoundTrip { p50_ms, p99_ms, count } => {
            format!("round trip  p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms ({count} times)")
        }
        Measured::Messages { per_second, bytes, .. } => {
            format!("messages    {per_second:.0} a second, of {bytes} bytes")
        }
        Measured::Bulk { megabytes_per_second, .. } => {
            format!("stream      {megabytes_per_second:.1} MB a second")
        }
    })
}
