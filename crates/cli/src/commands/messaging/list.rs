//! `room messaging list`

use std::time::Duration;

use clap::Args;
use room_client::Client;
use room_proto::{JsonText, SessionError, session::Participant};
use serde::Serialize;
use tokio::time;

use crate::{
    connection::Connection,
    failure::Failure,
    json_layout::indented,
    output::{print, print_json},
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Example:
  room messaging list --room my-room"
)]
pub(super) struct Arguments {
    /// How long to wait for somebody to be there, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    wait: Duration,

    /// How long it may take altogether, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Prints the others, ordered by id.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, wait, timeout } = arguments;
    let listing = async |client: &mut Client| {
        // That the time is up is no failure: nobody is there.
        if let Ok(result) = time::timeout(wait, somebody(client)).await {
            result?;
        }
        Ok(client.session().participants().cloned().collect::<Vec<_>>())
    };
    let participants = connection.run(timeout, listing).await?;
    let mut rows = participants.iter().map(Row::new);
    if connection.is_json() {
        rows.try_for_each(|row| print_json(&row))?;
    } else {
        let list = JsonText::from_value(&rows.collect::<Vec<_>>());
        print(&indented(list.as_str()))?;
    }
    Ok(())
}

/// Waits until at least one other is there.
async fn somebody(client: &mut Client) -> Result<(), SessionError> {
    while client.session().participants().next().is_none() {
        client.next_event().await?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    role: &'a str,
    attributes: &'a JsonText,
}

impl<'a> Row<'a> {
    fn new(participant: &'a Participant) -> Self {
        let Participant { id, role, attributes } = participant;
        Self { id: id.as_str(), role, attributes }
    }
}
