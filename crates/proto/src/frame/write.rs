//! Writing JSON objects member by member, in the order that a dialect wants.

use std::borrow::Cow;

use crate::{JsonStyle, JsonText, json::push_string};

/// A JSON object under construction.
///
/// Values are spliced in as text, so that nothing is decoded that came from somewhere else.
#[derive(Debug)]
pub(crate) struct Object {
    text: String,
}

impl Object {
    /// An object that will take about `len` bytes.
    pub(crate) fn with_capacity(len: usize) -> Self {
        let mut text = String::with_capacity(len + 2);
        text.push('{');
        Self { text }
    }

    pub(crate) fn new() -> Self {
        Self::with_capacity(128)
    }

    /// Adds a member whose value is JSON text. The name needs no escapes.
    pub(crate) fn json(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.text.push_str(value);
        self
    }

    /// Adds a member whose value is a string.
    pub(crate) fn string(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        push_string(&mut self.text, value);
        self
    }

    /// Adds a string that needs no escapes: base64, numbers, names of this protocol.
    pub(crate) fn plain(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.text.reserve(value.len() + 2);
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
        self
    }

    /// Adds a member if `wanted`.
    pub(crate) fn json_if(self, wanted: bool, name: &'static str, value: &str) -> Self {
        if wanted { self.json(name, value) } else { self }
    }

    /// The finished text.
    pub(crate) fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }

    /// The same, to be carried.
    pub(crate) fn into_text(self) -> JsonText {
        JsonText::from_valid(&self.end())
    }

    fn name(&mut self, name: &'static str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
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
        let object = Object::new().string("a", "\"").json("b", "[1]").plain("c", "d").end();

        assert_eq!(object, r#"{"a":"\"","b":[1],"c":"d"}"#);
        assert_eq!(Object::new().end(), "{}");
    }
}
