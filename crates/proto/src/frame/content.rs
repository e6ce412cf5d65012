//! Reading and writing content objects.

use serde::Deserialize;

use crate::{Content, DecodeError, JsonText, frame::write::Object, json::JsonError};

impl Content {
    /// The JSON of the content object.
    pub(super) fn to_json(&self) -> String {
        match self {
            Self::Empty => Object::new().plain("type", "empty").end(),
            Self::Json(json) => Object::with_capacity(json.as_str().len() + 24)
                .plain("type", "json")
                .json("json", json.as_str())
                .end(),
            Self::Text(text) => Object::new().plain("type", "text").string("text", text).end(),
            Self::Error { text, code } => {
                let object = Object::new().plain("type", "error").string("text", text);
                match code {
                    Some(code) => object.json("code", &code.to_string()).end(),
                    None => object.end(),
                }
            }
            Self::Open => Object::new().plain("type", "control").plain("method", "open").end(),
            Self::Close { status_code, message } => {
                let object = Object::new()
                    .plain("type", "control")
                    .plain("method", "close")
                    .json("status_code", &status_code.to_string());
                match message {
                    Some(message) => object.string("message", message).end(),
                    None => object.end(),
                }
            }
            Self::Other { kind } => Object::new().string("type", kind).end(),
        }
    }

    /// Reads a content object out of a message of type `kind`.
    pub(super) fn from_json(kind: &str, json: &[u8]) -> Result<Self, DecodeError> {
        let fields: Fields = read(kind, json)?;
        fields.into_content(kind)
    }
}

/// What content objects consist of.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "type")]
    kind: String,
    json: Option<JsonText>,
    text: Option<String>,
    code: Option<Code>,
    method: Option<String>,
    status_code: Option<u16>,
    message: Option<String>,
}

/// A number, or the same in a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Number(i64),
    Digits(String),
    Other(serde::de::IgnoredAny),
}

impl Code {
    fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Digits(digits) => digits.parse().ok(),
            Self::Other(_) => None,
        }
    }
}

impl Fields {
    fn into_content(self, message_kind: &str) -> Result<Content, DecodeError> {
        let Self { kind, json, text, code, method, status_code, message } = self;
        let missing = |what: &str| DecodeError::Field {
            kind: message_kind.to_owned(),
            detail: format!("content of type {kind} lacks {what}"),
        };
        Ok(match (kind.as_str(), method.as_deref()) {
            ("empty", _) => Content::Empty,
            ("json", _) => {
                let json = json.filter(JsonText::is_object);
                Content::Json(json.ok_or_else(|| missing("an object `json`"))?)
            }
            ("text", _) => Content::Text(text.ok_or_else(|| missing("`text`"))?),
            ("error", _) => {
                let text = text.ok_or_else(|| missing("`text`"))?;
                Content::Error { text, code: code.and_then(Code::number) }
            }
            ("control", Some("open")) => Content::Open,
            ("control", Some("close")) => {
                Content::Close { status_code: status_code.unwrap_or(NORMAL), message }
            }
            _ => Content::Other { kind },
        })
    }
}

/// Reads the header of a message.
pub(super) fn read<'a, T: Deserialize<'a>>(kind: &str, json: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            DecodeError::Field { kind: kind.to_owned(), detail: error.to_string() }
        }
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => DecodeError::Json(JsonError::new(&error)),
    })
}

/// The status of a close that says nothing else.
const NORMAL: u16 = 1000;
