//! What lets two ends go on after the connection between them was lost.
//!
//! Both ends count the packets of an epoch, keep what they sent until the other side
//! says that it has it, and after a loss send again what the other side does not have. Nothing is
//! lost and nothing comes twice, because the count says where either side stands. Everything above
//! (messages, requests, streams) notices nothing but a pause.
//!
//! ```text
//!  client                                             server
//!    GET /rooms/lobby?room-messaging=1&resume=new  ──▶
//!    ◀── connected, room_ready {"room_messaging": {"resume": {"epoch": "…", "grace_ms": 30000}}}
//!    …  ack(17) in either direction, now and then  …
//!    ✗ the connection is lost
//!    GET …&resume=EPOCH.42   (42 messages received) ──▶
//!    ◀── resumed(17)         (17 messages received), then its messages from the 43rd on
//!    the 18th and the rest                          ──▶
//! ```
//!
//! A server that cannot go on (it was restarted, the time of grace is over, too much was missed)
//! sends `connected` instead, and both begin anew.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    DecodeError, Violation, batch,
    sabotage::{Bug, is},
};

/// What the two links say to each other. Written as a data packet of a message that cannot be,
/// it is not counted itself.
///
/// ```text
///  | u64: all ones | kind: u32 | count: u64 |
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Control {
    /// So many messages have come since the epoch began.
    Ack(u64),
    /// The epoch goes on; so many messages have come. The first thing a server says.
    Resumed(u64),
    /// Are you there?
    Ping,
    /// I am here. Also said unasked by a server that has nothing else to say.
    Pong,
}

impl Control {
    const ID: u64 = u64::MAX;
    const LEN: usize = 20;

    /// The bytes of one WebSocket message.
    #[must_use]
    pub fn encode(self) -> Bytes {
        let (kind, count) = match self {
            Self::Ack(count) => (1, count),
            Self::Resumed(count) => (2, count),
            Self::Ping => (3, 0),
            Self::Pong => (4, 0),
        };
        let mut bytes = BytesMut::with_capacity(Self::LEN);
        bytes.put_u64(Self::ID);
        bytes.put_u32(kind);
        bytes.put_u64(count);
        bytes.freeze()
    }

    /// Reads one, if the bytes are one.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Control`] if they look like one but are of no kind that there is.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        let Some((id, rest)) = bytes.split_first_chunk() else { return Ok(None) };
        if u64::from_be_bytes(*id) != Self::ID {
            return Ok(None);
        }
        let (kind, count) = rest.split_first_chunk().ok_or(DecodeError::Control)?;
        let count = u64::from_be_bytes(count.try_into().map_err(|_| DecodeError::Control)?);
        match u32::from_be_bytes(*kind) {
            1 => Ok(Some(Self::Ack(count))),
            2 => Ok(Some(Self::Resumed(count))),
            3 => Ok(Some(Self::Ping)),
            4 => Ok(Some(Self::Pong)),
            _ => Err(DecodeError::Control),
        }
    }
}

/// What was sent at once: a message, or a batch of some.
#[derive(Clone, Debug)]
struct Kept {
    bytes: Bytes,
    messages: u64,
}

impl Kept {
    /// Small messages take more memory than their bytes.
    fn cost(&self) -> usize {
        self.bytes.len() + 64
    }
}

/// One end of an epoch: where it stands, and what the other end may still need.
#[derive(Debug)]
pub struct Link {
    /// How many messages have come.
    received: u64,
    /// How many of them the other side knows of.
    acknowledged: u64,
    unacknowledged_bytes: usize,
    /// How many messages were sent.
    sent: u64,
    /// How many of them before the first of `kept`.
    forgotten: u64,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    limit_bytes: usize,
}

