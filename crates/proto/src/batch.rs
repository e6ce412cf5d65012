//! Several packets in one WebSocket message.
//!
//! What a message costs a browser is its frames, whatever is in them. So whoever knows that the other
//! end can read this puts what waits together. A batch begins as a data packet of a message that
//! cannot be, like [`Control`](crate::Control):
//!
//! ```text
//!  | u64: all ones | 5: u32 | length: u32 | packet | length: u32 | packet | ...
//! ```
//!
//! It is below everything else: the packets count, and are read, as if each had come alone.

use bytes::{BufMut, Bytes, BytesMut};

use crate::DecodeError;

/// How many bytes of packets are put together before the next batch begins. With more, nothing is
/// gained.
pub const BATCH_BYTES: usize = 64 * 1024;

/// Puts packets together to the bytes of one WebSocket message. One alone is sent as it is.
#[derive(Debug, Default)]
pub struct Batch {
    first: Option<Bytes>,
    together: BytesMut,
    bytes: usize,
}

impl Batch {
    /// Adds a packet.
    pub fn push(&mut self, packet: Bytes) {
        self.bytes += packet.len();
        if self.together.is_empty() {
            let Some(first) = self.first.take() else {
                self.first = Some(packet);
                return;
            };
            self.together.reserve(HEAD + 2 * LENGTH + self.bytes);
            self.together.put_u64(ID);
            self.together.put_u32(KIND);
            self.append(&first);
        }
        self.append(&packet);
    }

    /// Whether there is no place for another packet.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES
    }

    /// The WebSocket message, if there is something in it. The batch is empty then.
    pub fn take(&mut self) -> Option<Bytes> {
        self.bytes = 0;
        let together = std::mem::take(&mut self.together);
        self.first.take().or_else(|| (!together.is_empty()).then(|| together.freeze()))
    }

    fn append(&mut self, packet: &Bytes) {
        // Packets have limits far below this.
        self.together.put_u32(u32::try_from(packet.len()).unwrap_or(u32::MAX));
        self.together.put_slice(packet);
    }
}

/// The packets of a WebSocket message: what is no batch is one.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [u8],
    is_batch: bool,
}

/// Reads a WebSocket message.
#[must_use]
pub fn packets(message: &[u8]) -> Packets<'_> {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&ID.to_be_bytes());
    head[8..].copy_from_slice(&KIND.to_be_bytes());
    match message.strip_prefix(&head) {
        Some(rest) => Packets { rest, is_batch: true },
        None => Packets { rest: message, is_batch: false },
    }
}

impl<'a> Iterator for Packets<'a> {
    /// [`DecodeError::Batch`] comes once, and is the last.
    type Item = Result<&'a [u8], DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.is_batch {
            // Also an empty message is one.
            self.is_batch = true;
            return Some(Ok(std::mem::take(&mut self.rest)));
        }
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let Some((packet, rest)) = split(rest) else { return Some(Err(DecodeError::Batch)) };
        self.rest = rest;
        Some(Ok(packet))
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

const ID: u64 = u64::MAX;
const KIND: u32 = 5;
const HEAD: usize = 12;
const LENGTH: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn together(parts: &[Bytes]) -> Option<Bytes> {
        let mut batch = Batch::default();
        for part in parts {
            batch.push(part.clone());
        }
        batch.take()
    }

    proptest! {
        #[test]
        fn packets_are_read_as_they_were_put_together(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 2..20)
        ) {
            let parts: Vec<_> = parts.into_iter().map(Bytes::from).collect();
            let message = together(&parts).expect("there is something in it");
            let read: Result<Vec<_>, _> = packets(&message).collect();
            prop_assert_eq!(read, Ok(parts.iter().map(AsRef::as_ref).collect()));
        }

        #[test]
        fn nothing_that_comes_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let message = [[0xff; 8].as_slice(), &[0, 0, 0, 5], &bytes].concat();
            let read: Vec<_> = packets(&message).collect();
            let errors = read.iter().filter(|packet| packet.is_err()).count();
            prop_assert!(errors == 0 || (errors == 1 && read.last().is_some_and(Result::is_err)));
        }
    }

    #[test]
    fn one_packet_alone_is_sent_as_it_is() {
        let packet = Bytes::from_static(b"packet");

        assert_eq!(together(&[]), None);
        assert_eq!(together(std::slice::from_ref(&packet)), Some(packet));
        let read: Vec<_> = packets(b"packet").collect();
        assert_eq!(read, [Ok(b"packet".as_slice())]);
        assert_eq!(packets(b"").count(), 1);
    }

    #[test]
    fn a_batch_that_is_taken_is_empty() {
        let mut batch = Batch::default();
        batch.push(Bytes::from_static(b"one"));
        batch.push(Bytes::from_static(b"two"));

        assert!(batch.take().is_some());
        assert_eq!(batch.take(), None);
        assert!(!batch.is_full());
    }

    #[test]
    fn a_packet_that_is_cut_short_is_an_error() {
        let message = together(&[Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
        let message = message.expect("there is something in it");
        let read: Vec<_> = packets(&message[..message.len() - 1]).collect();
        assert_eq!(read, [Ok(b"one".as_slice()), Err(DecodeError::Batch)]);
    }
}
