//! What the room says.

use serde::{Deserialize, Deserializer};

use super::{Delivered, ServerFrame, client::Chunk, content::read, write::Object};
use crate::{
    Content, DecodeError, Extensions, JsonText, Limits, Message, MessageId, ParticipantId,
    body::{Body, BodyForm},
};

mod kinds {
    pub(super) const CONNECTED: &str = "connected";
    pub(super) const ROOM_READY: &str = "room_ready";
    pub(super) const ROOM_STATUS: &str = "room.status";
    pub(super) const RESPONSE: &str = "__response__";
    pub(super) const MESSAGE: &str = "messaging.send";
    pub(super) const TOOL_CALL: &str = "room.tool_call.messaging";
    pub(super) const CALL_CHUNK: &str = "room.tool_call_request_chunk.messaging";
    pub(super) const RESPONSE_CHUNK: &str = "room.tool_call_response_chunk";
}

impl ServerFrame {
    /// Reads a message of a server of any generation.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if it is of a known type and cannot be read.
    pub fn decode(message: &Message, limits: &Limits) -> Result<Self, DecodeError> {
        let kind = message.kind.as_str();
        let unknown = || Ok(Self::Unknown { kind: kind.to_owned() });
        if !Self::is_known(kind) {
            return unknown();
        }
        let Body { json, payload, .. } = Body::parse(&message.body, limits)?;
        match kind {
            kinds::CONNECTED => {
                let connected: Connected = read(kind, &json)?;
                connected.into_frame().map_or_else(unknown, Ok)
            }
            kinds::ROOM_READY => Ok(read::<RoomReady>(kind, &json)?.into_frame()),
            kinds::ROOM_STATUS => {
                let Status { status, message } = read(kind, &json)?;
                Ok(Self::RoomStatus { status, message })
            }
            kinds::RESPONSE => {
                let content = Content::from_json(kind, &json)?;
                Ok(Self::Response { id: message.id, content })
            }
            kinds::MESSAGE => {
                let Sent { from, kind, message } = read(kind, &json)?;
                let from = ParticipantId::new(&from);
                Ok(Self::Message(Delivered { from, kind: kind.0, message, attachment: payload }))
            }
            kinds::TOOL_CALL => {
                let Call { tool_call_id, caller_id } = read(kind, &json)?;
                let caller_id = ParticipantId::new(&caller_id);
                Ok(Self::ToolCall { call: message.id, tool_call_id, caller_id })
            }
            kinds::CALL_CHUNK => {
                let (tool_call_id, chunk) = read::<Chunk>(kind, &json)?.into_parts(kind)?;
                Ok(Self::CallChunk { tool_call_id, chunk })
            }
            kinds::RESPONSE_CHUNK => {
                let (tool_call_id, chunk) = read::<Chunk>(kind, &json)?.into_parts(kind)?;
                Ok(Self::ResponseChunk { tool_call_id, chunk })
            }
            _ => unknown(),
        }
    }

    fn is_known(kind: &str) -> bool {
        use kinds::{
            CALL_CHUNK, CONNECTED, MESSAGE, RESPONSE, RESPONSE_CHUNK, ROOM_READY, ROOM_STATUS,
            TOOL_CALL,
        };
        matches!(
            kind,
            CONNECTED
                | ROOM_READY
                | ROOM_STATUS
                | RESPONSE
                | MESSAGE
                | TOOL_CALL
                | CALL_CHUNK
                | RESPONSE_CHUNK
        )
    }

