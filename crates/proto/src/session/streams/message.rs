//! The messages of streams: `stream.open`, `accept`, `reject`, `chunk`, `close`, `credit`.
//!
//! The first five are the official ones of generation 1. What we add to them official clients
//! ignore: credit, under the key `room_messaging`, and the reason of a close that is not clean.

use crate::{
    Extensions, JsonText,
    frame::{Object, system},
    json::{Fields, Raw},
    session::streams::window::Window,
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
    pub(super) room_messaging: Option<Addition>,
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
        if let Some(addition) = self.room_messaging {
            object = object.open(Extensions::KEY);
            object = match addition {
                Addition::Understood => object.json("credit", "true"),
                Addition::Credit { credit, most } => {
                    object.json("credit", &credit.to_string()).json("window", &most.to_string())
                }
                Addition::Starved => object.json("starved", "true"),
            };
            object = object.close();
        }
        object.into_text()
    }
}

/// What we add to the official messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Addition {
    /// To an offer: the opener understands credit.
    Understood,
    /// To an acceptance: the bytes that may be sent before there is more, and those that may be
    /// under way at the most.
    Credit { credit: usize, most: usize },
    /// To a chunk: its writer had to wait for credit.
    Starved,
}

impl Addition {
    pub(super) fn window(window: &Window) -> Self {
        Self::Credit { credit: window.size(), most: window.most() }
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
    credit: Option<u64>,
    most: Option<u64>,
    was_starved: bool,
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
        self.room_messaging.as_ref()?.credit
    }

    /// In an acceptance: the bytes that may be under way at the most.
    pub(super) fn most(&self) -> Option<u64> {
        self.room_messaging.as_ref()?.most
    }

    /// In a chunk: whether its writer had to wait for credit.
    pub(super) fn was_starved(&self) -> bool {
        self.room_messaging.as_ref().is_some_and(|extension| extension.was_starved)
    }
}

impl Extension {
    fn parse(raw: Raw<'_>) -> Option<Self> {
        let fields = Fields::read(raw.bytes(), &["credit", "window", "starved"]).ok()?;
        let credit = fields.find("credit");
        Some(Self {
            understands: credit.and_then(Raw::flag),
            credit: credit.and_then(Raw::unsigned),
            most: fields.find("window").and_then(Raw::unsigned),
            was_starved: fields.find("starved").and_then(Raw::flag).unwrap_or_default(),
        })
    }
}

/// A value of another kind, as it is written.
fn as_text(raw: Raw<'_>) -> Option<String> {
    str::from_utf8(raw.bytes()).ok().map(str::to_owned)
}
