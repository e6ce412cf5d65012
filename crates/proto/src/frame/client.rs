//! What clients say, read in the words of every generation and written in one's.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    ClientDialect, ClientFrame, Family, Outgoing, Request, content,
    draft::{Draft, SMALL},
    write::{Object, restyle},
};
use crate::{
    Content, DecodeError, JsonText, Limits, Message, MessageId, ParticipantId, Trace, base64,
    body::{Body, BodyForm},
    content::codes,
    json::JsonError,
    members,
};

/// A client's message that means nothing to the room.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text}")]
pub struct FrameError {
    /// The message's id.
    pub id: MessageId,
    /// Whether the client waits for an answer to it.
    pub answerable: bool,
    /// One of `content::codes`.
    pub code: i64,
    /// What is wrong, in words.
    pub text: String,
}

/// The trace context of a client that traces nothing.
const TRACE: &str = r#"{"v":1,"otel":{}}"#;

pub(super) mod kinds {
    pub(in crate::frame) const ENABLE: &str = "messaging.enable";
    pub(in crate::frame) const DISABLE: &str = "messaging.disable";
    pub(in crate::frame) const SEND: &str = "messaging.send";
    pub(in crate::frame) const BROADCAST: &str = "messaging.broadcast";
    pub(in crate::frame) const INVOKE: &str = "room.invoke_tool";
    pub(in crate::frame) const CALL_CHUNK: &str = "room.tool_call_request_chunk";
    pub(in crate::frame) const CALL_RESPONSE: &str = "room.tool_call_response";
    pub(in crate::frame) const RESPONSE_CHUNK: &str = "room.tool_call_response_chunk";
    pub(in crate::frame) const SET_ATTRIBUTES: &str = "set_attributes";
}

impl ClientFrame {
    /// Reads a message of a client of any generation.
    ///
    /// # Errors
    ///
    /// [`FrameError`] with what to answer, if the client waits for an answer.
    pub fn decode(message: &Message, limits: &Limits) -> Result<Self, FrameError> {
        Self::decode_traced(message, limits).0
    }

    /// The same, with the trace that a message to others belongs to; never one in a browser.
    pub fn decode_traced(
        message: &Message,
        limits: &Limits,
    ) -> (Result<Self, FrameError>, Option<Trace>) {
        let mut trace = None;
        let frame = Self::read(message, limits, &mut trace).map_err(|error| FrameError {
            id: message.id,
            answerable: !matches!(
                &*message.kind,
                kinds::CALL_RESPONSE | kinds::RESPONSE_CHUNK | kinds::SET_ATTRIBUTES
            ),
            code: codes::INVALID_REQUEST,
            text: error.to_string(),
        });
        (frame, trace)
    }

    fn read(
        message: &Message,
        limits: &Limits,
        trace: &mut Option<Trace>,
    ) -> Result<Self, DecodeError> {
        let Body { json, payload, .. } = Body::parse(&message.body, limits)?;
        let id = message.id;
        let kind = &*message.kind;
        let request = match kind {
            kinds::ENABLE => check_object(kind, json).map(|()| Request::Enable)?,
            kinds::DISABLE => check_object(kind, json).map(|()| Request::Disable)?,
            kinds::SEND => {
                let message = read::<DirectSend<'_>>(kind, json)?;
                *trace = traced_by(message.meshagent);
                message.into_request(kind, payload)?
            }
            kinds::BROADCAST => {
                let message = read::<DirectMessage<'_>>(kind, json)?;
                *trace = traced_by(message.meshagent);
                Request::Broadcast { outgoing: message.into_outgoing(kind, payload)? }
            }
            kinds::INVOKE => {
                let invoke = read::<Invoke<'_>>(kind, json)?;
                *trace = traced_by(invoke.meshagent);
                invoke.into_request(kind)?
            }
            kinds::CALL_CHUNK => {
                let (tool_call_id, chunk) = content::chunk(kind, json)?;
                Request::CallChunk { tool_call_id, chunk }
            }
            kinds::CALL_RESPONSE => {
                let content = Content::from_json(kind, json)?;
                return Ok(Self::ToolCallResponse { call: id, content });
            }
            kinds::RESPONSE_CHUNK => {
                let (tool_call_id, chunk) = content::chunk(kind, json)?;
                return Ok(Self::ToolCallResponseChunk { call: id, tool_call_id, chunk });
            }
            kinds::SET_ATTRIBUTES => {
                let attributes = object(kind, read(kind, json)?)?;
                let attributes = members::without(&attributes, Trace::KEY);
                return Ok(Self::SetAttributes { id, attributes });
            }
            _ => return Err(field(kind, "not a request that this room knows")),
        };
        Ok(Self::Request { id, request })
    }

