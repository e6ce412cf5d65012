//! Who is there at the moment of an event.
//!
//! The session is ahead of its events: whoever came and left in one packet is gone when the first of
//! the two is told. Lines about them should still have their names.

use std::collections::{HashMap, VecDeque};

use room_client::Client;
use room_proto::{Event, ParticipantId, Session, SessionError, session::Participant};

use crate::commands::messaging::recipient::name_of;

/// The participants, as far as the events have told of them.
#[derive(Debug, Default)]
pub(super) struct Roster {
    known: HashMap<ParticipantId, Participant>,
    /// What happened, from the first event on whose participant is not known yet.
    held: VecDeque<Event>,
}

impl Roster {
    /// The next thing that happens. Whoever is added by it is known.
    ///
    /// # Errors
    ///
    /// Why the session is over.
    pub(super) async fn next(&mut self, client: &mut Client) -> Result<Event, SessionError> {
        loop {
            if let Some(event) = self.take() {
                return Ok(event);
            }
            // If somebody is not known, the event of their leaving is on its way.
            let event = client.next_event().await?;
            self.note(client.session(), &event);
            self.held.push_back(event);
        }
    }

    /// One of those who are there.
    pub(super) fn find(&self, id: &ParticipantId) -> Option<&Participant> {
        self.known.get(id)
    }

    /// The name of a participant, or else the id.
    pub(super) fn called(&self, id: &str) -> String {
        let name = self.find(&ParticipantId::new(id)).map(name_of).unwrap_or_default();
        if name.is_empty() { id.to_owned() } else { name }
    }

    fn take(&mut self) -> Option<Event> {
        if let Event::ParticipantAdded(id) = self.held.front()?
            && !self.known.contains_key(id)
        {
            return None;
        }
        let event = self.held.pop_front();
        if let Some(Event::ParticipantRemoved(participant)) = &event {
            self.known.remove(&participant.id);
        }
        event
    }

    fn note(&mut self, session: &Session, event: &Event) {
        if let Event::ParticipantAdded(id) | Event::ParticipantUpdated { id, .. } = event
            && let Some(participant) = session.participant(id.as_str())
        {
            self.known.insert(id.clone(), participant.clone());
        }
        if let Event::ParticipantRemoved(participant) = event {
            self.known.insert(participant.id.clone(), participant.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use room_proto::{Config, JsonText};

    use super::*;

    #[test]
    fn who_came_and_left_at_once_has_a_name_all_the_time() {
        // It knows nobody, as after the leaving.
        let session = Session::new(Config::default());
        let attributes = JsonText::object(r#"{"name":"Ann"}"#).expect("an object");
        let id = ParticipantId::new("a");
        let ann = Participant { id: id.clone(), role: String::from("user"), attributes };
        let added = Event::ParticipantAdded(id);
        let removed = Event::ParticipantRemoved(ann);
        let mut roster = Roster::default();

        roster.note(&session, &added);
        roster.held.push_back(added.clone());
        assert_eq!(roster.take(), None);
        roster.note(&session, &removed);
        roster.held.push_back(removed.clone());

        assert_eq!(roster.take(), Some(added));
        assert_eq!(roster.called("a"), "Ann");
        assert_eq!(roster.take(), Some(removed));
        assert_eq!(roster.called("a"), "a");
    }
}