impl Link {
    /// The beginning of an epoch. More than `limit_bytes` and one message are not kept; what is
    /// thrown away cannot be sent again.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            received: 0,
            acknowledged: 0,
            unacknowledged_bytes: 0,
            sent: 0,
            forgotten: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            limit_bytes,
        }
    }

    /// How many messages have come: what the other side needs to know to go on.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// How many messages are kept for the other side.
    #[must_use]
    pub fn kept(&self) -> usize {
        (self.sent - self.forgotten) as usize
    }

    /// Notes a message that is sent, or a batch of them, now or after the link goes on.
    pub fn on_sent(&mut self, bytes: Bytes) {
        let messages = batch::packets(&bytes).count() as u64;
        let kept = Kept { bytes, messages };
        self.sent += messages;
        self.kept_bytes += kept.cost();
        self.kept.push_back(kept);
        while self.kept_bytes > self.limit_bytes && self.kept.len() > 1 {
            self.forget_first();
        }
    }

    /// Notes a message that came.
    pub fn on_received(&mut self, bytes: usize) {
        if is(Bug::UncountedMessage) && bytes.is_multiple_of(7) {
            return;
        }
        self.received += 1;
        self.unacknowledged_bytes += bytes;
    }

    /// What is to be said about what came: soon, if something is said anyway, else once it is much.
    /// What it costs is the WebSocket message that it needs if it goes alone.
    #[must_use]
    pub fn acknowledge(&mut self, is_speaking: bool) -> Option<Control> {
        let (messages, bytes) = if is_speaking {
            (ACK_MESSAGES, ACK_BYTES)
        } else {
            (SILENT_ACK_MESSAGES, SILENT_ACK_BYTES)
        };
        let is_due =
            self.received - self.acknowledged >= messages || self.unacknowledged_bytes >= bytes;
        (is_due && !is(Bug::ForgottenAck)).then(|| self.ack())
    }

    /// The other side has so many of ours.
    ///
    /// # Errors
    ///
    /// [`Violation::Count`] if there were not so many.
    pub fn on_ack(&mut self, count: u64) -> Result<(), Violation> {
        if count > self.sent {
            return Err(Violation::Count { have: count, sent: self.sent });
        }
        // Of a batch that has come in part, all is kept.
        while self.kept.front().is_some_and(|first| self.forgotten + first.messages <= count) {
            self.forget_first();
        }
        Ok(())
    }

    /// Whether the link can go on with a side that has so many of our messages.
    #[must_use]
    pub fn can_resume(&self, count: u64) -> bool {
        is(Bug::ResumeOverLimit) || (self.forgotten..=self.sent).contains(&count)
    }

    /// Goes on after a loss: what the other side, which has `count` messages, is to be sent again.
    ///
    /// # Errors
    ///
    /// [`Violation::Count`] if [`Link::can_resume`] says no.
    pub fn resume(&mut self, count: u64) -> Result<Vec<Bytes>, Violation> {
        if !self.can_resume(count) {
            return Err(Violation::Count { have: count, sent: self.sent });
        }
        self.on_ack(count)?;
        if is(Bug::ReplayFromWrongPlace) {
            self.forget_first();
        }
        // The other side has heard our count with this.
        self.acknowledged = self.received;
        self.unacknowledged_bytes = 0;
        let mut replay = self.behind(count);
        if is(Bug::ReplayTwice) {
            replay.extend(self.behind(count));
        }
        if is(Bug::ReplayReordered) {
            replay.reverse();
        }
        Ok(replay)
    }

    fn ack(&mut self) -> Control {
        self.acknowledged = self.received;
        self.unacknowledged_bytes = 0;
        Control::Ack(self.received + u64::from(is(Bug::AckOffByOne)))
    }

    /// The messages that were sent after so many, one by one.
    fn behind(&self, count: u64) -> Vec<Bytes> {
        let mut messages = Vec::new();
        let mut before = self.forgotten;
        for kept in &self.kept {
            for message in batch::packets(&kept.bytes) {
                if before >= count {
                    messages.push(kept.bytes.slice_ref(message));
                }
                before += 1;
            }
        }
        messages
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.kept.pop_front() {
            self.kept_bytes -= first.cost();
            self.forgotten += first.messages;
        }
    }
}