    /// Writes the message in a client's words.
    #[must_use]
    pub fn encode(&self, dialect: &ClientDialect) -> Message {
        match self {
            Self::Request { id, request } => request.encode(*id, dialect),
            Self::SetAttributes { id, attributes } => {
                Self::attributes_message(*id, attributes, dialect)
            }
            Self::ToolCallResponse { call, content } => {
                let draft = draft(*call, kinds::CALL_RESPONSE, dialect);
                let object = draft.object(content.len() + SMALL);
                draft.with(traced(content.write(object), dialect))
            }
            Self::ToolCallResponseChunk { call, tool_call_id, chunk } => {
                let draft = draft(*call, kinds::RESPONSE_CHUNK, dialect);
                let object = draft.object(chunk.len() + SMALL);
                draft.with(write_chunk(object, tool_call_id, chunk, dialect))
            }
        }
    }

    fn attributes_message(id: MessageId, text: &JsonText, dialect: &ClientDialect) -> Message {
        let json = if dialect.traces() {
            members::with(text, Trace::KEY, &JsonText::from_valid(TRACE))
        } else {
            text.clone()
        };
        let form = if dialect.plain_attributes { BodyForm::Plain } else { BodyForm::Packed };
        let draft = draft(id, kinds::SET_ATTRIBUTES, dialect);
        Draft { form, ..draft }.with_text(json.as_str())
    }
}

impl Request {
    fn encode(&self, id: MessageId, dialect: &ClientDialect) -> Message {
        let mut draft = draft(id, self.kind(dialect.family), dialect);
        let mut len = SMALL;
        match (self, dialect.family) {
            (Self::Send { outgoing, .. } | Self::Broadcast { outgoing }, family) => {
                len += outgoing.kind.len() + outgoing.message.as_str().len();
                if family == Family::Direct {
                    draft.payload = outgoing.attachment.clone();
                } else {
                    len += outgoing.attachment.len() / 3 * 4 + 3 * SMALL;
                }
            }
            (Self::CallChunk { chunk, .. }, _) => len += chunk.len(),
            (Self::OpenCall { .. } | Self::Enable | Self::Disable, _) => {}
        }
        let object = draft.object(len);
        draft.with(self.write(object, dialect))
    }

    fn kind(&self, family: Family) -> &'static str {
        match (self, family) {
            (Self::CallChunk { .. }, _) => kinds::CALL_CHUNK,
            (Self::OpenCall { .. }, _) | (_, Family::Toolkit) => kinds::INVOKE,
            (Self::Enable, Family::Direct) => kinds::ENABLE,
            (Self::Disable, Family::Direct) => kinds::DISABLE,
            (Self::Send { .. }, Family::Direct) => kinds::SEND,
            (Self::Broadcast { .. }, Family::Direct) => kinds::BROADCAST,
        }
    }

    fn write(&self, object: Object, dialect: &ClientDialect) -> Object {
        match (self, dialect.family) {
            (Self::CallChunk { tool_call_id, chunk }, _) => {
                write_chunk(object, tool_call_id, chunk, dialect)
            }
            (Self::OpenCall { tool_call_id }, _) => {
                let invoke = Invoking { tool: "stream", name: Some(tool_call_id), dialect };
                invoke.end(Content::Open.write(invoke.begin(object)))
            }
            (Self::Enable | Self::Disable, Family::Direct) => object,
            (Self::Send { to, outgoing }, Family::Direct) => {
                outgoing.write_direct(object).string("to_participant_id", to.as_str())
            }
            (Self::Broadcast { outgoing }, Family::Direct) => outgoing.write_direct(object),
            (Self::Enable, Family::Toolkit) => write_presence(object, "enable", dialect),
            (Self::Disable, Family::Toolkit) => write_presence(object, "disable", dialect),
            (Self::Send { to, outgoing }, Family::Toolkit) => {
                outgoing.write_tool(object, "send", Some(to), dialect)
            }
            (Self::Broadcast { outgoing }, Family::Toolkit) => {
                outgoing.write_tool(object, "broadcast", None, dialect)
            }
        }
    }
}

impl Outgoing {
    fn write_direct(&self, object: Object) -> Object {
        object.string("type", &self.kind).json("message", self.message.as_str())
    }

