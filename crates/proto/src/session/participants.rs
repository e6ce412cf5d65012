//! The others: who is in the room with messaging enabled.

use crate::{
    DecodeError, Delivered, ErrorCode, JsonText, ParticipantId, SessionError, Table, Violation,
    json::{Fields, Mismatch, Raw},
    members,
    sabotage::{Bug, is},
    session::{Event, Participant, Session},
};

/// The list of the others, without ourselves.
#[derive(Debug, Default)]
pub(super) struct Participants {
    list: Table<ParticipantId, Participant>,
}

impl Participants {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Participant> {
        self.list.iter().map(|(_, participant)| participant)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Participant> {
        self.list.get(id)
    }

    /// Empties the list; gives those who were in it.
    pub(super) fn clear(&mut self) -> Vec<Participant> {
        std::mem::take(&mut self.list).into_values().collect()
    }

    /// Those who are not in `entries`.
    fn missing(&self, entries: &[Participant]) -> Vec<ParticipantId> {
        let is_missing = |id: &&ParticipantId| entries.iter().all(|entry| entry.id != **id);
        self.list.iter().map(|(id, _)| id).filter(is_missing).cloned().collect()
    }

    /// Puts a participant into the list; gives what that changes, if anything.
    fn put(&mut self, participant: Participant) -> Option<Event> {
        let id = participant.id.clone();
        let before = self.list.insert(id.clone(), participant);
        let Some(known) = before.filter(|_| !is(Bug::AddedTwice)) else {
            return Some(Event::ParticipantAdded(id));
        };
        let new = &self.list.get(&id)?.attributes;
        let changed = members::difference(&known.attributes, new);
        (changed != JsonText::empty_object()).then_some(Event::ParticipantUpdated { id, changed })
    }

    /// Merges changed attributes; `None` if the participant is unknown.
    fn update(&mut self, id: &ParticipantId, changed: JsonText) -> Option<Event> {
        let participant = self.list.get_mut(id)?;
        participant.attributes = members::merge(&participant.attributes, &changed);
        Some(Event::ParticipantUpdated { id: id.clone(), changed })
    }
}

impl Session {
    /// `messaging.enabled`: the list is what the server says, and so are the events.
    pub(super) fn on_messaging_enabled(&mut self, message: &Delivered) -> Result<(), Violation> {
        let entries = fields(message, &["participants"])?
            .need("participants", Raw::elements)
            .and_then(|list| list.into_iter().map(|raw| participant(raw.bytes())).collect())
            .map_err(|error| error.of(&message.kind))?;
        let entries: Vec<_> = entries;
        // A server may say so unasked, or late, after messaging was disabled again.
        if !self.on_enabled() {
            return Ok(());
        }

        for id in self.participants.missing(&entries) {
            if is(Bug::StaleList) {
                break;
            }
            self.remove_participant(&id);
        }
        for entry in entries {
            self.put_participant(entry);
        }
        self.report(Event::MessagingEnabled);
        self.finish_enabling();
        Ok(())
    }

    pub(super) fn on_participant_enabled(&mut self, message: &Delivered) -> Result<(), Violation> {
        let entry = participant(message.message.as_str().as_bytes());
        self.put_participant(entry.map_err(|error| error.of(&message.kind))?);
        Ok(())
    }

    pub(super) fn on_participant_disabled(&mut self, message: &Delivered) -> Result<(), Violation> {
        let fields = fields(message, &["id"])?;
        let id = fields.need("id", Raw::string).map_err(|error| error.of(&message.kind))?;
        self.remove_participant(&ParticipantId::new(&id));
        Ok(())
    }

    pub(super) fn on_participant_attributes(
        &mut self,
        message: &Delivered,
    ) -> Result<(), Violation> {
        let fields = fields(message, &["attributes"])?;
        let attributes = fields.need("attributes", Raw::text);
        let attributes = attributes.map_err(|error| error.of(&message.kind))?;
        if let Some(event) = self.participants.update(&message.from, object(attributes)) {
            self.report(event);
        }
        Ok(())
    }

    /// Takes a participant off the list, with all that hangs on it.
    pub(super) fn remove_participant(&mut self, id: &ParticipantId) {
        let Some(participant) = self.participants.list.remove(id) else { return };
        self.report(Event::ParticipantRemoved(participant));
        let text = format!("participant {id} left");
        let error = SessionError::new(ErrorCode::PeerLeft, text);
        self.fail_streams_with(id, &error);
        self.fail_calls_with(id, &error);
    }

    /// Ourselves and those who come while messaging is off are not taken.
    fn put_participant(&mut self, participant: Participant) {
        let is_self = self.participant_id() == Some(&participant.id);
        if is_self || self.messaging.is_off() {
            return;
        }
        if let Some(event) = self.participants.put(participant) {
            self.report(event);
        }
    }
}

/// Attributes that are not an object are none.
fn object(attributes: JsonText) -> JsonText {
    if attributes.is_object() { attributes } else { JsonText::empty_object() }
}

/// Reads fields of a message of the room's own.
fn fields<'a>(
    message: &'a Delivered,
    names: &'static [&'static str],
) -> Result<Fields<'a>, DecodeError> {
    Fields::read(message.message.as_str().as_bytes(), names)
        .map_err(|error| error.of(&message.kind))
}

/// `participant.enabled`, and each in the list.
fn participant(raw: &[u8]) -> Result<Participant, Mismatch> {
    let fields = Fields::read(raw, &["id", "role", "attributes"])?;
    Ok(Participant {
        id: ParticipantId::new(&fields.need("id", Raw::string)?),
        role: fields.need("role", Raw::string)?,
        attributes: object(fields.need("attributes", Raw::text)?),
    })
}
