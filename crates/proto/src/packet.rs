//! Packets: one packet is one binary WebSocket message.
//!
//! ```text
//!  0           8            12           16
//!  | id: u64   | index: u32 | count: u32 | type, UTF-8 ...      index is 0
//!  | id: u64   | index: u32 | slice of the body ...             index is 1 to count
//! ```
//!
//! Integers are big-endian.

use bytes::Bytes;

use crate::{DecodeError, MessageId};

/// One binary WebSocket message, borrowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packet<'a> {
    /// Opens a message.
    First {
        /// The message's id.
        id: MessageId,
        /// How many data packets follow.
        count: u32,
        /// The message's type.
        kind: &'a str,
    },
    /// Carries a slice of the body.
    Data {
        /// The message's id.
        id: MessageId,
        /// The packet's place, from 1.
        index: u32,
        /// The slice.
        body: &'a [u8],
    },
}

impl<'a> Packet<'a> {
    /// Bytes before the body of a data packet.
    pub const HEADER_LEN: usize = 12;
    /// Bytes before the type in a first packet.
    pub const FIRST_HEADER_LEN: usize = 16;

    /// Reads a packet from the bytes of one WebSocket message.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] if the header is not complete, [`DecodeError::KindNotUtf8`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let truncated = |need| DecodeError::Truncated { need, have: bytes.len() };
        let (id, rest) = bytes.split_first_chunk().ok_or_else(|| truncated(Self::HEADER_LEN))?;
        let (index, body) = rest.split_first_chunk().ok_or_else(|| truncated(Self::HEADER_LEN))?;
        let id = MessageId(u64::from_be_bytes(*id));
        let index = u32::from_be_bytes(*index);
        if index > 0 {
            return Ok(Self::Data { id, index, body });
        }

        let (count, kind) =
            body.split_first_chunk().ok_or_else(|| truncated(Self::FIRST_HEADER_LEN))?;
        let kind = std::str::from_utf8(kind).map_err(|_| DecodeError::KindNotUtf8)?;
        Ok(Self::First { id, count: u32::from_be_bytes(*count), kind })
    }

    /// How many bytes [`Self::encode`] appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::First { kind, .. } => Self::FIRST_HEADER_LEN + kind.len(),
            Self::Data { body, .. } => Self::HEADER_LEN + body.len(),
        }
    }

    /// The packet alone.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.encoded_len());
        self.encode(&mut bytes);
        Bytes::from(bytes)
    }

    /// Appends the packet to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::First { id, count, kind } => {
                out.extend_from_slice(&id.0.to_be_bytes());
                out.extend_from_slice(&0_u32.to_be_bytes());
                out.extend_from_slice(&count.to_be_bytes());
                out.extend_from_slice(kind.as_bytes());
            }
            Self::Data { id, index, body } => {
                out.extend_from_slice(&id.0.to_be_bytes());
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(body);
            }
        }
    }
}