    fn write_tool(
        &self,
        object: Object,
        tool: &'static str,
        to: Option<&ParticipantId>,
        dialect: &ClientDialect,
    ) -> Object {
        let name = dialect.tool_call_id.as_deref().filter(|_| !dialect.names_only_presence());
        let invoke = Invoking { tool, name, dialect };
        let object = invoke.begin(object).plain("type", "json").open("json");
        invoke.end(self.write_input(object, to, dialect).close())
    }

    fn write_input(
        &self,
        mut object: Object,
        to: Option<&ParticipantId>,
        dialect: &ClientDialect,
    ) -> Object {
        if let (Some(to), true) = (to, dialect.null_fields) {
            object = object.string("to_participant_id", to.as_str());
        }
        let message = restyle(self.message.as_str(), dialect.style);
        object = object.string("type", &self.kind).string("message_json", &message);
        if !self.attachment.is_empty() || dialect.writes_empty_attachments() {
            object = object.base64("attachment_base64", &self.attachment);
        } else if dialect.null_fields {
            object = object.json("attachment_base64", "null");
        }
        if let (Some(to), false) = (to, dialect.null_fields) {
            object = object.string("to_participant_id", to.as_str());
        }
        object
    }
}

fn write_presence(object: Object, tool: &'static str, dialect: &ClientDialect) -> Object {
    let invoke = Invoking { tool, name: dialect.tool_call_id.as_deref(), dialect };
    invoke.end(invoke.begin(object).plain("type", "json").json("json", "{}"))
}

/// What is around the arguments of a tool call.
struct Invoking<'a> {
    tool: &'static str,
    name: Option<&'a str>,
    dialect: &'a ClientDialect,
}

impl Invoking<'_> {
    /// Up to the arguments, which the next members go to.
    fn begin(&self, object: Object) -> Object {
        let is_python = self.dialect.null_fields;
        let object = object
            .plain("toolkit", "messaging")
            .plain("tool", self.tool)
            .json_if(is_python, "participant_id", "null")
            .json_if(is_python, "on_behalf_of_id", "null");
        self.name_if(!is_python, object).open("arguments")
    }

    fn end(&self, object: Object) -> Object {
        traced(self.name_if(self.dialect.null_fields, object.close()), self.dialect)
    }

    fn name_if(&self, wanted: bool, object: Object) -> Object {
        match self.name {
            Some(name) if wanted => object.string("tool_call_id", name),
            Some(_) | None => object,
        }
    }
}

fn write_chunk(
    object: Object,
    tool_call_id: &str,
    chunk: &Content,
    dialect: &ClientDialect,
) -> Object {
    let object = object.string("tool_call_id", tool_call_id);
    traced(chunk.write(object.open("chunk")).close(), dialect)
}

/// Adds the trace context, if the dialect has one.
fn traced(object: Object, dialect: &ClientDialect) -> Object {
    object.json_if(dialect.traces(), Trace::KEY, TRACE)
}

fn draft(id: MessageId, kind: &'static str, dialect: &ClientDialect) -> Draft {
    let (form, payload) = (BodyForm::Packed, Bytes::new());
    Draft { id, kind, form, style: dialect.style, payload }
}

/// `messaging.send`. (A flattened struct cannot hold JSON text as it is.)
#[derive(Deserialize)]
struct DirectSend<'a> {
    #[serde(borrow)]
    to_participant_id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    message: &'a RawValue,
    #[serde(borrow, rename = "__meshagent__")]
    meshagent: Option<&'a RawValue>,
}

impl DirectSend<'_> {
    fn into_request(self, kind: &str, payload: Bytes) -> Result<Request, DecodeError> {
        let Self { to_participant_id, kind: word, message, meshagent } = self;
        let message = DirectMessage { kind: word, message, meshagent };
        let outgoing = message.into_outgoing(kind, payload)?;
        Ok(Request::Send { to: ParticipantId::new(&to_participant_id), outgoing })
    }
}

/// `messaging.broadcast`.
#[derive(Deserialize)]
struct DirectMessage<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    message: &'a RawValue,
    #[serde(borrow, rename = "__meshagent__")]
    meshagent: Option<&'a RawValue>,
}

impl DirectMessage<'_> {
    fn into_outgoing(self, kind: &str, attachment: Bytes) -> Result<Outgoing, DecodeError> {
        let Self { kind: word, message, meshagent: _ } = self;
        let message = object(kind, JsonText::from_valid(message.get()))?;
        Ok(Outgoing { kind: word, message, attachment })
    }
}

