//! What the two sides of a call say. The caller writes its message as a string of JSON, the callee
//! as an object; that is how the official clients have it.

use bytes::Bytes;

use crate::{
    Content, JsonText, Outgoing, ParticipantId, base64,
    frame::Object,
    json::{Fields, Mismatch, Raw},
    session::StreamMessage,
};

/// The caller's first chunk, as the server hands it on.
pub(super) struct First {
    pub(super) from: ParticipantId,
    pub(super) message: StreamMessage,
}

impl First {
    pub(super) fn parse(json: &JsonText) -> Result<Self, &'static str> {
        let words = Words::parse(json)?;
        let from = words.from_participant_id.clone().ok_or("missing from_participant_id")?;
        Ok(Self { from: ParticipantId::new(&from), message: words.into_caller_message()? })
    }
}

/// A later chunk of the caller's.
pub(super) fn from_caller(json: &JsonText) -> Result<StreamMessage, &'static str> {
    Words::parse(json)?.into_caller_message()
}

/// What a callee, or the server for it, tells the caller.
pub(super) enum FromCallee {
    Accepted {
        stream_id: String,
    },
    Message(StreamMessage),
    /// A connection of the callee's is gone; the stream goes on.
    Disconnected,
    Closed {
        status_code: u16,
        message: Option<String>,
    },
    Wrong(&'static str),
}

impl FromCallee {
    pub(super) fn parse(chunk: &Content) -> Self {
        match chunk {
            Content::Json(json) => {
                Words::parse(json).and_then(Words::into_callee_word).unwrap_or_else(Self::Wrong)
            }
            Content::Close { status_code, message } => {
                Self::Closed { status_code: *status_code, message: message.clone() }
            }
            Content::Error { text, .. } => {
                Self::Closed { status_code: FAILED, message: Some(text.clone()) }
            }
            Content::Empty | Content::Text(_) | Content::Open | Content::Other { .. } => {
                Self::Wrong("a chunk must be a JSON object")
            }
        }
    }
}

/// Everything that may stand in a chunk.
struct Words {
    kind: Option<String>,
    word: Option<String>,
    message_json: Option<String>,
    message: Option<JsonText>,
    attachment_base64: Option<String>,
    from_participant_id: Option<String>,
    stream_id: Option<String>,
    reason: Option<String>,
}

impl Words {
    fn parse(json: &JsonText) -> Result<Self, &'static str> {
        Self::read(json).map_err(|_| "a field of the chunk has the wrong type")
    }

    fn read(json: &JsonText) -> Result<Self, Mismatch> {
        let names = &[
            "kind",
            "type",
            "message_json",
            "message",
            "attachment_base64",
            "from_participant_id",
            "stream_id",
            "reason",
        ];
        let fields = Fields::read(json.as_str().as_bytes(), names)?;
        Ok(Self {
            kind: fields.maybe("kind", Raw::string)?,
            word: fields.maybe("type", Raw::string)?,
            message_json: fields.maybe("message_json", Raw::string)?,
            message: fields.maybe("message", Raw::text)?,
            attachment_base64: fields.maybe("attachment_base64", Raw::string)?,
            from_participant_id: fields.maybe("from_participant_id", Raw::string)?,
            stream_id: fields.maybe("stream_id", Raw::string)?,
            reason: fields.maybe("reason", Raw::string)?,
        })
    }

    fn into_caller_message(self) -> Result<StreamMessage, &'static str> {
        let text = self.message_json.as_deref().ok_or("missing message_json")?;
        let message = JsonText::object(text).map_err(|_| "message_json is not a JSON object")?;
        self.into_message(message)
    }

    fn into_callee_word(self) -> Result<FromCallee, &'static str> {
        match self.kind.as_deref() {
            Some("accepted") => {
                let stream_id = self.stream_id.ok_or("missing stream_id")?;
                Ok(FromCallee::Accepted { stream_id })
            }
            Some("message") => {
                let message = self.message.clone().filter(JsonText::is_object);
                let message = message.ok_or("missing message")?;
                self.into_message(message).map(FromCallee::Message)
            }
            Some("client_disconnected") => Ok(FromCallee::Disconnected),
            Some("closed") => Ok(FromCallee::Closed { status_code: FAILED, message: self.reason }),
            Some(_) | None => Err("a chunk of an unknown kind"),
        }
    }

    fn into_message(self, message: JsonText) -> Result<StreamMessage, &'static str> {
        let kind = self.word.ok_or("missing type")?;
        let attachment = match self.attachment_base64.as_deref() {
            None | Some("") => Bytes::new(),
            Some(text) => base64::decode(text).ok_or("the attachment is not valid base64")?.into(),
        };
        Ok(StreamMessage { kind, message, attachment })
    }
}

/// A chunk of the caller's; the first one names the recipient.
pub(super) fn caller_chunk(to: Option<&ParticipantId>, outgoing: &Outgoing) -> Content {
    let mut object = object_for(outgoing);
    if let Some(to) = to {
        object = object.string("to_participant_id", to.as_str());
    }
    let object = object.string("type", &outgoing.kind);
    chunk(object.string("message_json", outgoing.message.as_str()), outgoing)
}

/// A chunk of the callee's.
pub(super) fn callee_chunk(outgoing: &Outgoing) -> Content {
    let object = object_for(outgoing).plain("kind", "message").string("type", &outgoing.kind);
    chunk(object.json("message", outgoing.message.as_str()), outgoing)
}

fn object_for(outgoing: &Outgoing) -> Object {
    Object::with_capacity(outgoing.message.as_str().len() + outgoing.attachment.len() / 3 * 4 + 128)
}

fn chunk(object: Object, outgoing: &Outgoing) -> Content {
    let object = if outgoing.attachment.is_empty() {
        object.json("attachment_base64", "null")
    } else {
        object.base64("attachment_base64", &outgoing.attachment)
    };
    Content::Json(object.into_text())
}

/// What a message takes of the inbox.
pub(super) fn cost(message: &StreamMessage) -> usize {
    message.kind.len() + message.message.as_str().len() + message.attachment.len()
}

/// Any status but 1000.
const FAILED: u16 = 1011;
