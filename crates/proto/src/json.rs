//! JSON text that is checked once and then carried as it is.
//!
//! Messages are never decoded to values: a message may hold lone surrogates as escapes
//! (`"\ud800"`, legal JSON that no Rust string can hold), and the room relays them untouched.

mod read;
mod scan;
mod string;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

pub(crate) use self::read::{Fields, Mismatch, Raw, members};

/// Valid JSON text. Cheap to clone.
#[derive(Clone, Eq, PartialEq)]
pub struct JsonText(Arc<str>);

impl JsonText {
    /// Takes any JSON value.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if `text` is not JSON; `NaN` and `Infinity` are not.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let value = Raw::parse(text.as_bytes())?.text();
        value.ok_or_else(|| JsonError::new("UTF-8 is wanted", 0))
    }

    /// Takes a JSON object.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if `text` is not JSON or not an object.
    pub fn object(text: &str) -> Result<Self, JsonError> {
        let value = Self::parse(text)?;
        if value.is_object() { Ok(value) } else { Err(JsonError::not_an_object()) }
    }

    /// `{}`.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(Arc::from("{}"))
    }

    /// Takes text that is known to be JSON.
    pub(crate) fn from_valid(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// Takes what was written here, of texts and ASCII.
    pub(crate) fn from_written(text: Vec<u8>) -> Self {
        Self(Arc::from(String::from_utf8(text).unwrap_or_default()))
    }

    /// Writes a string.
    #[must_use]
    pub fn from_string(text: &str) -> Self {
        let mut quoted = Vec::new();
        push_string(&mut quoted, text);
        Self::from_written(quoted)
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(Arc::from("null"))
    }

    /// Writes a value whose serialization cannot fail: strings, numbers, structs and maps with
    /// string keys.
    #[must_use]
    pub fn from_value(value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).unwrap_or_else(|_| String::from("null"));
        Self(Arc::from(text))
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer).map_err(de::Error::custom)?;
        Ok(Self(Arc::from(raw.get())))
    }
}

/// Appends a JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    string::encode(text, out);
}

/// How JSON text is laid out when it is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum JsonStyle {
    /// No spaces, UTF-8: what `JSON.stringify` writes.
    #[default]
    Compact,
    /// `", "` and `": "`, and `\uXXXX` for all that is not ASCII: what Python's `json` writes.
    #[cfg(not(target_arch = "wasm32"))]
    Spaced,
}

/// The text is not the JSON that was wanted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not valid JSON: {detail}")]
pub struct JsonError {
    detail: String,
}

impl JsonError {
    #[cold]
    fn new(wanted: &str, at: usize) -> Self {
        Self { detail: format!("{wanted} at byte {at}") }
    }

    /// What serde_json has to say.
    pub(crate) fn of_serde(error: &serde_json::Error) -> Self {
        Self { detail: error.to_string() }
    }

    fn not_an_object() -> Self {
        Self { detail: String::from("an object is wanted") }
    }
}
