//! Messages: packets put together, and taken apart.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

use crate::{DecodeError, Limits, MessageId, frame, packet::Packet};

/// A whole message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Its id, in the sender's numbering.
    pub id: MessageId,
    /// Its type.
    pub kind: Cow<'static, str>,
    /// Its body, JSON and payload together; of a message to be sent, what is before `rest`.
    pub body: Bytes,
    /// The end of the body of a message to be sent, as it was given: large payloads are not put
    /// together with the JSON only to be cut into packets.
    pub rest: Bytes,
    /// Of a message that was written here: the two packets that it is if it is not to be cut.
    whole: Bytes,
}

impl Message {
    /// A message with this body, in one piece.
    #[must_use]
    pub fn new(id: MessageId, kind: impl Into<Cow<'static, str>>, body: Bytes) -> Self {
        Self { id, kind: kind.into(), body, rest: Bytes::new(), whole: Bytes::new() }
    }

    /// What is before the body in the memory of a message that is being written, with room for about
    /// `len` bytes more.
    pub(crate) fn begin(id: MessageId, kind: &str, len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::begin_len(kind) + len);
        Packet::First { id, count: 1, kind }.encode(&mut out);
        Packet::Data { id, index: 1, body: &[] }.encode(&mut out);
        out
    }

    /// How much that is.
    pub(crate) fn begin_len(kind: &str) -> usize {
        Packet::FIRST_HEADER_LEN + kind.len() + Packet::HEADER_LEN
    }

    /// What was begun and is written now. The body begins at `body_at`.
    pub(crate) fn written(
        id: MessageId,
        kind: &'static str,
        out: Vec<u8>,
        body_at: usize,
        rest: Bytes,
    ) -> Self {
        let whole = Bytes::from(out);
        Self { id, kind: kind.into(), body: whole.slice(body_at..), rest, whole }
    }

    /// How long the body is.
    #[must_use]
    pub fn body_len(&self) -> usize {
        self.body.len() + self.rest.len()
    }

    /// The message as WebSocket messages: one first packet, then the body in slices of at most
    /// `packet_bytes`.
    #[must_use]
    pub fn packets(&self, packet_bytes: usize) -> Vec<Bytes> {
        let size = packet_bytes.max(1);
        let count = u32::try_from(self.body_len().div_ceil(size)).unwrap_or(u32::MAX);
        let first = Packet::First { id: self.id, count, kind: &self.kind };
        let len = first.encoded_len();
        // Most messages are two packets: they share one piece of memory.
        let bytes = if count == 1 && self.rest.is_empty() && !self.whole.is_empty() {
            self.whole.clone()
        } else {
            let mut bytes =
                Vec::with_capacity(len + Packet::HEADER_LEN + self.body_len().min(size));
            first.encode(&mut bytes);
            if count > 0 {
                self.encode_data(1, size, &mut bytes);
            }
            Bytes::from(bytes)
        };

        let mut packets = Vec::with_capacity(count as usize + 1);
        packets.push(bytes.slice(..len));
        if count > 0 {
            packets.push(bytes.slice(len..));
        }
        for index in 2..=count {
            let mut bytes = Vec::with_capacity(Packet::HEADER_LEN + size.min(self.body_len()));
            self.encode_data(index, size, &mut bytes);
            packets.push(Bytes::from(bytes));
        }
        packets
    }

    /// Appends a data packet, which has `size` bytes of the body if it is not the last.
    fn encode_data(&self, index: u32, size: usize, out: &mut Vec<u8>) {
        let from = (index as usize - 1).saturating_mul(size);
        let (body, rest) = self.slice(from, self.body_len().min(from.saturating_add(size)));
        Packet::Data { id: self.id, index, body }.encode(out);
        out.extend_from_slice(rest);
    }

    /// What of the two parts of the body is in this range of both.
    fn slice(&self, from: usize, to: usize) -> (&[u8], &[u8]) {
        let len = self.body.len();
        let body = self.body.get(from.min(len)..to.min(len));
        let rest = self.rest.get(from.saturating_sub(len)..to.saturating_sub(len));
        (body.unwrap_or_default(), rest.unwrap_or_default())
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

/// How many times as much as has come a sender may reserve by its word alone.
const TRUST: usize = 16;