    /// Writes the message. Answers and calls have ids of their own; the others take `id`. The
    /// handshake is laid out in `form`, everything else is packed.
    #[must_use]
    pub fn encode(&self, id: MessageId, form: BodyForm) -> Message {
        let mut payload: &[u8] = &[];
        let mut message_id = id;
        let mut body_form = BodyForm::Packed;
        let (kind, json) = match self {
            Self::Connected { participant_id, attributes } => {
                body_form = form;
                let object = Object::new()
                    .plain("type", "init")
                    .string("participantId", participant_id.as_str());
                (kinds::CONNECTED, object.json("attributes", attributes.as_str()).end())
            }
            Self::RoomReady { room_name, room_url, session_id, extensions } => {
                body_form = form;
                let mut object = Object::new()
                    .string("room_name", room_name)
                    .string("room_url", room_url)
                    .string("session_id", session_id);
                if let Some(extensions) = extensions {
                    let text = JsonText::from_value(extensions);
                    object = object.json(Extensions::KEY, text.as_str());
                }
                (kinds::ROOM_READY, object.end())
            }
            Self::RoomStatus { status, message } => {
                let object = Object::new().string("status", status).string("message", message);
                (kinds::ROOM_STATUS, object.end())
            }
            Self::Response { id, content } => {
                message_id = *id;
                (kinds::RESPONSE, content.to_json())
            }
            Self::Message(delivered) => {
                payload = &delivered.attachment;
                (kinds::MESSAGE, delivered.to_json())
            }
            Self::ToolCall { call, tool_call_id, caller_id } => {
                message_id = *call;
                let object = Object::new()
                    .plain("name", "stream")
                    .string("tool_call_id", tool_call_id)
                    .string("caller_id", caller_id.as_str());
                (kinds::TOOL_CALL, object.json("arguments", &Content::Open.to_json()).end())
            }
            Self::CallChunk { tool_call_id, chunk } => {
                let object = Object::new().string("tool_call_id", tool_call_id);
                (kinds::CALL_CHUNK, object.json("chunk", &chunk.to_json()).end())
            }
            Self::ResponseChunk { tool_call_id, chunk } => {
                let object = Object::new()
                    .string("tool_call_id", tool_call_id)
                    .plain("toolkit", "messaging")
                    .plain("tool", "stream");
                (kinds::RESPONSE_CHUNK, object.json("chunk", &chunk.to_json()).end())
            }
            Self::Unknown { kind } => (kind.as_str(), Object::new().end()),
        };
        let body = body_form.encode(&json, payload);
        Message { id: message_id, kind: kind.to_owned(), body }
    }
}

impl Delivered {
    fn to_json(&self) -> String {
        Object::with_capacity(self.message.as_str().len() + 128)
            .string("from_participant_id", self.from.as_str())
            .string("type", &self.kind)
            .json("message", self.message.as_str())
            .end()
    }
}

/// `connected`.
#[derive(Deserialize)]
struct Connected {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "participantId")]
    participant_id: Option<String>,
    attributes: Option<JsonText>,
}

impl Connected {
    /// None if it is of a type that is to be ignored.
    fn into_frame(self) -> Option<ServerFrame> {
        let Self { kind, participant_id, attributes } = self;
        let participant_id = participant_id.filter(|_| kind == "init")?;
        let attributes = attributes.filter(JsonText::is_object);
        Some(ServerFrame::Connected {
            participant_id: ParticipantId::new(&participant_id),
            attributes: attributes.unwrap_or_else(JsonText::empty_object),
        })
    }
}

/// `room_ready`. Only the name is needed; Python clients want all three.
#[derive(Deserialize)]
struct RoomReady {
    room_name: String,
    #[serde(default)]
    room_url: String,
    #[serde(default)]
    session_id: String,
    // `Extensions::KEY`.
    room_messaging: Option<JsonText>,
}

impl RoomReady {
    fn into_frame(self) -> ServerFrame {
        let Self { room_name, room_url, session_id, room_messaging } = self;
        // What cannot be read is of a version that this one does not know.
        let extensions = room_messaging.and_then(|text| serde_json::from_str(text.as_str()).ok());
        ServerFrame::RoomReady { room_name, room_url, session_id, extensions }
    }
}

/// `room.status`.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

/// `messaging.send`, as the room delivers it.
#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "from_participant_id")]
    from: String,
    #[serde(rename = "type")]
    kind: LossyText,
    message: JsonText,
}

/// `room.tool_call.messaging`.
#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    tool_call_id: String,
    #[serde(default)]
    caller_id: String,
}

/// A string that other participants chose. A lone surrogate in it must not end our session.
struct LossyText(String);

impl<'de> Deserialize<'de> for LossyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(LossyVisitor)
    }
}

struct LossyVisitor;

impl serde::de::Visitor<'_> for LossyVisitor {
    type Value = LossyText;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<LossyText, E> {
        Ok(LossyText(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<LossyText, E> {
        Ok(LossyText(String::from_utf8_lossy(bytes).into_owned()))
    }
}
