//! The messages of streams: `stream.open`, `accept`, `reject`, `chunk`, `close`, `credit`.
//!
//! The first five are the official ones of generation 1. What we add to them official clients
//! ignore: credit, under the key `room_messaging`, and the reason of a close that is not clean.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::JsonText;

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
            Self::Chunk => "stream.chunk",
            Self::Close => "stream.close",
            Self::Credit => "stream.credit",
        }
    }
}

/// What is written. Fields that are `None` are left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outbound<'a> {
    pub(super) stream_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<&'a JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room_messaging: Option<Credit>,
}

/// What we add to an offer and to its acceptance.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Credit {
    credit: CreditValue,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum CreditValue {
    Understood(bool),
    Bytes(usize),
}

impl Credit {
    /// In an offer: the opener understands credit.
    pub(super) const UNDERSTOOD: Self = Self { credit: CreditValue::Understood(true) };

    /// In an acceptance: the bytes that may be sent before there is more.
    pub(super) fn window(bytes: usize) -> Self {
        Self { credit: CreditValue::Bytes(bytes) }
    }
}

/// What is read: from participants, so only what is needed must be there.
#[derive(Debug, Deserialize)]
pub(super) struct Inbound {
    pub(super) stream_id: String,
    #[serde(default = "null")]
    pub(super) header: JsonText,
    #[serde(default = "null")]
    error: JsonText,
    #[serde(default = "null")]
    bytes: JsonText,
    #[serde(default = "null")]
    room_messaging: JsonText,
}

impl Inbound {
    pub(super) fn parse(message: &JsonText) -> Option<Self> {
        read(message)
    }

    /// Why a stream was refused or is not complete, in words; `None` without a word.
    pub(super) fn error(&self) -> Option<String> {
        if self.error == null() {
            return None;
        }
        Some(read(&self.error).unwrap_or_else(|| self.error.as_str().to_owned()))
    }

    /// How many bytes more may be sent.
    pub(super) fn bytes(&self) -> Option<u64> {
        read(&self.bytes)
    }

    /// In an offer: whether the opener understands credit.
    pub(super) fn understands_credit(&self) -> bool {
        read::<Extension<bool>>(&self.room_messaging).is_some_and(|extension| extension.credit)
    }

    /// In an acceptance: the bytes that may be sent before there is more, if there is flow control.
    pub(super) fn window(&self) -> Option<u64> {
        read::<Extension<u64>>(&self.room_messaging).map(|extension| extension.credit)
    }
}

#[derive(Deserialize)]
struct Extension<T> {
    credit: T,
}

fn read<T: DeserializeOwned>(text: &JsonText) -> Option<T> {
    serde_json::from_str(text.as_str()).ok()
}

fn null() -> JsonText {
    JsonText::from_value(&())
}
