//! Who is there, and who is told.

use std::sync::Arc;

use bytes::Bytes;
use room_proto::{
    Content, Delivered, JsonText, MessageId, ParticipantId, ServerFrame,
    frame::system::{ENABLED, PARTICIPANT_ATTRIBUTES, PARTICIPANT_DISABLED, PARTICIPANT_ENABLED},
    members,
    sabotage::{Bug, is},
};
use serde::Serialize;

use crate::{
    member::{Member, MemberId},
    room::{Room, denied},
};

/// A participant as it is listed and announced.
#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    role: &'a str,
    attributes: &'a JsonText,
}

#[derive(Serialize)]
struct List<'a> {
    participants: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Gone<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Changed<'a> {
    attributes: &'a JsonText,
}

impl Room {
    /// Answers, and enables.
    pub(crate) fn on_enable(&mut self, from: MemberId, id: MessageId) {
        if !self.may(from, |_| true) {
            return self.answer(from, id, denied("messaging"));
        }
        self.answer(from, id, Content::Empty);
        self.enable(from);
    }

    /// Corrects the list of a client that only merges, lists the others, and announces the member to them
    /// if it is new to them.
    pub(crate) fn enable(&mut self, id: MemberId) {
        let Some(member) = self.members.get_mut(&id) else { return };
        let was_enabled = std::mem::replace(&mut member.is_enabled, true);
        self.take_off_stale(id);
        self.list_others(id);
        if !was_enabled {
            self.announce(id);
        }
    }

    pub(crate) fn on_disable(&mut self, from: MemberId) -> Content {
        self.announce_gone(from);
        Content::Empty
    }

    pub(crate) fn on_attributes(&mut self, from: MemberId, changed: &JsonText) {
        let limit = self.config.limits.max_attribute_bytes;
        let Some(member) = self.members.get_mut(&from) else { return };
        let merged = members::merge(&member.attributes, changed);
        if merged.as_str().len() > limit {
            let reason = format!("attributes of more than {limit} bytes");
            return self.close(from, CLOSE_TOO_LARGE, reason);
        }
        member.attributes = merged;

        let subject = member.participant_id.clone();
        let text = JsonText::from_value(&Changed { attributes: changed });
        let is_enabled = member.is_enabled;
        if is_enabled {
            self.tell_others(from, &message(&subject, PARTICIPANT_ATTRIBUTES, text));
        }
    }

    /// The member is no longer there for the others.
    pub(crate) fn announce_gone(&mut self, subject: MemberId) {
        let Some(member) = self.members.get_mut(&subject) else { return };
        if !std::mem::take(&mut member.is_enabled) {
            return;
        }
        let id = member.participant_id.clone();
        if !is(Bug::SilentLeave) {
            self.tell_others(subject, &gone(&id));
        }
        for other in self.members.values_mut().filter(|other| other.sees_others()) {
            other.announced.remove(&id);
        }
    }

    fn announce(&mut self, subject: MemberId) {
        let Some(member) = self.members.get(&subject) else { return };
        let id = member.participant_id.clone();
        let entry = JsonText::from_value(&entry(member));
        self.tell_others(subject, &message(&id, PARTICIPANT_ENABLED, entry));
        for (_, other) in self.members.iter_mut().filter(|(other, _)| **other != subject) {
            if other.sees_others() && other.traits.merges_lists {
                other.announced.insert(id.clone());
            }
        }
    }

    /// Clients that only merge keep those who left while they were disabled.
    fn take_off_stale(&mut self, to: MemberId) {
        let Some(member) = self.members.get(&to) else { return };
        let is_stale = |id: &&ParticipantId| self.find_enabled(id).is_none();
        let stale: Vec<_> = member.announced.iter().filter(is_stale).cloned().collect();
        for id in stale {
            self.deliver_shared(to, gone(&id));
            if let Some(member) = self.members.get_mut(&to) {
                member.announced.remove(&id);
            }
        }
    }

    fn list_others(&mut self, to: MemberId) {
        let Some(member) = self.members.get(&to) else { return };
        let is_listed = |(id, other): &(&MemberId, &Member)| {
            **id != to && other.is_enabled && member.grants.list
        };
        let others: Vec<_> =
            self.members.iter().filter(is_listed).map(|(_, other)| other).collect();
        let list = List { participants: others.iter().map(|other| entry(other)).collect() };
        let text = JsonText::from_value(&list);
        let ids: Vec<_> = others.iter().map(|other| other.participant_id.clone()).collect();

        self.deliver_shared(to, message(&ParticipantId::new("room"), ENABLED, text));
        if let Some(member) = self.members.get_mut(&to).filter(|member| member.traits.merges_lists)
        {
            member.announced.extend(ids);
        }
    }

    /// To all who are to hear of `subject`.
    fn tell_others(&mut self, subject: MemberId, frame: &Arc<ServerFrame>) {
        let others = self.members.iter();
        let others = others.filter(|(id, other)| **id != subject && other.sees_others());
        let others: Vec<_> = others.map(|(id, _)| *id).collect();
        for to in others {
            self.deliver_shared(to, Arc::clone(frame));
        }
    }
}

fn entry(member: &Member) -> Entry<'_> {
    Entry { id: member.participant_id.as_str(), role: &member.role, attributes: &member.attributes }
}

fn gone(id: &ParticipantId) -> Arc<ServerFrame> {
    message(id, PARTICIPANT_DISABLED, JsonText::from_value(&Gone { id: id.as_str() }))
}

fn message(from: &ParticipantId, kind: &str, message: JsonText) -> Arc<ServerFrame> {
    Arc::new(ServerFrame::Message(Delivered {
        from: from.clone(),
        kind: kind.to_owned(),
        message,
        attachment: Bytes::new(),
        trace: None,
    }))
}

/// The close code for what is over a limit.
const CLOSE_TOO_LARGE: u16 = 4002;
