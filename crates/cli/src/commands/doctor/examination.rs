//! One look after another, as far as one gets.

use std::time::{Duration, Instant};

use bytes::Bytes;
use room_client::Client;
use room_proto::{ErrorCode, Event, JsonText, Outgoing, ParticipantId, SessionError};
use tokio::time::timeout;

use crate::{
    commands::doctor::{finding::Findings, server, token},
    connection::Connection,
    failure::Failure,
};

/// Looks at everything; what is found is in `findings`.
///
/// # Errors
///
/// If the arguments make no sense, or a finding cannot be printed.
pub(super) async fn examine(
    connection: &Connection,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let (url, tokens) = match connection.way_in().await {
        Ok(way_in) => way_in,
        Err(Failure::Session(error)) => return Ok(findings.failed("address", &error)?),
        Err(failure) => return Err(failure),
    };
    findings.ok("address", &url.to_string())?;
    match tokens.ask().await {
        Ok(token) => token::examine(&token, &url, findings)?,
        Err(error) => return Ok(findings.failed("token", &error)?),
    }
    let started = Instant::now();
    let mut client = match Client::connect(&url, tokens, connection.options()).await {
        Ok(client) => client,
        Err(error) => return Ok(findings.failed("connection", &error)?),
    };
    let opened = milliseconds(started.elapsed());
    findings.ok("connection", &format!("the room was ready after {opened}"))?;
    let result = inside(connection, &mut client, findings).await;
    client.close().await;
    Ok(result?)
}

/// What can be found out in the room.
async fn inside(
    connection: &Connection,
    client: &mut Client,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    server::examine(client.session(), findings)?;
    if let Err(error) = client.enable().await {
        return findings.failed("messaging", &error);
    }
    let others = client.session().participants().count();
    findings.ok("messaging", &format!("enabled; {others} others are there"))?;
    server::generation(client.session(), findings)?;
    latency(client, findings).await?;
    if client.session().extensions().is_some_and(|extensions| extensions.resume.is_some()) {
        resume(client, findings).await
    } else if connection.options().session.reconnect {
        let hint = "After a loss a session begins anew, and what was under way has failed.";
        findings.warn("resume", "the server keeps no place for who is lost", hint)
    } else {
        findings.ok("resume", "not asked for")
    }
}

/// Sends to nobody, which the server must say each time.
async fn latency(client: &mut Client, findings: &mut Findings) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let started = Instant::now();
        match client.send(&ParticipantId::new(NOBODY), probe()).await {
            Ok(()) => {}
            Err(error) if error.code == ErrorCode::ParticipantNotFound => {}
            Err(error) if error.code == ErrorCode::PermissionDenied => {
                let hint = "The token allows no messages to one participant, and no streams.";
                findings.warn("rights", "send is denied", hint)?;
                return Ok(());
            }
            Err(error) => return findings.failed("latency", &error),
        }
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let (Some(half), Some(worst)) = (times.get(times.len() / 2), times.last()) else {
        return Ok(());
    };
    let detail = format!("{} a round trip, {} at worst", milliseconds(*half), milliseconds(*worst));
    if *half < SLOW {
        findings.ok("latency", &detail)
    } else {
        findings.warn("latency", &detail, "The way to the server is long, or it is busy.")
    }
}

const ROUND_TRIPS: usize = 20;
const SLOW: Duration = Duration::from_millis(250);
/// No server gives such an id.
const NOBODY: &str = "room-doctor-nobody";

fn probe() -> Outgoing {
    Outgoing {
        kind: String::from("room.doctor"),
        message: JsonText::empty_object(),
        attachment: Bytes::new(),
    }
}

/// Lets go of the connection, and looks whether the session goes on.
async fn resume(client: &mut Client, findings: &mut Findings) -> anyhow::Result<()> {
    const CHECK: &str = "resume";
    let extensions = client.session().extensions();
    let grace = extensions.and_then(|known| known.resume.as_ref()).map_or(0, |it| it.grace_ms);
    let grace = format!("the server waits {} s", grace / 1000);
    let started = Instant::now();
    client.command(|session, now| session.suspend(now));
    match timeout(COMEBACK, comeback(client)).await {
        Ok(Ok(Event::Resumed)) => {
            let back = milliseconds(started.elapsed());
            findings.ok(CHECK, &format!("back after {back}, nothing lost; {grace}"))
        }
        Ok(Ok(_)) => {
            let hint = "Something on the way keeps connections apart, or drops their query.";
            findings.warn(CHECK, "the server began anew", hint)
        }
        Ok(Err(error)) => findings.failed(CHECK, &error),
        Err(_) => {
            let error = SessionError::new(ErrorCode::Timeout, "there was no way back");
            findings.failed(CHECK, &error)
        }
    }
}

async fn comeback(client: &mut Client) -> Result<Event, SessionError> {
    loop {
        let event = client.next_event().await?;
        if matches!(event, Event::Resumed | Event::Discontinuity(_)) {
            return Ok(event);
        }
    }
}

const COMEBACK: Duration = Duration::from_secs(15);

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
