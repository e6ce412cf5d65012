//! One end of a line.
//!
//! What carries it may lose parcels, so they are numbered, and a gap is the end of the line: the
//! member's session goes on over another one, as after any loss of a connection. What is under way
//! is bounded: the other end says what it has passed on, and who reads slowly makes the sender wait.

use bytes::{Bytes, BytesMut};

use crate::{
    error::LineError,
    ids::LineId,
    parcel::{Frame, Parcel},
};

/// How much may be under way in one direction.
pub const WINDOW_BYTES: u64 = 256 * 1024;

/// From which amount on it is worth a parcel to say what was passed on.
const TELL_BYTES: u64 = WINDOW_BYTES / 4;

/// Where both directions of a line stand, at one end.
#[derive(Debug)]
pub struct Line {
    id: LineId,
    max_message_bytes: usize,
    outgoing: Outgoing,
    incoming: Incoming,
}

#[derive(Debug, Default)]
struct Outgoing {
    sequence: u64,
    sent: u64,
    /// What the other end has passed on of it.
    passed: u64,
}

#[derive(Debug, Default)]
struct Incoming {
    sequence: u64,
    received: u64,
    passed: u64,
    /// What the other end has been told of that.
    told: u64,
    parts: BytesMut,
}

/// Something whole that came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// What: no [`Frame::Part`], and no [`Frame::Credit`].
    pub frame: Frame,
    /// What is to be given to [`Line::pass_on`] when it has been passed on.
    pub cost: u64,
}

/// What came of a parcel.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// What can be passed on.
    pub items: Vec<Item>,
    /// To be sent back at once.
    pub reply: Option<Bytes>,
}

impl Line {
    /// A line over which nothing has gone yet. Messages from the other end have at most so many
    /// bytes.
    #[must_use]
    pub fn new(id: LineId, max_message_bytes: usize) -> Self {
        let (outgoing, incoming) = <_>::default();
        Self { id, max_message_bytes, outgoing, incoming }
    }

    /// Whether frames that cost so much may be sent now. If nothing is under way, anything may.
    #[must_use]
    pub fn may_send(&self, cost: u64) -> bool {
        let under_way = self.outgoing.sent - self.outgoing.passed;
        under_way == 0 || under_way.saturating_add(cost) <= WINDOW_BYTES
    }

    /// Makes a parcel of the frames, which must be sent next.
    pub fn pack(&mut self, frames: Vec<Frame>) -> Bytes {
        self.outgoing.sent += frames.iter().map(Frame::cost).sum::<u64>();
        let sequence = self.outgoing.sequence;
        self.outgoing.sequence += 1;
        Parcel { line: self.id, sequence, frames }.encode()
    }

    /// Takes a parcel in.
    ///
    /// # Errors
    ///
    /// [`LineError`] is the end of the line.
    pub fn receive(&mut self, bytes: &Bytes) -> Result<Received, LineError> {
        let parcel = Parcel::decode(bytes)?;
        let (expected, have) = (self.incoming.sequence, parcel.sequence);
        if expected != have {
            return Err(LineError::Gap { expected, have });
        }
        self.incoming.sequence += 1;
        let mut items = Vec::new();
        for frame in parcel.frames {
            items.extend(self.take_in(frame)?);
        }
        Ok(Received { items, reply: self.tell() })
    }

    fn take_in(&mut self, frame: Frame) -> Result<Option<Item>, LineError> {
        let cost = frame.cost();
        self.incoming.received += cost;
        let bytes = self.incoming.received - self.incoming.passed;
        // One parcel may always be under way, and it is about as large as a part.
        let limit = WINDOW_BYTES;
        if bytes > limit && bytes > cost {
            return Err(LineError::Overrun { bytes, limit });
        }
        let frame = match frame {
            Frame::Credit(passed) => {
                self.on_credit(passed)?;
                return Ok(None);
            }
            Frame::Part(body) => {
                self.collect(&body)?;
                // The message has a limit of its own, and would never be whole if parts of it were
                // waited for with the rest.
                self.incoming.passed += cost;
                return Ok(None);
            }
            Frame::Data(body) => Frame::Data(self.complete(body)?),
            Frame::Text
            | Frame::Ping
            | Frame::Pong
            | Frame::Close(_)
            | Frame::Failed(..)
            | Frame::End => frame,
        };
        Ok(Some(Item { frame, cost }))
    }

    fn on_credit(&mut self, passed: u64) -> Result<(), LineError> {
        let sent = self.outgoing.sent;
        if passed > sent {
            return Err(LineError::Credit { passed, sent });
        }
        self.outgoing.passed = self.outgoing.passed.max(passed);
        Ok(())
    }

    fn collect(&mut self, body: &[u8]) -> Result<(), LineError> {
        let limit = self.max_message_bytes;
        if self.incoming.parts.len() + body.len() > limit {
            return Err(LineError::TooLarge { limit });
        }
        self.incoming.parts.extend_from_slice(body);
        Ok(())
    }

    fn complete(&mut self, body: Bytes) -> Result<Bytes, LineError> {
        if self.incoming.parts.is_empty() {
            return Ok(body);
        }
        self.collect(&body)?;
        Ok(std::mem::take(&mut self.incoming.parts).freeze())
    }

    /// What cost so much has been passed on. Gives a parcel to be sent next, if there is something
    /// to say.
    pub fn pass_on(&mut self, cost: u64) -> Option<Bytes> {
        self.incoming.passed += cost;
        self.tell()
    }

