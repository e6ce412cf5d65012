//! A member's end of the wire: frames to WebSocket messages and back.
//!
//! It outlives a connection, so that a member who comes back in time goes on where it was.

use std::sync::Arc;

use bytes::Bytes;
use room_proto::{
    Assembler, Batch, ClientFrame, Content, Control, DecodeError, Limits, Link, MessageId,
    ServerFrame, Trace, Violation,
    body::BodyForm,
    frame::FrameError,
    sabotage::{Bug, is},
};

/// How a member's client is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Manner {
    /// How the handshake is written.
    pub handshake: BodyForm,
    /// The largest data packet.
    pub packet_bytes: usize,
    /// Bounds on what the member may send.
    pub limits: Limits,
    /// Whether the client reads [`ServerFrame::Responses`].
    pub joins_answers: bool,
    /// Whether it reads batches.
    pub batches: bool,
    /// If the member can come back after a loss: how many bytes are kept for it.
    pub kept_bytes: Option<usize>,
}

/// Where a member's two directions stand.
#[derive(Debug)]
pub struct Place {
    manner: Manner,
    assembler: Assembler,
    last_id: MessageId,
    link: Option<Link>,
}

/// What became of a packet.
#[derive(Debug, Default)]
pub struct Received {
    /// For the room.
    pub frame: Option<Result<ClientFrame, FrameError>>,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
    /// To be sent at once.
    pub reply: Option<Bytes>,
}

impl Place {
    /// The place of a member that has just come.
    #[must_use]
    pub fn new(manner: Manner) -> Self {
        Self {
            manner,
            assembler: Assembler::new(manner.limits),
            last_id: MessageId(0),
            link: manner.kept_bytes.map(Link::new),
        }
    }

    /// Writes a frame as WebSocket messages. They count as sent from now on.
    pub fn encode(&mut self, frame: &ServerFrame) -> Vec<Bytes> {
        let parts = self.write(frame);
        self.sent(parts)
    }

    /// The same with frames that leave together. Answers that say nothing but that requests one after the
    /// other are done are one message to a client that reads it, which costs no more than each.
    pub fn encode_run(&mut self, frames: impl IntoIterator<Item = Arc<ServerFrame>>) -> Vec<Bytes> {
        let mut run = Run { parts: Vec::new(), batch: self.manner.batches.then(Batch::default) };
        let mut done = Done::default();
        for frame in frames {
            let id = if let ServerFrame::Response { id, content: Content::Empty } = &*frame
                && self.manner.joins_answers
            {
                Some(*id)
            } else {
                None
            };
            if !id.is_some_and(|id| done.add(id)) {
                done.take(id).iter().for_each(|frame| run.extend(self.write(frame)));
            }
            if id.is_none() {
                run.extend(self.write(&frame));
            }
        }
        done.take(None).iter().for_each(|frame| run.extend(self.write(frame)));
        self.sent(run.end())
    }

    fn write(&mut self, frame: &ServerFrame) -> Vec<Bytes> {
        self.last_id.0 += 1;
        let message = frame.encode(self.last_id, self.manner.handshake);
        message.parts(self.manner.packet_bytes, self.manner.batches)
    }

    fn sent(&mut self, parts: Vec<Bytes>) -> Vec<Bytes> {
        if let Some(link) = &mut self.link {
            parts.iter().for_each(|part| link.on_sent(part.clone()));
        }
        parts
    }

    /// Takes a packet, which is a WebSocket message or came in one.
    ///
    /// # Errors
    ///
    /// [`Violation`] if it cannot be read, which is the end of the member.
    pub fn receive(&mut self, whole: &Bytes, packet: &[u8]) -> Result<Received, Violation> {
        let mut received = Received::default();
        if let Some(link) = &mut self.link {
            if let Some(control) = Control::decode(packet)? {
                received.reply = on_control(link, control)?;
                return Ok(received);
            }
            link.on_received(packet.len());
        }
        if let Some(message) = self.assembler.push(whole, packet)? {
            let (frame, trace) = ClientFrame::decode_traced(&message, &self.manner.limits);
            received.frame = Some(frame);
            received.trace = trace;
        }
        Ok(received)
    }

