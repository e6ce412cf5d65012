//! Messages: packets put together, and taken apart.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

use crate::{DecodeError, Limits, MessageId, batch, frame, packet::Packet};

/// A whole message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Its id, in the sender's numbering.
    pub id: MessageId,
    /// Its type.
    pub kind: Cow<'static, str>,
    /// Its body, JSON and payload together.
    pub body: Bytes,
    /// Of a message that was written here: the batch of the two packets that it is if it is not cut.
    whole: Bytes,
}

impl Message {
    /// A message with this body, in one piece.
    #[must_use]
    pub fn new(id: MessageId, kind: impl Into<Cow<'static, str>>, body: Bytes) -> Self {
        Self { id, kind: kind.into(), body, whole: Bytes::new() }
    }

    /// What is before the body in the memory of a message that is being written, with room for about
    /// `len` bytes more.
    pub(crate) fn begin(id: MessageId, kind: &str, len: usize) -> Vec<u8> {
        let first = Packet::First { id, count: 1, kind };
        let mut out = Vec::with_capacity(Self::begin_len(kind) + len);
        out.extend(batch::head());
        out.extend(batch::length(first.encoded_len()));
        first.encode(&mut out);
        out.extend([0; batch::LENGTH]);
        Packet::Data { id, index: 1, body: &[] }.encode(&mut out);
        out
    }

    /// How much that is.
    pub(crate) fn begin_len(kind: &str) -> usize {
        Self::data_at(kind) + Packet::HEADER_LEN
    }

    /// Where the data packet begins.
    fn data_at(kind: &str) -> usize {
        FIRST_AT + Packet::FIRST_HEADER_LEN + kind.len() + batch::LENGTH
    }

    /// A message that was begun and is written now.
    pub(crate) fn written(id: MessageId, kind: &'static str, mut out: Vec<u8>) -> Self {
        let at = Self::data_at(kind);
        let length = batch::length(out.len() - at);
        out[at - batch::LENGTH..at].copy_from_slice(&length);
        let whole = Bytes::from(out);
        Self { id, kind: kind.into(), body: whole.slice(Self::begin_len(kind)..), whole }
    }

    /// The message as WebSocket messages: one first packet, then the body in slices of at most
    /// `packet_bytes`.
    #[must_use]
    pub fn packets(&self, packet_bytes: usize) -> Vec<Bytes> {
        self.parts(packet_bytes, false)
    }

    /// The same. With `batches`, for who reads such, a message is one if it was written here and need not
    /// be cut.
    #[must_use]
    pub fn parts(&self, packet_bytes: usize, batches: bool) -> Vec<Bytes> {
        let size = packet_bytes.max(1);
        if !self.whole.is_empty() && self.body.len() <= size {
            let data_at = Self::data_at(&self.kind);
            return if batches {
                vec![self.whole.clone()]
            } else {
                let first = self.whole.slice(FIRST_AT..data_at - batch::LENGTH);
                vec![first, self.whole.slice(data_at..)]
            };
        }
        let (id, kind) = (self.id, &*self.kind);
        let count = u32::try_from(self.body.len().div_ceil(size)).unwrap_or(u32::MAX);
        let mut packets = vec![Packet::First { id, count, kind }.to_bytes()];
        for (index, body) in (1..).zip(self.body.chunks(size)) {
            packets.push(Packet::Data { id, index, body }.to_bytes());
        }
        packets
    }
}

/// Puts packets together to messages.
///
/// A first packet always starts a new message. After an error the assembler is ready for the next
/// one, and the rest of the message that failed passes without another error.
#[derive(Debug)]
pub struct Assembler {
    limits: Limits,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The next packet should be a first one.
    Idle,
    /// In the middle of a message.
    Collecting { id: MessageId, kind: Cow<'static, str>, count: u32, next: u32, body: BytesMut },
    /// A message was given up; its other packets are dropped.
    Skipping,
}

impl Assembler {
    /// Makes an assembler that keeps to `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Idle }
    }

