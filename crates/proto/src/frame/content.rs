//! Reading and writing content objects.

use crate::{
    Content, DecodeError, JsonText,
    frame::write::Object,
    json::{Fields, Mismatch, Raw},
};

impl Content {
    /// Adds the members of the content object.
    pub(super) fn write(&self, object: Object) -> Object {
        match self {
            Self::Empty => object.plain("type", "empty"),
            Self::Json(json) => object.plain("type", "json").json("json", json.as_str()),
            Self::Text(text) => object.plain("type", "text").string("text", text),
            Self::Error { text, code } => {
                let object = object.plain("type", "error").string("text", text);
                match code {
                    Some(code) => object.json("code", &code.to_string()),
                    None => object,
                }
            }
            Self::Open => object.plain("type", "control").plain("method", "open"),
            Self::Close { status_code, message } => {
                let object = object
                    .plain("type", "control")
                    .plain("method", "close")
                    .json("status_code", &status_code.to_string());
                match message {
                    Some(message) => object.string("message", message),
                    None => object,
                }
            }
            Self::Other { kind } => object.string("type", kind),
        }
    }

    /// How many bytes of text are in it.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(json) => json.as_str().len(),
            Self::Text(text) | Self::Error { text, .. } => text.len(),
            Self::Close { .. } | Self::Other { .. } | Self::Empty | Self::Open => 0,
        }
    }

    /// Reads a content object out of a message of type `kind`.
    pub(super) fn from_json(kind: &str, json: &[u8]) -> Result<Self, DecodeError> {
        Self::read(json).map_err(|mismatch| mismatch.of(kind))
    }

    fn read(json: &[u8]) -> Result<Self, Mismatch> {
        let names = &["type", "json", "text", "code", "method", "status_code", "message"];
        let fields = Fields::read(json, names)?;
        let kind = fields.need("type", Raw::string)?;
        let json = fields.maybe("json", Raw::text)?;
        let text = fields.maybe("text", Raw::string)?;
        let method = fields.maybe("method", Raw::string)?;
        let status_code = fields.maybe("status_code", status)?;
        let message = fields.maybe("message", Raw::string)?;

        let missing = |what: &str| Mismatch::Field(format!("content of type {kind} lacks {what}"));
        Ok(match (kind.as_str(), method.as_deref()) {
            ("empty", _) => Self::Empty,
            ("json", _) => {
                let json = json.filter(JsonText::is_object);
                Self::Json(json.ok_or_else(|| missing("an object `json`"))?)
            }
            ("text", _) => Self::Text(text.ok_or_else(|| missing("`text`"))?),
            ("error", _) => {
                let text = text.ok_or_else(|| missing("`text`"))?;
                Self::Error { text, code: fields.find("code").and_then(code) }
            }
            ("control", Some("open")) => Self::Open,
            ("control", Some("close")) => {
                Self::Close { status_code: status_code.unwrap_or(NORMAL), message }
            }
            _ => Self::Other { kind },
        })
    }
}

/// Reads a chunk of a duplex stream, either way: the name of the call and what it brings.
pub(super) fn chunk(kind: &str, json: &[u8]) -> Result<(String, Content), DecodeError> {
    let read = || {
        let fields = Fields::read(json, &["tool_call_id", "chunk"])?;
        let name = fields.need("tool_call_id", Raw::string)?;
        Ok((name, Content::read(fields.need("chunk", Some)?.bytes())?))
    };
    read().map_err(|mismatch: Mismatch| mismatch.of(kind))
}

/// A number, or the same in a string.
fn code(raw: Raw<'_>) -> Option<i64> {
    raw.signed().or_else(|| raw.string()?.parse().ok())
}

fn status(raw: Raw<'_>) -> Option<u16> {
    raw.unsigned()?.try_into().ok()
}

/// The status of a close that says nothing else.
const NORMAL: u16 = 1000;
