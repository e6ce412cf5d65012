//! What happens in a room, one line each: as JSON, or for people.

use anstyle::Style;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use room_proto::{Delivered, JsonText, ParticipantId, SessionError, session::Participant};
use serde::{Deserialize, Serialize};

use crate::{
    commands::messaging::{recipient::name_of, roster::Roster},
    json_layout::compact,
    output::{harmless, print_json, print_styled},
};

/// How lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lines {
    /// One object each, with the key `event`.
    Json,
    /// In words; with colours on a terminal.
    Plain,
}

/// Something that happens.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Message {
        from: &'a str,
        #[serde(rename = "type")]
        kind: &'a str,
        message: &'a JsonText,
        attachment_base64: Option<String>,
    },
    ParticipantAdded {
        participant: Who<'a>,
    },
    ParticipantRemoved {
        participant: Who<'a>,
    },
    ParticipantUpdated {
        id: &'a str,
        changed: &'a JsonText,
    },
    StreamOpened {
        stream: &'a str,
        from: &'a str,
        header: &'a JsonText,
    },
    StreamChunk {
        stream: &'a str,
        header: &'a JsonText,
        data_base64: String,
    },
    StreamClosed {
        stream: &'a str,
        error: Option<Fault<'a>>,
    },
}

/// A participant, as `room messaging list` has it.
#[derive(Debug, Serialize)]
pub(super) struct Who<'a> {
    id: &'a str,
    role: &'a str,
    attributes: &'a JsonText,
}

impl<'a> From<&'a Participant> for Who<'a> {
    fn from(participant: &'a Participant) -> Self {
        let Participant { id, role, attributes } = participant;
        Self { id: id.as_str(), role, attributes }
    }
}

/// Why a stream is not complete.
#[derive(Debug, Serialize)]
pub(super) struct Fault<'a> {
    code: &'static str,
    message: &'a str,
}

impl<'a> From<&'a SessionError> for Fault<'a> {
    fn from(error: &'a SessionError) -> Self {
        Self { code: error.code.as_str(), message: &error.message }
    }
}

impl<'a> From<&'a Delivered> for Line<'a> {
    fn from(delivered: &'a Delivered) -> Self {
        let Delivered { from, kind, message, attachment, trace: _ } = delivered;
        let attachment_base64 = (!attachment.is_empty()).then(|| STANDARD.encode(attachment));
        Self::Message { from: from.as_str(), kind, message, attachment_base64 }
    }
}

impl<'a> Line<'a> {
    /// A piece of a stream.
    pub(super) fn chunk(stream: &'a str, header: &'a JsonText, data: &Bytes) -> Self {
        Self::StreamChunk { stream, header, data_base64: STANDARD.encode(data) }
    }
}

impl Lines {
    /// Prints a line at once.
    pub(super) fn print(self, roster: &Roster, line: &Line<'_>) -> anyhow::Result<()> {
        match self {
            Self::Json => print_json(line),
            Self::Plain => print_styled(&plain(roster, line)),
        }
    }
}

fn plain(roster: &Roster, line: &Line<'_>) -> String {
    match line {
        Line::Message { from, kind, message, attachment_base64 } => {
            let attachment = attachment_base64.as_ref().map_or("", |_| " [with an attachment]");
            let from = styled(&roster.called(from));
            match text_of(kind, message) {
                Some(text) => format!("{from}: {}{attachment}", harmless(&text)),
                None => {
                    let json = harmless(&compact(message.as_str()));
                    format!("{from} {}: {json}{attachment}", harmless(kind))
                }
            }
        }
        Line::ParticipantAdded { participant } => {
            format!("* {} is here", styled(&who(participant)))
        }
        Line::ParticipantRemoved { participant } => {
            format!("* {} has left", styled(&who(participant)))
        }
        Line::ParticipantUpdated { id, changed } => {
            let changed = harmless(&compact(changed.as_str()));
            format!("* {} has changed: {changed}", styled(&roster.called(id)))
        }
        Line::StreamOpened { stream, from, header } => {
            let header = harmless(&compact(header.as_str()));
            let from = styled(&roster.called(from));
            format!("* {from} opens the stream {}: {header}", harmless(stream))
        }
        Line::StreamChunk { stream, data_base64, .. } => {
            let bytes = data_base64.len() / 4 * 3
                - data_base64.bytes().rev().take_while(|byte| *byte == b'=').count();
            format!("* {bytes} bytes of the stream {}", harmless(stream))
        }
        Line::StreamClosed { stream, error: None } => {
            format!("* the stream {} is complete", harmless(stream))
        }
        Line::StreamClosed { stream, error: Some(Fault { code, message }) } => {
            format!("* the stream {} has failed: {code}: {}", harmless(stream), harmless(message))
        }
    }
}

/// The text of a chat, which needs no JSON around it.
fn text_of(kind: &str, message: &JsonText) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        text: String,
    }

    let text = kind.starts_with("chat.").then(|| serde_json::from_str(message.as_str()).ok());
    text.flatten().map(|Text { text }| text)
}

fn who(who: &Who<'_>) -> String {
    let Who { id, role, attributes } = who;
    let participant = Participant {
        id: ParticipantId::new(id),
        role: (*role).to_owned(),
        attributes: (*attributes).clone(),
    };
    let name = name_of(&participant);
    if name.is_empty() { (*id).to_owned() } else { name }
}

fn styled(name: &str) -> String {
    let bold = Style::new().bold();
    format!("{bold}{}{bold:#}", harmless(name))
}