/// After so many messages the other side is told that they came, with what is said anyway.
const ACK_MESSAGES: u64 = 32;
/// Or after so many bytes.
const ACK_BYTES: usize = 128 * 1024;
/// After so many messages it is told in any case: the other side does not keep more of what has come.
pub const SILENT_ACK_MESSAGES: u64 = 256;
/// Or after so many bytes.
const SILENT_ACK_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(byte: u8) -> Bytes {
        Bytes::from(vec![byte; 100])
    }

    #[test]
    fn controls_are_read_as_they_are_written() {
        for control in [Control::Ack(7), Control::Resumed(u64::MAX), Control::Ping, Control::Pong] {
            assert_eq!(Control::decode(&control.encode()), Ok(Some(control)));
        }
        assert_eq!(Control::decode(b"short"), Ok(None));
        assert_eq!(Control::decode(&[0; 20]), Ok(None));
        assert_eq!(Control::decode(&[0xff; 20]), Err(DecodeError::Control));
        assert_eq!(Control::decode(&Control::Ping.encode()[..12]), Err(DecodeError::Control));
    }

    #[test]
    fn what_the_other_side_does_not_have_is_sent_again() {
        let mut link = Link::new(10_000);
        for byte in 1..=5 {
            link.on_sent(message(byte));
        }
        assert_eq!(link.on_ack(2), Ok(()));

        assert_eq!(link.resume(3), Ok(vec![message(4), message(5)]));
        assert_eq!(link.resume(5), Ok(vec![]));
        assert!(!link.can_resume(3), "it has been confirmed");
        assert_eq!(link.on_ack(6), Err(Violation::Count { have: 6, sent: 5 }));
        assert!(link.resume(6).is_err());
    }

    #[test]
    fn a_batch_counts_as_its_messages_and_is_sent_again_as_far_as_it_is_missing() {
        let mut link = Link::new(10_000);
        let together = |messages: &[Bytes]| {
            let mut batch = batch::Batch::default();
            messages.iter().for_each(|message| batch.push(message.clone()));
            batch.take().expect("there is something in it")
        };
        let all: Vec<_> = (0..6).map(message).collect();
        link.on_sent(together(&all[..3]));
        link.on_sent(together(&all[3..5]));
        link.on_sent(all[5].clone());
        assert_eq!(link.kept(), 6);

        assert_eq!(link.on_ack(1), Ok(()));
        assert_eq!(link.kept(), 6, "the first batch is needed");
        for have in [1, 3, 4, 6] {
            assert_eq!(link.resume(have), Ok(all[have as usize..].to_vec()));
        }
        assert_eq!(link.on_ack(7), Err(Violation::Count { have: 7, sent: 6 }));
        assert_eq!((link.kept(), link.kept_bytes), (0, 0));
    }

    #[test]
    fn what_comes_is_acknowledged_now_and_then() {
        let mut link = Link::new(0);
        let mut acks = |count, bytes, is_speaking| {
            let acks = (0..count).filter_map(|_| {
                link.on_received(bytes);
                link.acknowledge(is_speaking)
            });
            acks.collect::<Vec<_>>()
        };

        assert_eq!(acks(100, 10, true), [Control::Ack(32), Control::Ack(64), Control::Ack(96)]);
        assert_eq!(acks(1, 128 * 1024, true), [Control::Ack(101)]);
        assert_eq!(acks(600, 10, false), [Control::Ack(357), Control::Ack(613)]);
        assert_eq!(acks(1, 1 << 20, false), [Control::Ack(702)]);
        assert_eq!(link.received(), 702);
    }

    #[test]
    fn what_is_over_the_limit_cannot_be_sent_again() {
        let mut link = Link::new(400);
        for byte in 1..=3 {
            link.on_sent(message(byte));
        }

        assert!(!link.can_resume(0));
        assert_eq!(link.resume(1), Ok(vec![message(2), message(3)]));
        assert_eq!(link.kept(), 2);
    }
}
