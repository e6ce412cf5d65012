//! `room messaging chat`

mod typed;

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use clap::Args;
use room_client::Client;
use room_proto::{ErrorCode, Event, JsonText, Outgoing, SessionError};
use serde::Serialize;

use self::typed::{Typed, lines};
use crate::{
    commands::messaging::{
        lines::{Line, Lines},
        recipient::{name_of, one_called},
        refusal::refuse_streams,
        roster::Roster,
    },
    connection::Connection,
    deadline::Deadline,
    failure::Failure,
    interrupt::shutdown_signal,
    notice::{about_connection, announce},
    output::harmless,
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Every line goes to everybody in the room. /msg NAME TEXT is for one of them, /who says who is
there, /quit leaves; so does the end of the input.

Example:
  room messaging chat --room my-room
  room messaging chat --url ws://127.0.0.1:8787/rooms/lobby --name ada"
)]
pub(super) struct Arguments {
    /// The kind of message, a word of the applications'
    #[arg(long = "type", value_name = "TYPE", default_value = "chat.message")]
    kind: String,

    /// How long it may take to connect, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Sends what is typed and prints what comes, until the input ends.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { kind, timeout, connection } = arguments;
    let mut interrupted = pin!(shutdown_signal()?);
    let mut client = tokio::select! {
        client = Deadline::after(Some(timeout)).limit(connection.open()) => client??,
        () = &mut interrupted => return Ok(()),
    };
    announce(client.session(), "chatting");
    let lines = if connection.is_json() { Lines::Json } else { Lines::Plain };
    let mut chat =
        Chat { client: &mut client, roster: Roster::default(), lines, kind, has_failed: false };
    let result = tokio::select! {
        result = chat.run() => result,
        () = &mut interrupted => Ok(()),
    };
    client.close().await;
    result
}

struct Chat<'a> {
    client: &'a mut Client,
    roster: Roster,
    lines: Lines,
    kind: String,
    /// Something that was typed did not go out.
    has_failed: bool,
}

impl Chat<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        let mut typed = lines();
        loop {
            let line = tokio::select! {
                event = self.roster.next(self.client) => {
                    self.on_event(&event?)?;
                    continue;
                }
                line = typed.recv() => line,
            };
            let Some(line) = line else {
                // Nobody may have looked, if the input was a pipe.
                return if self.has_failed { Err(Failure::Told) } else { Ok(()) };
            };
            match Typed::parse(&line?) {
                Typed::Nothing => {}
                Typed::Quit => return Ok(()),
                Typed::Who => self.who(),
                Typed::All(text) => {
                    let sent = self.client.broadcast(self.outgoing(&text)).await;
                    self.note(sent.map_err(Failure::from))?;
                }
                Typed::One { name, text } => self.send(&name, &text).await?,
                Typed::Unknown(word) => {
                    eprintln!(
                        "room: {} is not known; /msg NAME TEXT, /who, /quit",
                        harmless(&word)
                    );
                }
            }
        }
    }

    fn on_event(&mut self, event: &Event) -> anyhow::Result<()> {
        if let Some(notice) = about_connection(self.client, event) {
            eprintln!("{notice}");
        }
        refuse_streams(self.client, event, "room messaging chat takes no streams");
        let roster = &self.roster;
        if let Event::Message(message) = event {
            self.lines.print(roster, &message.into())?;
        }
        if let Event::ParticipantAdded(id) = event
            && let Some(participant) = roster.find(id)
        {
            let participant = participant.into();
            self.lines.print(roster, &Line::ParticipantAdded { participant })?;
        }
        if let Event::ParticipantRemoved(participant) = event {
            let participant = participant.into();
            self.lines.print(roster, &Line::ParticipantRemoved { participant })?;
        }
        Ok(())
    }

    fn who(&self) {
        let session = self.client.session();
        let names: Vec<_> = session.participants().map(name_of).collect();
        let there = if names.is_empty() { String::from("nobody else") } else { names.join(", ") };
        eprintln!("room: {} is there", harmless(&there));
    }

    async fn send(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let sent = match one_called(self.client.session(), name) {
            Ok(Some(to)) => {
                let sent = self.client.send(&to, self.outgoing(text)).await;
                sent.map_err(Failure::from)
            }
            Ok(None) => {
                let text = format!("nobody is called {name:?}");
                Err(SessionError::new(ErrorCode::ParticipantNotFound, text).into())
            }
            Err(failure) => Err(failure),
        };
        self.note(sent)
    }

    /// A message that did not go out is said, and the chat goes on; its end is told by the next
    /// event. No message of a kind that is not allowed will go out.
    fn note(&mut self, sent: Result<(), Failure>) -> Result<(), Failure> {
        let Err(failure) = sent else { return Ok(()) };
        if let Failure::Session(SessionError { code: ErrorCode::InvalidArgument, .. }) = failure {
            return Err(failure);
        }
        self.has_failed = true;
        failure.report(self.lines == Lines::Json);
        Ok(())
    }

    fn outgoing(&self, text: &str) -> Outgoing {
        #[derive(Serialize)]
        struct Text<'a> {
            text: &'a str,
        }

        let message = JsonText::from_value(&Text { text });
        Outgoing { kind: self.kind.clone(), message, attachment: Bytes::new() }
    }
}
