//! The lines that come.

use bytes::Bytes;
use room_proto::{JsonText, Outgoing, ParticipantId};
use serde::Deserialize;

use crate::describe::pattern;

/// Names a line, for its answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct LineId(pub(crate) u64);

/// The part of a line without which it cannot be answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
}

/// The rest of a line.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", content = "args", rename_all = "camelCase")]
pub(crate) enum Command {
    Join {
        url: String,
        token: String,
    },
    /// `streams` is "accept", or a reason to refuse them.
    Enable {
        streams: Option<String>,
    },
    Disable {},
    Participants {},
    Send(Message),
    Broadcast(Message),
    Burst(Burst),
    SetAttribute {
        name: String,
        value: JsonText,
    },
    Received {},
    OpenStream {
        to: ParticipantText,
        header: JsonText,
    },
    WriteChunks {
        chunks: Vec<Chunk>,
    },
    CloseStream {},
    AbortStream {
        reason: String,
    },
    WriterEnd {},
    Streams {},
    /// Accepts duplex streams, or refuses them for `reason`.
    AnswerDuplex {
        reason: Option<String>,
    },
    OpenDuplex(Message),
    SendDuplex(Message),
    ReceivedDuplex {},
    CloseDuplex {},
    Leave {},
}

/// A participant's id, as the tests have it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ParticipantText(String);

impl ParticipantText {
    pub(crate) fn id(&self) -> ParticipantId {
        ParticipantId::new(&self.0)
    }
}

/// A message with `size` bytes beside it.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    /// Empty where the command has no recipient.
    #[serde(default)]
    pub(crate) to: ParticipantText,
    #[serde(rename = "type")]
    kind: String,
    message: JsonText,
    size: Option<usize>,
}

impl Message {
    pub(crate) fn outgoing(self) -> Outgoing {
        let attachment = Bytes::from(pattern(self.size.unwrap_or(0)));
        Outgoing { kind: self.kind, message: self.message, attachment }
    }
}

/// `count` messages at once.
#[derive(Debug, Deserialize)]
pub(crate) struct Burst {
    pub(crate) to: ParticipantText,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) count: u32,
}

/// A piece of a stream, of `size` bytes.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    pub(crate) header: JsonText,
    pub(crate) size: usize,
}
