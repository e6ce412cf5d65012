//! What the tests compare: messages and bytes, as every peer describes them.

use room_proto::{
    Delivered, JsonText, ParticipantId, session::Participant, session::StreamMessage,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// `size` bytes that every peer can make by itself.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index.wrapping_mul(31).wrapping_add(7) & 255) as u8).collect()
}

/// A message that came.
#[derive(Debug, Serialize)]
pub(crate) struct Described {
    from: String,
    #[serde(rename = "type")]
    kind: String,
    message: JsonText,
    #[serde(flatten)]
    attachment: Digest,
}

impl From<Delivered> for Described {
    fn from(delivered: Delivered) -> Self {
        let Delivered { from, kind, message, attachment, trace: _ } = delivered;
        let attachment = Digest::of(&attachment);
        Self { from: from.as_str().to_owned(), kind, message, attachment }
    }
}

impl Described {
    /// A message of a duplex stream with `from`.
    pub(crate) fn of_stream(from: &ParticipantId, message: StreamMessage) -> Self {
        let StreamMessage { kind, message, attachment } = message;
        let attachment = Digest::of(&attachment);
        Self { from: from.as_str().to_owned(), kind, message, attachment }
    }
}

/// Bytes that came.
#[derive(Debug, Serialize)]
pub(crate) struct Digest {
    size: usize,
    sha256: String,
}

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len(), sha256: format!("{:x}", Sha256::digest(bytes)) }
    }
}

/// A participant, and the attributes that the tests use.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    id: String,
    role: String,
    #[serde(flatten)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Attributes {
    name: Option<JsonText>,
    mood: Option<JsonText>,
    streams: Option<JsonText>,
}

impl From<&Participant> for Listed {
    fn from(participant: &Participant) -> Self {
        let Participant { id, role, attributes } = participant;
        let attributes = serde_json::from_str(attributes.as_str()).unwrap_or_default();
        Self { id: id.as_str().to_owned(), role: role.clone(), attributes }
    }
}
