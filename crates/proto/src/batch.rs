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
//! It is below everything else: the packets count, and are read, as if each had come alone. A message of
//! two packets is written as the batch that it is when it leaves alone (`message.rs`).

use bytes::Bytes;

use crate::packet::Packet;

/// How many bytes of packets are put together before the next batch begins. With more, nothing is
/// gained.
pub const BATCH_BYTES: usize = 192 * 1024;

/// From here on what is sent is not put together with something else.
const LARGE_BYTES: usize = 512 * 1024;

/// From here on a packet is the last of its batch.
const LAST_BYTES: usize = 16 * 1024;

/// Puts packets, and batches of them, together to the bytes of one WebSocket message. One alone is sent as
/// it is.
#[derive(Debug, Default)]
pub struct Batch {
    parts: Vec<Bytes>,
    bytes: usize,
}

impl Batch {
    /// Adds a packet, or those of another batch.
    pub fn push(&mut self, part: Bytes) {
        self.bytes += part.len();
        self.parts.push(part);
    }

    /// The same, and gives the WebSocket messages that are complete with it: two if it has to go alone behind
    /// what was there before.
    pub fn add(&mut self, part: Bytes) -> impl Iterator<Item = Bytes> + use<> {
        let complete = if Self::is_too_large(&part) {
            [self.take(), Some(part)]
        } else {
            self.push(part);
            [self.is_full().then(|| self.take()).flatten(), None]
        };
        complete.into_iter().flatten()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether there is no place for more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.parts.last().is_some_and(Self::is_last)
    }

    /// Whether nothing is put behind this, so that whoever gets a large payload can leave it where it came;
    /// see [`payload_start`].
    #[must_use]
    pub fn is_last(part: &Bytes) -> bool {
        part.len() >= LAST_BYTES
    }

    /// Whether this goes alone: to copy what is large costs more than another WebSocket message.
    #[must_use]
    pub fn is_too_large(part: &Bytes) -> bool {
        part.len() >= LARGE_BYTES
    }

    /// The WebSocket message, if there is something in it. The batch is empty then.
    pub fn take(&mut self) -> Option<Bytes> {
        let Self { parts, bytes } = std::mem::take(self);
        if parts.len() < 2 {
            return parts.into_iter().next();
        }
        let mut together = Vec::with_capacity(HEAD + LENGTH * parts.len() + bytes);
        together.extend(head());
        for part in &parts {
            if let Some(packets) = part.strip_prefix(&head()) {
                together.extend_from_slice(packets);
            } else {
                together.extend(length(part.len()));
                together.extend_from_slice(part);
            }
        }
        Some(Bytes::from(together))
    }
}

/// The packets of a WebSocket message: what is no batch is one.
///
/// A batch that is cut short ends with an empty packet, which nobody can read: that is the error.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: Option<&'a [u8]>,
    is_batch: bool,
}

/// Reads a WebSocket message.
#[must_use]
pub fn packets(message: &[u8]) -> Packets<'_> {
    let batch = message.strip_prefix(&head());
    Packets { rest: batch.or(Some(message)), is_batch: batch.is_some() }
}

/// Where the bytes begin that only the application looks at, if a batch of `len` bytes ends with such and
/// that can be seen in `head`, with which it begins.
///
/// In place of them there may be anything in what the session is given: it counts them, and gives the
/// application that part of it.
#[must_use]
pub fn payload_start(head: &[u8], len: usize) -> Option<usize> {
    let mut rest = head.strip_prefix(&self::head())?;
    let mut before: &[u8] = &[];
    while let Some((packet, after)) = split(rest) {
        (before, rest) = (packet, after);
    }
    let (length, last) = rest.split_first_chunk()?;
    let is_last = u32::from_be_bytes(*length) as usize + head.len() == last.len() + len;
    if !is_last || before.get(ID..)? != DELIVERED {
        return None;
    }
    let (length, body) = last.get(Packet::HEADER_LEN..)?.split_first_chunk()?;
    let payload = body.get(usize::try_from(u64::from_be_bytes(*length)).ok()?..)?;
    Some(head.len() - payload.len())
}

/// What is behind the id in the first packet of a delivered message with one data packet.
const DELIVERED: &[u8] = b"\0\0\0\0\0\0\0\x01messaging.send";
const ID: usize = 8;

impl<'a> Iterator for Packets<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        if !self.is_batch {
            return Some(rest);
        }
        if rest.is_empty() {
            return None;
        }
        let (packet, rest) = split(rest).unwrap_or_default();
        self.rest = Some(rest);
        Some(packet)
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// What is before a packet of so many bytes. Packets have limits far below the largest number.
pub(crate) fn length(bytes: usize) -> [u8; LENGTH] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

/// How a batch begins.
pub(crate) const fn head() -> [u8; HEAD] {
    let mut head = [0xff; HEAD];
    [head[8], head[9], head[10], head[11]] = [0, 0, 0, KIND];
    head
}

const KIND: u8 = 5;
pub(crate) const HEAD: usize = 12;
pub(crate) const LENGTH: usize = 4;

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
            let read: Vec<_> = packets(&message).collect();
            let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
            prop_assert_eq!(read, parts as Vec<&[u8]>);
        }

        #[test]
        fn nothing_that_comes_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let message = [[0xff; 8].as_slice(), &[0, 0, 0, 5], &bytes].concat();
            let read: usize = packets(&message).map(<[u8]>::len).sum();
            prop_assert!(read <= bytes.len());
        }
    }

    #[test]
    fn batches_are_put_together_as_their_packets_are() {
        let parts: Vec<_> = (0..5).map(|part| Bytes::from(vec![part; 3])).collect();

        let pair = together(&parts[1..3]).expect("there is something in it");
        assert_eq!(together(std::slice::from_ref(&pair)), Some(pair.clone()));
        let mixed = [parts[0].clone(), pair, parts[3].clone(), parts[4].clone()];
        assert_eq!(together(&mixed), together(&parts));
    }

    #[test]
    fn one_packet_alone_is_sent_as_it_is() {
        let packet = Bytes::from_static(b"packet");

        assert_eq!(together(&[]), None);
        assert_eq!(together(std::slice::from_ref(&packet)), Some(packet));
        let read: Vec<_> = packets(b"packet").collect();
        assert_eq!(read, [b"packet"]);
        assert_eq!(packets(b"").count(), 1);
    }

    #[test]
    fn what_is_full_or_too_large_leaves_with_what_is_before_it() {
        let mut batch = Batch::default();
        let part = |bytes: usize| Bytes::from(vec![7; bytes]);
        let mut added =
            |bytes| batch.add(part(bytes)).map(|message| message.len()).collect::<Vec<_>>();

        assert_eq!(added(10), [0; 0]);
        assert_eq!(added(LARGE_BYTES), [10, LARGE_BYTES]);
        assert_eq!(added(LARGE_BYTES), [LARGE_BYTES]);
        assert_eq!(added(10), [0; 0]);
        assert_eq!(added(LAST_BYTES), [HEAD + 2 * LENGTH + 10 + LAST_BYTES]);
        assert!(batch.is_empty());
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
    fn a_packet_that_is_cut_short_is_empty() {
        let message = together(&[Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
        let message = message.expect("there is something in it");
        let read: Vec<_> = packets(&message[..message.len() - 1]).collect();
        assert_eq!(read, [b"one".as_slice(), b""]);
    }
}