/// `room.invoke_tool`. What may be large stays where it is.
#[derive(Deserialize)]
struct Invoke<'a> {
    toolkit: String,
    tool: String,
    tool_call_id: Option<String>,
    #[serde(borrow)]
    arguments: Option<Arguments<'a>>,
    #[serde(borrow, rename = "__meshagent__")]
    meshagent: Option<&'a RawValue>,
}

#[cfg(not(target_arch = "wasm32"))]
fn traced_by(meshagent: Option<&RawValue>) -> Option<Trace> {
    meshagent.and_then(|value| Trace::read(value.get()))
}

/// In the rooms of a page nobody traces.
#[cfg(target_arch = "wasm32")]
fn traced_by(_: Option<&RawValue>) -> Option<Trace> {
    None
}

/// The arguments of a tool call, as far as messaging looks at them.
#[derive(Deserialize)]
struct Arguments<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    json: Option<&'a RawValue>,
    method: Option<String>,
}

impl Invoke<'_> {
    fn into_request(self, kind: &str) -> Result<Request, DecodeError> {
        let Self { toolkit, tool, tool_call_id, arguments, meshagent: _ } = self;
        if toolkit != "messaging" {
            return Err(field(kind, &format!("this room has no toolkit {toolkit:?}")));
        }
        match tool.as_str() {
            "enable" => Ok(Request::Enable),
            "disable" => Ok(Request::Disable),
            "send" => {
                let input = input(kind, arguments)?;
                let to = input.to_participant_id.as_deref();
                let to = to.ok_or_else(|| field(kind, "missing field `to_participant_id`"))?;
                let to = ParticipantId::new(to);
                Ok(Request::Send { to, outgoing: input.into_outgoing(kind)? })
            }
            "broadcast" => {
                let input = input(kind, arguments)?;
                Ok(Request::Broadcast { outgoing: input.into_outgoing(kind)? })
            }
            "stream" => {
                let is_open = arguments.is_some_and(|arguments| {
                    arguments.kind == "control" && arguments.method.as_deref() == Some("open")
                });
                match tool_call_id {
                    Some(tool_call_id) if is_open => Ok(Request::OpenCall { tool_call_id }),
                    Some(_) => Err(field(kind, "a stream must start with an open control chunk")),
                    None => Err(field(kind, "missing field `tool_call_id`")),
                }
            }
            _ => Err(field(kind, &format!("the toolkit messaging has no tool {tool:?}"))),
        }
    }
}

/// The input of the tools `send` and `broadcast`.
#[derive(Deserialize)]
struct ToolInput<'a> {
    to_participant_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    message_json: String,
    #[serde(borrow)]
    attachment_base64: Option<&'a RawValue>,
}

impl ToolInput<'_> {
    fn into_outgoing(self, kind: &str) -> Result<Outgoing, DecodeError> {
        let message = object(kind, JsonText::parse(&self.message_json)?)?;
        let attachment = match self.attachment_base64 {
            None => Bytes::new(),
            Some(text) => attachment(kind, text.get())?,
        };
        Ok(Outgoing { kind: self.kind, message, attachment })
    }
}

/// The bytes of a JSON string of base64.
fn attachment(kind: &str, quoted: &str) -> Result<Bytes, DecodeError> {
    let text = match quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        Some(_) | None => Cow::Owned(read(kind, quoted.as_bytes())?),
    };
    base64::decode(&text).map(Bytes::from).ok_or(DecodeError::Base64)
}

fn input<'a>(kind: &str, arguments: Option<Arguments<'a>>) -> Result<ToolInput<'a>, DecodeError> {
    let json = arguments.filter(|arguments| arguments.kind == "json");
    let json = json.and_then(|arguments| arguments.json);
    let json = json.ok_or_else(|| field(kind, "the arguments must be of type json"))?;
    read(kind, json.get().as_bytes())
}

fn object(kind: &str, value: JsonText) -> Result<JsonText, DecodeError> {
    if value.is_object() { Ok(value) } else { Err(field(kind, "a JSON object is wanted")) }
}

/// For requests without fields; what they hold is ignored.
fn check_object(kind: &str, json: &[u8]) -> Result<(), DecodeError> {
    object(kind, read(kind, json)?).map(|_| ())
}

fn field(kind: &str, detail: &str) -> DecodeError {
    DecodeError::Field { kind: kind.to_owned(), detail: detail.to_owned() }
}

/// Reads JSON with serde: only the server does, and its size does not matter.
fn read<'a, T: Deserialize<'a>>(kind: &str, json: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => field(kind, &error.to_string()),
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => DecodeError::Json(JsonError::of_serde(&error)),
    })
}
