//! The options that name one of the others.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use room_client::Client;
use room_proto::{ErrorCode, JsonText, ParticipantId, Session, SessionError, session::Participant};
use serde::Deserialize;
use tokio::time;

use crate::{failure::Failure, output::harmless, seconds::seconds};

#[derive(Args, Debug)]
pub(crate) struct Recipient {
    /// For whom it is; room messaging list prints the ids
    #[arg(long, value_name = "ID", required_unless_present = "to", conflicts_with = "to")]
    to_participant_id: Option<String>,

    /// For whom it is, by name
    #[arg(long, value_name = "NAME")]
    to: Option<String>,

    /// How long to wait for somebody of that name, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    wait: Duration,
}

impl Recipient {
    /// Who it is. An id is taken as it is; the server knows whether there is such a participant.
    ///
    /// # Errors
    ///
    /// `participant-not-found` if nobody of the name comes in time; a mistake in the arguments if
    /// several have it.
    pub(crate) async fn find(&self, client: &mut Client) -> Result<ParticipantId, Failure> {
        if let Some(id) = &self.to_participant_id {
            return Ok(ParticipantId::new(id));
        }
        let name = self.to.as_deref().unwrap_or_default();
        match time::timeout(self.wait, named(client, name)).await {
            Ok(found) => found,
            Err(_) => {
                let text = format!("nobody is called {name:?}");
                Err(SessionError::new(ErrorCode::ParticipantNotFound, text).into())
            }
        }
    }
}

/// Waits until somebody has the name.
async fn named(client: &mut Client, name: &str) -> Result<ParticipantId, Failure> {
    loop {
        if let Some(id) = one_called(client.session(), name)? {
            return Ok(id);
        }
        client.next_event().await?;
    }
}

/// The one who has the name, if anybody has.
///
/// # Errors
///
/// A mistake in the arguments if several have it.
pub(crate) fn one_called(session: &Session, name: &str) -> Result<Option<ParticipantId>, Failure> {
    let ids = called(session, name);
    if let [_, _, ..] = ids.as_slice() {
        let ids: Vec<_> = ids.iter().map(ParticipantId::as_str).collect();
        return Err(Failure::Usage(anyhow!(
            "several are called {name:?}; give --to-participant-id with one of {}",
            harmless(&ids.join(", "))
        )));
    }
    Ok(ids.into_iter().next())
}

fn called(session: &Session, name: &str) -> Vec<ParticipantId> {
    let theirs = session.participants().filter(|participant| name_of(participant) == name);
    theirs.map(|participant| participant.id.clone()).collect()
}

/// Whether a participant has this name, or this id.
pub(crate) fn is_called(session: &Session, id: &ParticipantId, name: &str) -> bool {
    id.as_str() == name
        || session.participant(id.as_str()).is_some_and(|participant| name_of(participant) == name)
}

/// The name that people know a participant by; empty if it has none.
pub(crate) fn name_of(participant: &Participant) -> String {
    name_in(&participant.attributes).unwrap_or_default()
}

fn name_in(attributes: &JsonText) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    let named: Named = serde_json::from_str(attributes.as_str()).ok()?;
    Some(named.name)
}