    fn tell(&mut self) -> Option<Bytes> {
        let Incoming { passed, told, .. } = self.incoming;
        if passed - told < TELL_BYTES {
            return None;
        }
        self.incoming.told = passed;
        Some(self.pack(vec![Frame::Credit(passed)]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parcel::PART_BYTES;

    const MAX: usize = 1024 * 1024;

    fn ends() -> (Line, Line) {
        (Line::new(LineId(7), MAX), Line::new(LineId(7), MAX))
    }

    fn data(bytes: usize) -> Frame {
        Frame::Data(Bytes::from(vec![1; bytes]))
    }

    #[test]
    fn what_is_sent_comes_whole_and_in_order() {
        let (mut ann, mut bob) = ends();
        let parts = ann.pack(vec![Frame::Ping, Frame::Part(Bytes::from_static(b"he"))]);
        let rest = ann.pack(vec![Frame::Data(Bytes::from_static(b"llo")), Frame::End]);

        let first = bob.receive(&parts).expect("a parcel");
        let second = bob.receive(&rest).expect("a parcel");

        let frames = |received: Received| -> Vec<_> {
            received.items.into_iter().map(|item| item.frame).collect()
        };
        assert_eq!(frames(first), [Frame::Ping]);
        assert_eq!(frames(second), [Frame::Data(Bytes::from_static(b"hello")), Frame::End]);
    }

    #[test]
    fn a_parcel_that_is_missing_or_comes_twice_is_the_end() {
        let (mut ann, mut bob) = ends();
        let parcels = [ann.pack(vec![data(1)]), ann.pack(vec![data(2)]), ann.pack(vec![data(3)])];

        bob.receive(&parcels[0]).expect("it is due");

        assert_eq!(bob.receive(&parcels[2]), Err(LineError::Gap { expected: 1, have: 2 }));
        assert_eq!(bob.receive(&parcels[0]), Err(LineError::Gap { expected: 1, have: 0 }));
    }

    #[test]
    fn who_does_not_pass_on_makes_the_other_end_wait() {
        let (mut ann, mut bob) = ends();
        let cost = data(PART_BYTES).cost();
        let mut waiting = Vec::new();
        while ann.may_send(cost) {
            let received = bob.receive(&ann.pack(vec![data(PART_BYTES)])).expect("it is allowed");
            assert_eq!(received.reply, None, "nothing was passed on");
            waiting.extend(received.items);
        }
        assert_eq!(waiting.len(), 4);

        let mut told = 0;
        for item in waiting {
            if let Some(reply) = bob.pass_on(item.cost) {
                told += 1;
                ann.receive(&reply).expect("a word");
            }
        }

        assert!(told > 0 && ann.may_send(cost));
    }

    #[test]
    fn who_sends_more_than_it_may_is_cut_off() {
        let (mut ann, mut bob) = ends();
        for _ in 0..4 {
            bob.receive(&ann.pack(vec![data(PART_BYTES)])).expect("it is allowed");
        }

        let over = bob.receive(&ann.pack(vec![data(PART_BYTES)]));

        assert!(matches!(over, Err(LineError::Overrun { .. })), "{over:?}");
    }

    #[test]
    fn a_message_larger_than_the_window_arrives_without_being_passed_on_before() {
        let (mut ann, mut bob) = ends();
        let part = || Frame::Part(Bytes::from(vec![2; PART_BYTES]));
        for _ in 0..16 {
            assert!(ann.may_send(part().cost()));
            let received = bob.receive(&ann.pack(vec![part()])).expect("it is allowed");
            assert_eq!(received.items, []);
            if let Some(reply) = received.reply {
                ann.receive(&reply).expect("a word");
            }
        }
        let received = bob.receive(&ann.pack(vec![data(1)])).expect("it is allowed");

        let [Item { frame: Frame::Data(body), .. }] = received.items.as_slice() else {
            panic!("one message is due, not {received:?}");
        };
        assert_eq!(body.len(), 16 * PART_BYTES + 1);
    }

    #[test]
    fn a_message_over_the_limit_is_the_end() {
        let mut ann = Line::new(LineId(7), MAX);
        let mut bob = Line::new(LineId(7), 1000);
        bob.receive(&ann.pack(vec![Frame::Part(Bytes::from(vec![0; 900]))])).expect("it fits");

        let over = bob.receive(&ann.pack(vec![data(101)]));

        assert_eq!(over, Err(LineError::TooLarge { limit: 1000 }));
    }

    #[test]
    fn nobody_can_pass_on_what_was_not_sent() {
        let (mut ann, mut bob) = ends();

        let wrong = bob.receive(&ann.pack(vec![Frame::Credit(1)]));

        assert_eq!(wrong, Err(LineError::Credit { passed: 1, sent: 0 }));
    }

    proptest! {
        /// Whatever is sent, as long as it waits when it must, arrives; and it never waits for ever.
        #[test]
        fn nothing_is_stuck_and_nothing_is_over(sizes in prop::collection::vec(0..PART_BYTES, 1..200)) {
            let (mut ann, mut bob) = ends();
            let mut waiting = std::collections::VecDeque::new();
            let mut came = Vec::new();
            for size in &sizes {
                while !ann.may_send(data(*size).cost()) {
                    let item: Item = waiting.pop_front().expect("something is under way");
                    came.push(item.cost);
                    if let Some(reply) = bob.pass_on(item.cost) {
                        ann.receive(&reply).expect("a word");
                    }
                }
                waiting.extend(bob.receive(&ann.pack(vec![data(*size)])).expect("allowed").items);
            }
            came.extend(waiting.iter().map(|item| item.cost));
            let costs: Vec<_> = sizes.iter().map(|size| data(*size).cost()).collect();
            prop_assert_eq!(came, costs);
        }
    }
}
