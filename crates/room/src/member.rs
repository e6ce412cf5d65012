//! One member of a room.

use std::collections::BTreeSet;

use room_proto::{JsonText, ParticipantId, Resume, members};

use crate::claims::Grants;

/// Names a member to the driver. Never used twice in a room.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MemberId(pub u64);

/// Who wants to come in.
#[derive(Clone, Debug)]
pub struct Joining {
    /// How the others will know it. Must be new.
    pub participant_id: ParticipantId,
    /// Its name, which becomes the attribute `name`.
    pub name: String,
    /// `user`, `agent`, `tool` or another word.
    pub role: String,
    /// Further attributes, a JSON object.
    pub attributes: JsonText,
    /// What it may do.
    pub grants: Grants,
    /// What its client is like.
    pub traits: Traits,
    /// How it can come back after a loss, if it can.
    pub resume: Option<Resume>,
    /// Whether messaging is to be enabled as soon as it has been greeted. Only for our own client, which
    /// is told whether it is.
    pub enables: bool,
}

/// What the room must know about a member's client.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traits {
    /// It answers offers of duplex streams.
    pub duplex: bool,
    /// It never takes anybody off its list by itself, so it must be told of those who left while
    /// it was disabled.
    pub merges_lists: bool,
    /// It is our own client.
    pub ours: bool,
}

/// A member.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) participant_id: ParticipantId,
    pub(crate) role: String,
    pub(crate) attributes: JsonText,
    pub(crate) grants: Grants,
    pub(crate) traits: Traits,
    pub(crate) is_enabled: bool,
    /// Whom its client has on its list, if it is one that merges lists.
    pub(crate) announced: BTreeSet<ParticipantId>,
}

impl Member {
    pub(crate) fn new(joining: Joining) -> Self {
        let Joining { participant_id, name, role, attributes, grants, traits, .. } = joining;
        let named = members::with(&JsonText::empty_object(), "name", &JsonText::from_value(&name));
        Self {
            participant_id,
            role,
            attributes: members::merge(&named, &attributes),
            grants,
            traits,
            is_enabled: false,
            announced: BTreeSet::new(),
        }
    }

    /// Whether it hears of the others.
    pub(crate) fn sees_others(&self) -> bool {
        self.is_enabled && self.grants.list
    }
}
