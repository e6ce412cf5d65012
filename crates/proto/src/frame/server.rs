//! What the room says.

use bytes::Bytes;

use super::{
    Delivered, ServerFrame,
    content::chunk,
    draft::{Draft, SMALL},
    write::Object,
};
use crate::{
    Content, DecodeError, Extensions, JsonStyle, JsonText, Limits, Message, MessageId,
    ParticipantId, Trace,
    body::{Body, BodyForm},
    json::{Fields, Mismatch, Raw},
};

pub(super) mod kinds {
    pub(in crate::frame) const CONNECTED: &str = "connected";
    pub(in crate::frame) const ROOM_READY: &str = "room_ready";
    pub(in crate::frame) const ROOM_STATUS: &str = "room.status";
    pub(in crate::frame) const RESPONSE: &str = "__response__";
    /// Ours: to our own clients only.
    pub(in crate::frame) const RESPONSES: &str = "__responses__";
    pub(in crate::frame) const MESSAGE: &str = "messaging.send";
    pub(in crate::frame) const TOOL_CALL: &str = "room.tool_call.messaging";
    pub(in crate::frame) const CALL_CHUNK: &str = "room.tool_call_request_chunk.messaging";
    pub(in crate::frame) const RESPONSE_CHUNK: &str = "room.tool_call_response_chunk";
}

impl ServerFrame {
    /// How many requests one [`ServerFrame::Responses`] answers at most.
    pub const MAX_RESPONSES: u32 = 4096;

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
            kinds::RESPONSES => responses(json, message.id),
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
            CALL_CHUNK, CONNECTED, MESSAGE, RESPONSE, RESPONSE_CHUNK, RESPONSES, ROOM_READY,
            ROOM_STATUS, TOOL_CALL,
        };
        matches!(
            kind,
            CONNECTED
                | ROOM_READY
                | ROOM_STATUS
                | RESPONSE
                | RESPONSES
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
        match self {
            Self::Connected { participant_id, attributes } => {
                let draft = draft(id, kinds::CONNECTED, form);
                let object = draft
                    .object(attributes.as_str().len() + SMALL)
                    .plain("type", "init")
                    .string("participantId", participant_id.as_str());
                draft.with(object.json("attributes", attributes.as_str()))
            }
            Self::RoomReady { room_name, room_url, session_id, extensions } => {
                let draft = draft(id, kinds::ROOM_READY, form);
                let mut object = draft
                    .object(4 * SMALL)
                    .string("room_name", room_name)
                    .string("room_url", room_url)
                    .string("session_id", session_id);
                if let Some(extensions) = extensions {
                    let text = JsonText::from_value(extensions);
                    object = object.json(Extensions::KEY, text.as_str());
                }
                draft.with(object)
            }
            Self::RoomStatus { status, message } => {
                let draft = packed(id, kinds::ROOM_STATUS);
                let object = draft.object(SMALL).string("status", status);
                draft.with(object.string("message", message))
            }
            Self::Response { id, content } => {
                let draft = packed(*id, kinds::RESPONSE);
                let object = draft.object(content.len() + SMALL);
                draft.with(content.write(object))
            }
            Self::Responses { first, count } => {
                let draft = packed(*first, kinds::RESPONSES);
                let object = draft.object(0).json("count", &count.to_string());
                draft.with(object)
            }
            Self::Message(delivered) => {
                let payload = delivered.attachment.clone();
                let draft = Draft { payload, ..packed(id, kinds::MESSAGE) };
                let object = draft.object(delivered.len());
                draft.with(delivered.write(object))
            }
            Self::ToolCall { call, tool_call_id, caller_id } => {
                let draft = packed(*call, kinds::TOOL_CALL);
                let object = draft
                    .object(2 * SMALL)
                    .plain("name", "stream")
                    .string("tool_call_id", tool_call_id)
                    .string("caller_id", caller_id.as_str());
                draft.with(Content::Open.write(object.open("arguments")).close())
            }
            Self::CallChunk { tool_call_id, chunk } => {
                let draft = packed(id, kinds::CALL_CHUNK);
                let object = draft.object(chunk.len() + SMALL);
                let object = object.string("tool_call_id", tool_call_id);
                draft.with(chunk.write(object.open("chunk")).close())
            }
            Self::ResponseChunk { tool_call_id, chunk } => {
                let draft = packed(id, kinds::RESPONSE_CHUNK);
                let object = draft
                    .object(chunk.len() + SMALL)
                    .string("tool_call_id", tool_call_id)
                    .plain("toolkit", "messaging")
                    .plain("tool", "stream");
                draft.with(chunk.write(object.open("chunk")).close())
            }
            Self::Unknown { kind } => {
                let empty = Bytes::from_static(b"\0\0\0\0\0\0\0\x02{}");
                Message::new(id, kind.clone(), empty)
            }
        }
    }
}

fn packed(id: MessageId, kind: &'static str) -> Draft {
    draft(id, kind, BodyForm::Packed)
}

/// In a style that all clients read.
fn draft(id: MessageId, kind: &'static str, form: BodyForm) -> Draft {
    Draft { id, kind, form, style: JsonStyle::Compact, payload: Bytes::new() }
}

impl Delivered {
    fn write(&self, object: Object) -> Object {
        let object = object
            .string("from_participant_id", self.from.as_str())
            .string("type", &self.kind)
            .json("message", self.message.as_str());
        match &self.trace {
            Some(trace) => object.json(Trace::KEY, &trace.to_json()),
            None => object,
        }
    }

    /// How many bytes that will be, about.
    fn len(&self) -> usize {
        let text = self.from.as_str().len() + self.kind.len() + self.message.as_str().len();
        text + if self.trace.is_some() { 2 * SMALL } else { SMALL / 2 }
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

/// `__responses__`, of which each costs the reader something.
fn responses(json: &[u8], first: MessageId) -> Result<ServerFrame, Mismatch> {
    let count = Fields::read(json, &["count"])?.need("count", |raw| {
        raw.unsigned()?.try_into().ok().filter(|count| *count <= ServerFrame::MAX_RESPONSES)
    })?;
    Ok(ServerFrame::Responses { first, count })
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