    /// Takes one packet, which is a WebSocket message or came in one; gives back the message that
    /// it completes.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] once for each message that is dropped.
    pub fn push(&mut self, whole: &Bytes, packet: &[u8]) -> Result<Option<Message>, DecodeError> {
        match Packet::decode(packet) {
            Ok(Packet::First { id, count, kind }) => self.start(id, count, kind),
            Ok(Packet::Data { id, index, body }) => self.go_on(id, index, whole, body),
            Err(error) => Err(error).inspect_err(|_| self.state = State::Skipping),
        }
    }

    fn start(
        &mut self,
        id: MessageId,
        count: u32,
        kind: &str,
    ) -> Result<Option<Message>, DecodeError> {
        let unfinished = self.unfinished();
        self.state = State::Skipping;
        self.check(count, kind)?;
        if let (Some(error), 0) = (&unfinished, count) {
            return Err(error.clone());
        }
        if count == 0 {
            self.state = State::Idle;
            return Ok(Some(Message::new(id, kind.to_owned(), Bytes::new())));
        }

        let kind = frame::known(kind).map_or_else(|| Cow::Owned(kind.to_owned()), Cow::Borrowed);
        self.state = State::Collecting { id, kind, count, next: 1, body: BytesMut::new() };
        unfinished.map_or(Ok(None), Err)
    }

    /// The error for a message that a new one interrupts.
    fn unfinished(&self) -> Option<DecodeError> {
        match &self.state {
            State::Collecting { next, .. } => {
                Some(DecodeError::OutOfOrder { want: *next, have: 0 })
            }
            State::Idle | State::Skipping => None,
        }
    }

    fn check(&self, count: u32, kind: &str) -> Result<(), DecodeError> {
        let Limits { max_packets, max_kind_bytes, .. } = self.limits;
        if kind.len() > max_kind_bytes {
            return Err(DecodeError::KindTooLong { limit: max_kind_bytes, have: kind.len() });
        }
        if count > max_packets {
            return Err(DecodeError::TooManyPackets { limit: max_packets, have: count });
        }
        Ok(())
    }

    fn go_on(
        &mut self,
        id: MessageId,
        index: u32,
        whole: &Bytes,
        slice: &[u8],
    ) -> Result<Option<Message>, DecodeError> {
        let limit = self.limits.max_message_bytes;
        match std::mem::replace(&mut self.state, State::Skipping) {
            State::Skipping => Ok(None),
            State::Idle => Err(DecodeError::OutOfOrder { want: 0, have: index }),
            State::Collecting { id: open, next, .. } if open != id || next != index => {
                Err(DecodeError::OutOfOrder { want: next, have: index })
            }
            State::Collecting { body, .. } if body.len() + slice.len() > limit => {
                Err(DecodeError::MessageTooLong { limit })
            }
            State::Collecting { id, kind, count: 1, .. } => {
                self.state = State::Idle;
                Ok(Some(Message::new(id, kind, part(whole, slice))))
            }
            State::Collecting { id, kind, count, next, mut body } => {
                if body.capacity() - body.len() < slice.len() {
                    // Senders fill all but the last packet, so a slice tells the size.
                    let have = body.len() + slice.len();
                    let expected = slice.len().saturating_mul((count - next) as usize);
                    body.reserve(slice.len() + expected.min(limit).min(have.saturating_mul(TRUST)));
                }
                body.put_slice(slice);
                if next == count {
                    self.state = State::Idle;
                    return Ok(Some(Message::new(id, kind, body.freeze())));
                }
                self.state = State::Collecting { id, kind, count, next: next + 1, body };
                Ok(None)
            }
        }
    }
}

/// A part of what came, without a copy; but a small part would keep all of it in memory.
fn part(whole: &Bytes, slice: &[u8]) -> Bytes {
    if slice.len() >= whole.len() / 4 {
        whole.slice_ref(slice)
    } else {
        Bytes::copy_from_slice(slice)
    }
}

/// Where the first packet begins in the batch of a message.
const FIRST_AT: usize = batch::HEAD + batch::LENGTH;

/// How many times as much as has come a sender may reserve by its word alone.
const TRUST: usize = 16;
