//! `room messaging list`

use std::time::Duration;

use clap::Args;
use room_client::Client;
use room_proto::{JsonText, SessionError, session::Participant};
use serde::Serialize;
use tokio::time;

use crate::{
    commands::messaging::{connection::Connection, print, seconds::seconds},
    failure::Failure,
    json_layout::indented,
};

#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    connection: Connection,

    /// How long to wait for somebody to be there, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    wait: Duration,

    /// How long it may take altogether, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
}

/// Prints the others, ordered by id.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, wait, timeout } = arguments;
    let listing = async |client: &mut Client| {
        // That the time is up is no failure: nobody is there.
        if let Ok(result) = time::timeout(wait, somebody(client)).await {
            result?;
        }
        Ok(list(client.session().participants()))
    };
    let list = connection.run(timeout, listing).await?;
    print(&indented(list.as_str()))?;
    Ok(())
}

/// Waits until at least one other is there.
async fn somebody(client: &mut Client) -> Result<(), SessionError> {
    while client.session().participants().next().is_none() {
        client.next_event().await?;
    }
    Ok(())
}

fn list<'a>(participants: impl Iterator<Item = &'a Participant>) -> JsonText {
    let rows = participants.map(|Participant { id, role, attributes }| Row {
        id: id.as_str(),
        role,
        attributes,
    });
    JsonText::from_value(&rows.collect::<Vec<_>>())
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    role: &'a str,
    attributes: &'a JsonText,
}
