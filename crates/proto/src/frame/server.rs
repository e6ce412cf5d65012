//! What the room says.

use bytes::Bytes;

use super::{Delivered, ServerFrame, content::chunk, write::Object};
use crate::{
    Content, DecodeError, Extensions, JsonText, Limits, Message, MessageId, ParticipantId, Trace,
    body::{Body, BodyForm},
    json::{Fields, Mismatch, Raw},
};

pub(super) mod kinds {
    pub(in crate::frame) const CONNECTED: &str = "connected";
    pub(in crate::frame) const ROOM_READY: &str = "room_ready";
    pub(in crate::frame) const ROOM_STATUS: &str = "room.status";
    pub(in crate::frame) const RESPONSE: &str = "__response__";
    pub(in crate::frame) const MESSAGE: &str = "messaging.send";
    pub(in crate::frame) const TOOL_CALL: &str = "room.tool_call.messaging";
    pub(in crate::frame) const CALL_CHUNK: &str = "room.tool_call_request_chunk.messaging";
    pub(in crate::frame) const RESPONSE_CHUNK: &str = "room.tool_call_response_chunk";
}

impl ServerFrame {
    /// Reads a message of a server of any generation.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if it is of a known type and cannot be read.
    pub fn decode(message: &Message, limits: &Limits) -> Result<Self, DecodeError> {
        let kind = &*message.kind;
        let unknown = || Ok(Self::Unknown { kind: kind.to_owned() });
        if !Self::is_known(kind) {
            return unknown();
        }
        let Body { json, payload, .. } = Body::parse(&message.body, limits)?;
        let frame = match kind {
            kinds::CONNECTED => match connected(json) {
                Ok(None) => return unknown(),
                Ok(Some(frame)) => Ok(frame),
                Err(mismatch) => Err(mismatch),
            },
            kinds::ROOM_READY => room_ready(json),
            kinds::ROOM_STATUS => room_status(json),
            kinds::MESSAGE => delivered(json, payload),
            kinds::TOOL_CALL => tool_call(json, message.id),
            kinds::RESPONSE => {
                let content = Content::from_json(kind, json)?;
                return Ok(Self::Response { id: message.id, content });
            }
            kinds::CALL_CHUNK => {
                let (tool_call_id, chunk) = chunk(kind, json)?;
                return Ok(Self::CallChunk { tool_call_id, chunk });
            }
            kinds::RESPONSE_CHUNK => {
                let (tool_call_id, chunk) = chunk(kind, json)?;
                return Ok(Self::ResponseChunk { tool_call_id, chunk });
            }
            _ => return unknown(),
        };
        frame.map_err(|mismatch| mismatch.of(kind))
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
        let mut payload = &Bytes::new();
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
            Self::Unknown { kind } => {
                let (body, _) = BodyForm::Packed.encode(&Object::new().end(), payload);
                return Message::new(id, kind.clone(), body);
            }
        };
        let (body, rest) = body_form.encode(&json, payload);
        Message { id: message_id, kind: kind.into(), body, rest }
    }
}

impl Delivered {
    fn to_json(&self) -> String {
        let object = Object::with_capacity(self.message.as_str().len() + 128)
            .string("from_participant_id", self.from.as_str())
            .string("type", &self.kind)
            .json("message", self.message.as_str());
        match &self.trace {
            Some(trace) => object.json(Trace::KEY, &trace.to_json()).end(),
            None => object.end(),
        }
    }
}

/// `connected`, if it is of a type that is not to be ignored.
fn connected(json: &[u8]) -> Result<Option<ServerFrame>, Mismatch> {
    let fields = Fields::read(json, &["type", "participantId", "attributes"])?;
    let kind = fields.need("type", Raw::string)?;
    let participant_id = fields.maybe("participantId", Raw::string)?;
    let attributes = fields.maybe("attributes", Raw::text)?.filter(JsonText::is_object);
    Ok(participant_id.filter(|_| kind == "init").map(|id| ServerFrame::Connected {
        participant_id: ParticipantId::new(&id),
        attributes: attributes.unwrap_or_else(JsonText::empty_object),
    }))
}

/// `room_ready`. Only the name is needed; Python clients want all three.
fn room_ready(json: &[u8]) -> Result<ServerFrame, Mismatch> {
    let names = &["room_name", "room_url", "session_id", Extensions::KEY];
    let fields = Fields::read(json, names)?;
    let extensions = fields.maybe(Extensions::KEY, Some)?;
    Ok(ServerFrame::RoomReady {
        room_name: fields.need("room_name", Raw::string)?,
        room_url: fields.maybe("room_url", Raw::string)?.unwrap_or_default(),
        session_id: fields.maybe("session_id", Raw::string)?.unwrap_or_default(),
        // What cannot be read is of a version that this one does not know.
        extensions: extensions.and_then(|raw| Extensions::read(raw.bytes()).ok()),
    })
}

/// `room.status`.
fn room_status(json: &[u8]) -> Result<ServerFrame, Mismatch> {
    let fields = Fields::read(json, &["status", "message"])?;
    Ok(ServerFrame::RoomStatus {
        status: fields.maybe("status", Raw::string)?.unwrap_or_default(),
        message: fields.maybe("message", Raw::string)?.unwrap_or_default(),
    })
}

/// `messaging.send`, as the room delivers it.
fn delivered(json: &[u8], attachment: Bytes) -> Result<ServerFrame, Mismatch> {
    let fields = Fields::read(json, DELIVERED)?;
    Ok(ServerFrame::Message(Delivered {
        from: ParticipantId::new(&fields.need("from_participant_id", Raw::string)?),
        // Other participants chose it. A lone surrogate in it must not end our session.
        kind: fields.need("type", Raw::lossy)?,
        message: fields.need("message", Raw::text)?,
        attachment,
        trace: trace(&fields),
    }))
}

#[cfg(not(target_arch = "wasm32"))]
const DELIVERED: &[&str] = &["from_participant_id", "type", "message", Trace::KEY];
#[cfg(target_arch = "wasm32")]
const DELIVERED: &[&str] = &["from_participant_id", "type", "message"];

#[cfg(not(target_arch = "wasm32"))]
fn trace(fields: &Fields<'_>) -> Option<Trace> {
    let text = |raw: Raw<'_>| str::from_utf8(raw.bytes()).ok().and_then(Trace::read);
    fields.maybe(Trace::KEY, |raw| Some(text(raw))).ok().flatten().flatten()
}

/// No page asks for it, and what is not read is not in the module.
#[cfg(target_arch = "wasm32")]
fn trace(_: &Fields<'_>) -> Option<Trace> {
    None
}

/// `room.tool_call.messaging`.
fn tool_call(json: &[u8], call: MessageId) -> Result<ServerFrame, Mismatch> {
    let fields = Fields::read(json, &["tool_call_id", "caller_id"])?;
    let caller_id = fields.maybe("caller_id", Raw::string)?.unwrap_or_default();
    Ok(ServerFrame::ToolCall {
        call,
        tool_call_id: fields.maybe("tool_call_id", Raw::string)?.unwrap_or_default(),
        caller_id: ParticipantId::new(&caller_id),
    })
}
