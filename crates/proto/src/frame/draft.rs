//! Messages under construction, in the memory in which they are sent.

use bytes::Bytes;

use super::write::{Object, restyle_behind};
use crate::{JsonStyle, Message, MessageId, body::BodyForm};

/// What of a message is not its JSON.
pub(super) struct Draft {
    pub(super) id: MessageId,
    pub(super) kind: &'static str,
    pub(super) form: BodyForm,
    pub(super) style: JsonStyle,
    /// The bytes beside the JSON; the plain forms have no room for such.
    pub(super) payload: Bytes,
}

impl Draft {
    /// An object behind what is before it in the message. It will take about `len` bytes.
    pub(super) fn object(&self, len: usize) -> Object {
        Object::behind(self.begin(len))
    }

    /// The message with this object.
    pub(super) fn with(self, object: Object) -> Message {
        self.end(object.end())
    }

    /// The message with JSON text that there is already.
    pub(super) fn with_text(self, json: &str) -> Message {
        let mut out = self.begin(json.len());
        out.extend_from_slice(json.as_bytes());
        self.end(out)
    }

    fn begin(&self, len: usize) -> Vec<u8> {
        let len = len + SMALL_BYTES + self.payload.len();
        let mut out = Message::begin(self.id, self.kind, len);
        self.form.begin(&mut out);
        out
    }

    fn end(self, mut out: Vec<u8>) -> Message {
        let json_at = Message::begin_len(self.kind) + self.form.begin_len();
        restyle_behind(&mut out, json_at, self.style);
        self.form.end(&mut out, json_at);
        out.extend_from_slice(&self.payload);
        Message::written(self.id, self.kind, out)
    }
}

/// What names and ids take, about.
pub(super) const SMALL: usize = 128;
/// What is between the packets' heads and the JSON, and its braces.
const SMALL_BYTES: usize = 16;
