//! Reading the few fields that the protocol looks at. All else stays text.
//!
//! Written by hand, and with one function for objects of all kinds: what serde derives for each of
//! them was the largest part of the browser's module.

use super::{JsonError, JsonText, scan::Scanner, string};
use crate::DecodeError;

/// Valid JSON text of one value, a part of a larger one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a>(&'a [u8]);

impl<'a> Raw<'a> {
    /// The value that is the whole text.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value()?;
        scanner.end()?;
        Ok(Self(value))
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == b"null"
    }

    /// A string without lone surrogates.
    pub(crate) fn string(self) -> Option<String> {
        String::from_utf8(string::decode(self.0)?).ok()
    }

    /// A string, as near as a Rust string comes to it.
    pub(crate) fn lossy(self) -> Option<String> {
        let mut text = string::decode(self.0)?;
        string::replace_lone_surrogates(&mut text);
        String::from_utf8(text).ok()
    }

    /// A number without a fraction.
    pub(crate) fn unsigned(self) -> Option<u64> {
        str::from_utf8(self.0).ok()?.parse().ok()
    }

    /// The same, below zero too.
    pub(crate) fn signed(self) -> Option<i64> {
        str::from_utf8(self.0).ok()?.parse().ok()
    }

    pub(crate) fn flag(self) -> Option<bool> {
        match self.0 {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// Any value, to be carried.
    pub(crate) fn text(self) -> Option<JsonText> {
        str::from_utf8(self.0).ok().map(JsonText::from_valid)
    }

    /// What is in an array.
    pub(crate) fn elements(self) -> Option<Vec<Self>> {
        let mut scanner = Scanner::new(self.0);
        if scanner.peek() != Some(b'[') {
            return None;
        }
        let mut elements = Vec::new();
        let mut has_more = scanner.opens(b']');
        while has_more {
            elements.push(Self(scanner.value().ok()?));
            has_more = scanner.has_more(b']').ok()?;
        }
        Some(elements)
    }
}

/// Walks over the members of the object that is the whole text. Names have their quotes.
pub(crate) fn members<'a>(
    text: &'a [u8],
    visit: &mut dyn FnMut(Raw<'a>, Raw<'a>) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    let mut scanner = Scanner::new(text);
    if scanner.peek() != Some(b'{') {
        // Whether it is JSON at all is the first question.
        Raw::parse(text)?;
        return Err(Mismatch::Field(String::from("a JSON object is wanted")));
    }
    let mut has_more = scanner.opens(b'}');
    while has_more {
        let name = scanner.name()?;
        visit(Raw(name), Raw(scanner.value()?))?;
        has_more = scanner.has_more(b'}')?;
    }
    Ok(scanner.end()?)
}

/// The text is not what was wanted.
#[derive(Debug)]
pub(crate) enum Mismatch {
    /// It is not JSON.
    Json(JsonError),
    /// A field is missing or of the wrong type.
    Field(String),
}

impl Mismatch {
    /// The same about a message of type `kind`.
    pub(crate) fn of(self, kind: &str) -> DecodeError {
        match self {
            Self::Json(error) => DecodeError::Json(error),
            Self::Field(detail) => DecodeError::Field { kind: kind.to_owned(), detail },
        }
    }
}

impl From<JsonError> for Mismatch {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

/// The fields of an object that somebody looks for, by name. Others are not kept.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    names: &'static [&'static str],
    found: [Option<Raw<'a>>; MOST],
}

impl<'a> Fields<'a> {
    /// Reads an object in which each of `names`, at most [`MOST`], stands once or not at all.
    pub(crate) fn read(text: &'a [u8], names: &'static [&'static str]) -> Result<Self, Mismatch> {
        let mut fields = Self { names, found: [None; MOST] };
        members(text, &mut |name, value| fields.put(name, value))?;
        Ok(fields)
    }

    /// One that must be there, as what `read` makes of it: `a string`, or `what` it is.
    pub(crate) fn need<T>(
        &self,
        name: &str,
        read: impl FnOnce(Raw<'a>) -> Option<T>,
    ) -> Result<T, Mismatch> {
        self.find(name)
            .ok_or_else(|| missing(name))
            .and_then(|raw| read(raw).ok_or_else(|| wrong(name)))
    }

    /// One that may be left out, or null.
    pub(crate) fn maybe<T>(
        &self,
        name: &str,
        read: impl FnOnce(Raw<'a>) -> Option<T>,
    ) -> Result<Option<T>, Mismatch> {
        match self.find(name).filter(|raw| !raw.is_null()) {
            None => Ok(None),
            Some(raw) => read(raw).ok_or_else(|| wrong(name)).map(Some),
        }
    }

    /// One that may be anything.
    pub(crate) fn find(&self, name: &str) -> Option<Raw<'a>> {
        let index = self.names.iter().position(|known| *known == name)?;
        self.found[index]
    }

    fn put(&mut self, name: Raw<'a>, value: Raw<'a>) -> Result<(), Mismatch> {
        let mut slots = self.names.iter().zip(&mut self.found);
        let Some((known, slot)) = slots.find(|(known, _)| string::is(name.bytes(), known)) else {
            return Ok(());
        };
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(Mismatch::Field(format!("duplicate field `{known}`"))),
        }
    }
}

/// Apart from the places that need them, of which there are many.
#[cold]
#[inline(never)]
fn missing(name: &str) -> Mismatch {
    Mismatch::Field(format!("missing field `{name}`"))
}

#[cold]
#[inline(never)]
fn wrong(name: &str) -> Mismatch {
    Mismatch::Field(format!("`{name}` is of the wrong type"))
}

/// How many fields somebody looks for at once.
const MOST: usize = 8;