    /// What the client is to be told of what came from it, if anything. To be asked after each
    /// WebSocket message, and before something is sent in any case.
    pub fn acknowledge(&mut self, is_speaking: bool) -> Option<Bytes> {
        self.link.as_mut()?.acknowledge(is_speaking).map(Control::encode)
    }

    /// How many packets are kept that the client has not acknowledged.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.link.as_ref().map_or(0, Link::kept)
    }

    /// Whether [`Place::resume`] can go on.
    #[must_use]
    pub fn can_resume(&self, received: u64) -> bool {
        self.link.as_ref().is_some_and(|link| link.can_resume(received))
    }

    /// Goes on over another connection with a client that has received so many messages. Gives
    /// what is to be sent first, or `None` if it cannot go on.
    pub fn resume(&mut self, received: u64) -> Option<Vec<Bytes>> {
        let link = self.link.as_mut()?;
        let replay = link.resume(received).ok()?;
        if is(Bug::HalfMessageForgotten) {
            self.assembler = Assembler::new(self.manner.limits);
        }
        let resumed = Control::Resumed(link.received()).encode();
        Some(std::iter::once(resumed).chain(replay).collect())
    }
}

/// What leaves together. To a client that reads batches it is put together here, so that each message's own
/// memory is soon the next one's, and the link keeps few pieces.
struct Run {
    parts: Vec<Bytes>,
    batch: Option<Batch>,
}

impl Run {
    fn extend(&mut self, parts: Vec<Bytes>) {
        match &mut self.batch {
            Some(batch) => self.parts.extend(parts.into_iter().flat_map(|part| batch.add(part))),
            None => self.parts.extend(parts),
        }
    }

    fn end(mut self) -> Vec<Bytes> {
        self.parts.extend(self.batch.as_mut().and_then(Batch::take));
        self.parts
    }
}

/// Requests that are done, one after the other.
#[derive(Debug, Default)]
struct Done {
    first: MessageId,
    count: u32,
}

impl Done {
    /// Adds one, if it is the next.
    fn add(&mut self, id: MessageId) -> bool {
        let is_next = self.count > 0
            && self.count < ServerFrame::MAX_RESPONSES
            && self.first.0.checked_add(u64::from(self.count)) == Some(id.0);
        self.count += u32::from(is_next);
        is_next
    }

    /// What is to be said of them. The next ones begin with this one, if there is one.
    fn take(&mut self, id: Option<MessageId>) -> Option<ServerFrame> {
        let next = id.map_or_else(Self::default, |first| Self { first, count: 1 });
        match std::mem::replace(self, next) {
            Self { count: 0, .. } => None,
            Self { first: id, count: 1 } => {
                Some(ServerFrame::Response { id, content: Content::Empty })
            }
            Self { first, count } => Some(ServerFrame::Responses { first, count }),
        }
    }
}

fn on_control(link: &mut Link, control: Control) -> Result<Option<Bytes>, Violation> {
    match control {
        Control::Ack(count) => link.on_ack(count).map(|()| None),
        Control::Ping => Ok(Some(Control::Pong.encode())),
        Control::Pong => Ok(None),
        // Only servers say this.
        Control::Resumed(_) => Err(Violation::NoEpoch),
    }
}

/// The close code for bytes that cannot be read.
#[must_use]
pub fn close_code(violation: &Violation) -> u16 {
    let Violation::Decode(error) = violation else { return CLOSE_VIOLATION };
    match error {
        DecodeError::KindTooLong { .. }
        | DecodeError::TooManyPackets { .. }
        | DecodeError::MessageTooLong { .. }
        | DecodeError::HeaderTooLong { .. } => CLOSE_TOO_LARGE,
        DecodeError::Truncated { .. }
        | DecodeError::KindNotUtf8
        | DecodeError::HeaderIncomplete
        | DecodeError::OutOfOrder { .. }
        | DecodeError::Json(_)
        | DecodeError::Field { .. }
        | DecodeError::Control
        | DecodeError::Base64 => CLOSE_VIOLATION,
    }
}

