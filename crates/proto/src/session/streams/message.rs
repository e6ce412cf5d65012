//! The messages of streams: `stream.open`, `accept`, `reject`, `chunk`, `close`, `credit`.
//!
//! The first five are the official ones of generation 1. What we add to them official clients
//! ignore: credit, under the key `room_messaging`, and the reason of a close that is not clean.

use crate::{
    Extensions, JsonText,
    frame::{Object, system},
    json::{Fields, Raw},
};

/// The `type` of a stream's message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::session) enum StreamKind {
    Open,
    Accept,
    Reject,
    Chunk,
    Close,
    Credit,
}

impl StreamKind {
    const ALL: [Self; 6] =
        [Self::Open, Self::Accept, Self::Reject, Self::Chunk, Self::Close, Self::Credit];

    pub(in crate::session) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub(in crate::session) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "stream.open",
            Self::Accept => "stream.accept",
            Self::Reject => "stream.reject",
            Self::Chunk => system::STREAM_CHUNK,
            Self::Close => "stream.close",
            Self::Credit => system::STREAM_CREDIT,
        }
    }
}

/// What is written. Fields that are `None` are left out.
#[derive(Debug, Default)]
pub(super) struct Outbound<'a> {
    pub(super) stream_id: &'a str,
    pub(super) header: Option<&'a JsonText>,
    pub(super) error: Option<&'a str>,
    pub(super) bytes: Option<usize>,
    pub(super) room_messaging: Option<Credit>,
}

impl Outbound<'_> {
    pub(super) fn to_json(&self) -> JsonText {
        let mut object = Object::new().string("stream_id", self.stream_id);
        if let Some(header) = self.header {
            object = object.json("header", header.as_str());
        }
        if let Some(error) = self.error {
            object = object.string("error", error);
        }
        if let Some(bytes) = self.bytes {
            object = object.json("bytes", &bytes.to_string());
        }
        if let Some(Credit(credit)) = self.room_messaging {
            let credit = credit.map_or_else(|| String::from("true"), |bytes| bytes.to_string());
            let credit = Object::new().json("credit", &credit).end();
            object = object.json(Extensions::KEY, &credit);
        }
        object.into_text()
    }
}

/// What we add to an offer and to its acceptance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Credit(Option<usize>);

impl Credit {
    /// In an offer: the opener understands credit.
    pub(super) const UNDERSTOOD: Self = Self(None);

    /// In an acceptance: the bytes that may be sent before there is more.
    pub(super) fn window(bytes: usize) -> Self {
        Self(Some(bytes))
    }
}

/// What is read: from participants, so only what is needed must be there.
#[derive(Debug)]
pub(super) struct Inbound {
    pub(super) stream_id: String,
    pub(super) header: JsonText,
    error: Option<String>,
    bytes: Option<u64>,
    room_messaging: Option<Extension>,
}

/// What others of our kind add: one or the other.
#[derive(Debug)]
struct Extension {
    understands: Option<bool>,
    window: Option<u64>,
}

impl Inbound {
    pub(super) fn parse(message: &JsonText) -> Option<Self> {
        let names = &["stream_id", "header", "error", "bytes", Extensions::KEY];
        let fields = Fields::read(message.as_str().as_bytes(), names).ok()?;
        let error = fields.find("error").filter(|raw| !raw.is_null());
        Some(Self {
            stream_id: fields.need("stream_id", Raw::string).ok()?,
            header: fields.find("header").map_or_else(|| Some(JsonText::null()), Raw::text)?,
            error: error.and_then(|raw| raw.string().or_else(|| as_text(raw))),
            bytes: fields.find("bytes").and_then(Raw::unsigned),
            room_messaging: fields.find(Extensions::KEY).and_then(Extension::parse),
        })
    }

    /// Why a stream was refused or is not complete, in words; `None` without a word.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// How many bytes more may be sent.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// In an offer: whether the opener understands credit.
    pub(super) fn understands_credit(&self) -> bool {
        let extension = self.room_messaging.as_ref();
        extension.and_then(|extension| extension.understands).unwrap_or_default()
    }

    /// In an acceptance: the bytes that may be sent before there is more, if there is flow control.
    pub(super) fn window(&self) -> Option<u64> {
        self.room_messaging.as_ref()?.window
    }
}

impl Extension {
    fn parse(raw: Raw<'_>) -> Option<Self> {
        let fields = Fields::read(raw.bytes(), &["credit"]).ok()?;
        let credit = fields.find("credit")?;
        Some(Self { understands: credit.flag(), window: credit.unsigned() })
    }
}

/// A value of another kind, as it is written.
fn as_text(raw: Raw<'_>) -> Option<String> {
    str::from_utf8(raw.bytes()).ok().map(str::to_owned)
}
