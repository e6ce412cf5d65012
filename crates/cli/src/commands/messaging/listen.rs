//! `room messaging listen`

mod streams;

use std::{pin::pin, time::Duration};

use clap::Args;
use room_client::Client;
use room_proto::Event;

use self::streams::Streams;
use crate::{
    commands::messaging::{
        lines::{Line, Lines},
        refusal::refuse_streams,
        roster::Roster,
    },
    connection::Connection,
    deadline::Deadline,
    failure::Failure,
    interrupt::shutdown_signal,
    notice::{about_connection, announce},
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Without --plain every line is JSON, with or without --json.

Example:
  room messaging listen --room my-room --count 1
  room messaging listen --room my-room --presence --streams --plain"
)]
pub(super) struct Arguments {
    /// Print who comes, goes and changes too
    #[arg(long)]
    presence: bool,

    /// Take the streams that others open to us, and print their chunks; duplex streams are refused
    #[arg(long)]
    streams: bool,

    /// Print lines for people
    #[arg(long, conflicts_with = "json")]
    plain: bool,

    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// End after so many seconds; with --count it is a failure if fewer messages came
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Prints what happens until Ctrl-C, `--count` or `--timeout`.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { presence, streams, plain, count, timeout, connection } = arguments;
    let deadline = Deadline::after(timeout);
    let mut interrupted = pin!(shutdown_signal()?);

    let mut client = tokio::select! {
        client = deadline.limit(connection.open()) => client??,
        () = &mut interrupted => return Ok(()),
    };
    announce(client.session(), "listening");
    let lines = if plain { Lines::Plain } else { Lines::Json };
    let streams = streams.then(Streams::default);
    let mut listening =
        Listening { lines, presence, streams, printed: 0, roster: Roster::default() };
    let result = tokio::select! {
        result = deadline.limit(listening.run(&mut client, count)) => match result {
            Err(_) if count.is_none() => Ok(()),
            result => result.map_err(Failure::from).flatten(),
        },
        () = &mut interrupted => Ok(()),
    };
    client.close().await;
    result
}

/// What is printed, and how much has been.
struct Listening {
    lines: Lines,
    presence: bool,
    streams: Option<Streams>,
    printed: u64,
    roster: Roster,
}

impl Listening {
    async fn run(&mut self, client: &mut Client, count: Option<u64>) -> Result<(), Failure> {
        while count.is_none_or(|count| self.printed < count) {
            let event = self.roster.next(client).await?;
            if let Some(notice) = about_connection(client, &event) {
                eprintln!("{notice}");
            }
            self.on_event(client, event)?;
        }
        Ok(())
    }

    fn on_event(&mut self, client: &mut Client, event: Event) -> anyhow::Result<()> {
        match &mut self.streams {
            Some(streams) => streams.on_event(client, self.lines, &self.roster, &event)?,
            None => refuse_streams(client, &event, NO_STREAMS),
        }
        if self.presence {
            self.on_presence(&event)?;
        }
        if let Event::Message(message) = &event {
            self.lines.print(&self.roster, &message.into())?;
            self.printed += 1;
        }
        Ok(())
    }

    fn on_presence(&self, event: &Event) -> anyhow::Result<()> {
        let print = |line| self.lines.print(&self.roster, &line);
        if let Event::ParticipantAdded(id) = event
            && let Some(participant) = self.roster.find(id)
        {
            return print(Line::ParticipantAdded { participant: participant.into() });
        }
        if let Event::ParticipantRemoved(participant) = event {
            return print(Line::ParticipantRemoved { participant: participant.into() });
        }
        if let Event::ParticipantUpdated { id, changed } = event {
            return print(Line::ParticipantUpdated { id: id.as_str(), changed });
        }
        Ok(())
    }
}

const NO_STREAMS: &str = "room messaging listen takes no streams";
