//! Writing JSON objects member by member, in the order that a dialect wants.

use std::borrow::Cow;

use crate::{JsonStyle, JsonText, base64, json::push_string};

/// A JSON object under construction.
///
/// Values are spliced in as text, so that nothing is decoded that came from somewhere else. An object
/// in another is written in its place, not copied into it.
#[derive(Debug)]
pub(crate) struct Object {
    text: Vec<u8>,
}

impl Object {
    pub(crate) fn new() -> Self {
        Self::with_capacity(128)
    }

    /// An object that will take about `len` bytes.
    pub(crate) fn with_capacity(len: usize) -> Self {
        Self::behind(Vec::with_capacity(len + 2))
    }

    /// An object behind what has been written already.
    pub(crate) fn behind(mut text: Vec<u8>) -> Self {
        text.push(b'{');
        Self { text }
    }

    /// Adds a member whose value is JSON text. The name needs no escapes.
    pub(crate) fn json(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.text.extend_from_slice(value.as_bytes());
        self
    }

    /// Adds a member whose value is a string.
    pub(crate) fn string(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        push_string(&mut self.text, value);
        self
    }

    /// Adds a string that needs no escapes: numbers, names of this protocol.
    pub(crate) fn plain(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.text.push(b'"');
        self.text.extend_from_slice(value.as_bytes());
        self.text.push(b'"');
        self
    }

    /// Adds a string of base64.
    pub(crate) fn base64(mut self, name: &'static str, value: &[u8]) -> Self {
        self.name(name);
        self.text.push(b'"');
        base64::encode(value, &mut self.text);
        self.text.push(b'"');
        self
    }

    /// Adds a member that is an object itself, which the next members go to.
    pub(crate) fn open(mut self, name: &'static str) -> Self {
        self.name(name);
        Self::behind(self.text)
    }

    /// Ends an object in the object.
    pub(crate) fn close(self) -> Self {
        Self { text: self.end() }
    }

    /// Adds a member if `wanted`.
    pub(crate) fn json_if(self, wanted: bool, name: &'static str, value: &str) -> Self {
        if wanted { self.json(name, value) } else { self }
    }

    /// The finished text, behind what was there before.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.text.push(b'}');
        self.text
    }

    /// The same, to be carried.
    pub(crate) fn into_text(self) -> JsonText {
        JsonText::from_written(self.end())
    }

    fn name(&mut self, name: &'static str) {
        // No value ends like this.
        if self.text.last() != Some(&b'{') {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }
}

/// Lays out valid JSON text in a style.
pub(super) fn restyle(text: &str, style: JsonStyle) -> Cow<'_, str> {
    match style {
        JsonStyle::Compact => Cow::Borrowed(text),
        #[cfg(not(target_arch = "wasm32"))]
        JsonStyle::Spaced => Cow::Owned(spaced(text)),
    }
}

/// The same with what is written behind `at`.
pub(super) fn restyle_behind(out: &mut Vec<u8>, at: usize, style: JsonStyle) {
    if style == JsonStyle::Compact {
        return;
    }
    let text = str::from_utf8(out.get(at..).unwrap_or_default()).unwrap_or_default();
    let text = restyle(text, style).into_owned();
    out.truncate(at);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(not(target_arch = "wasm32"))]
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut is_string = false;
    let mut is_escape = false;
    for character in text.chars() {
        match character {
            ' ' | '\t' | '\n' | '\r' if !is_string => continue,
            ' '..='~' => out.push(character),
            other => push_escaped(&mut out, other),
        }
        if !is_string && matches!(character, ',' | ':') {
            out.push(' ');
        }
        match character {
            '"' if !is_escape => is_string = !is_string,
            _ => {}
        }
        is_escape = is_string && character == '\\' && !is_escape;
    }
    out
}

/// As UTF-16 units, which is what JSON's escapes are.
#[cfg(not(target_arch = "wasm32"))]
fn push_escaped(out: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            let digit = u32::from(*unit >> shift) & 0xf;
            out.push(char::from_digit(digit, 16).unwrap_or('0'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_puts_spaces_after_commas_and_colons_but_not_into_strings() {
        let text = r#"{"a":[1,{"b,c":"d:\",e"}], "f" : "\\" , "g":"š😀"}"#;

        let expected = r#"{"a": [1, {"b,c": "d:\",e"}], "f": "\\", "g": "\u0161\ud83d\ude00"}"#;
        assert_eq!(restyle(text, JsonStyle::Spaced), expected);
        assert_eq!(restyle(expected, JsonStyle::Spaced), expected, "it changes nothing twice");
        assert_eq!(restyle(text, JsonStyle::Compact), text);
    }

    #[test]
    fn objects_are_written_in_the_order_given() {
        let object = Object::new().string("a", "\"").json("b", "[1]").open("e");
        let object = object.plain("c", "{").base64("d", b"\0").close();
        let object = object.open("f").close().json("g", "0");

        let expected = r#"{"a":"\"","b":[1],"e":{"c":"{","d":"AA=="},"f":{},"g":0}"#;
        assert_eq!(object.into_text().as_str(), expected);
        assert_eq!(Object::behind(b"8 bytes ".into()).end(), b"8 bytes {}");
    }
}