/// The close code for what is not in the protocol.
pub const CLOSE_VIOLATION: u16 = 4001;
/// The close code for what is over a limit.
pub const CLOSE_TOO_LARGE: u16 = 4002;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use room_proto::batch;

    use super::*;

    const MANNER: Manner = Manner {
        handshake: BodyForm::Packed,
        packet_bytes: usize::MAX,
        limits: Limits {
            max_message_bytes: 1000,
            max_packets: 10,
            max_header_bytes: 1000,
            max_kind_bytes: 100,
        },
        joins_answers: true,
        batches: false,
        kept_bytes: None,
    };

    fn answer(id: u64) -> ServerFrame {
        ServerFrame::Response { id: MessageId(id), content: Content::Empty }
    }

    fn other(id: u64) -> ServerFrame {
        ServerFrame::Response { id: MessageId(id), content: Content::Text("x".into()) }
    }

    /// The frames that a run is written as.
    fn written(run: impl IntoIterator<Item = ServerFrame>) -> Vec<ServerFrame> {
        written_in(MANNER, run)
    }

    fn written_in(manner: Manner, run: impl IntoIterator<Item = ServerFrame>) -> Vec<ServerFrame> {
        let parts = Place::new(manner).encode_run(run.into_iter().map(Arc::new));
        let packets =
            parts.iter().flat_map(|bytes| batch::packets(bytes).map(move |one| (bytes, one)));
        let mut assembler = Assembler::new(MANNER.limits);
        let messages = packets.filter_map(|(bytes, packet)| assembler.push(bytes, packet).ok()?);
        messages.filter_map(|message| ServerFrame::decode(&message, &MANNER.limits).ok()).collect()
    }

    #[test]
    fn answers_one_after_the_other_are_one_message() {
        let run = [answer(3), answer(4), answer(5), other(6), answer(7), answer(9), answer(10)];

        let joined = |first, count| ServerFrame::Responses { first: MessageId(first), count };
        assert_eq!(written(run), [joined(3, 3), other(6), answer(7), joined(9, 2)]);
        assert_eq!(written((0..5000).map(answer)), [joined(0, 4096), joined(4096, 904)]);
        assert_eq!(written([answer(u64::MAX), answer(0)]), [answer(u64::MAX), answer(0)]);
        let others = Manner { joins_answers: false, ..MANNER };
        assert_eq!(written_in(others, [answer(3), answer(4)]), [answer(3), answer(4)]);
    }

    #[test]
    fn a_run_is_one_piece_to_who_reads_batches() {
        let manner = Manner { batches: true, kept_bytes: Some(10_000), ..MANNER };
        let run = || [answer(3), other(4), answer(5), answer(6)];

        let mut place = Place::new(manner);
        assert_eq!(place.encode_run(run().map(Arc::new)).len(), 1);
        assert_eq!(place.kept(), 6, "three messages of two packets");
        assert_eq!(written_in(manner, run()), written(run()));
    }

    proptest! {
        #[test]
        fn what_is_answered_and_in_which_order_stays(
            ids in prop::collection::vec((0..6_u64, prop::bool::weighted(0.8)), 0..30),
        ) {
            let run: Vec<_> = ids
                .iter()
                .map(|(id, is_done)| if *is_done { answer(*id) } else { other(*id) })
                .collect();
            let one_by_one = written(run.clone()).into_iter().flat_map(|frame| {
                let ServerFrame::Responses { first, count } = frame else { return vec![frame] };
                (0..u64::from(count)).map(|after| answer(first.0 + after)).collect()
            });
            prop_assert_eq!(one_by_one.collect::<Vec<_>>(), run);
        }
    }
}
