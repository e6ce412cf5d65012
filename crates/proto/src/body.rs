//! Bodies: the JSON of a message and the bytes beside it.
//!
//! ```text
//! packed   | n: u64 | n bytes of JSON text | payload ...
//! plain    | JSON text ...                                generation 1a, three messages
//! padded   | eight spaces | JSON text ...                 read as plain, and as packed by clamping
//! ```

use bytes::Bytes;

use crate::{DecodeError, Limits};

/// How a body is laid out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum BodyForm {
    /// Length, JSON, payload: everything but the handshake of generation 1a.
    #[default]
    Packed,
    /// The JSON alone.
    Plain,
    /// Eight spaces and the JSON: for clients that take one of the others and do not say which.
    Padded,
}

impl BodyForm {
    /// Writes what is before the JSON.
    pub(crate) fn begin(self, out: &mut Vec<u8>) {
        out.resize(out.len() + self.begin_len(), b' ');
    }

    /// How much that is.
    pub(crate) fn begin_len(self) -> usize {
        if self == Self::Plain { 0 } else { PREFIX_LEN }
    }

    /// Says there how long the JSON is: all that is written from `json_at` on.
    pub(crate) fn end(self, out: &mut [u8], json_at: usize) {
        let length = (out.len() - json_at) as u64;
        if self == Self::Packed
            && let Some(prefix) = out[..json_at].last_chunk_mut()
        {
            *prefix = length.to_be_bytes();
        }
    }
}

/// A body, read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body<'a> {
    /// Which layout it had: plain forms read as [`BodyForm::Plain`].
    pub form: BodyForm,
    /// The JSON text, not yet checked.
    pub json: &'a [u8],
    /// The bytes beside it.
    pub payload: Bytes,
}

impl<'a> Body<'a> {
    /// Reads a body of any layout; the first byte tells which.
    ///
    /// # Errors
    ///
    /// [`DecodeError::HeaderIncomplete`] if it ends before its JSON does,
    /// [`DecodeError::HeaderTooLong`].
    pub fn parse(body: &'a Bytes, limits: &Limits) -> Result<Self, DecodeError> {
        let limit = limits.max_header_bytes;
        if let Some(b'{' | b' ' | b'\t' | b'\n' | b'\r') = body.first() {
            if body.len() > limit {
                return Err(DecodeError::HeaderTooLong { limit, have: body.len() });
            }
            return Ok(Self { form: BodyForm::Plain, json: body, payload: Bytes::new() });
        }

        let (length, rest) = body.split_first_chunk().ok_or(DecodeError::HeaderIncomplete)?;
        let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > limit {
            return Err(DecodeError::HeaderTooLong { limit, have: length });
        }
        if length > rest.len() {
            return Err(DecodeError::HeaderIncomplete);
        }
        let (json, payload) = rest.split_at(length);
        // Most have none, and a share of the body costs more than to read it.
        let payload = if payload.is_empty() { Bytes::new() } else { body.slice_ref(payload) };
        Ok(Self { form: BodyForm::Packed, json, payload })
    }
}

const PREFIX_LEN: usize = 8;
