//! A member's end of the wire: frames to WebSocket messages and back.
//!
//! It outlives a connection, so that a member who comes back in time goes on where it was.

use bytes::Bytes;
use room_proto::{
    Assembler, ClientFrame, Control, DecodeError, Limits, Link, MessageId, ServerFrame, Trace,
    Violation,
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
        self.last_id.0 += 1;
        let message = frame.encode(self.last_id, self.manner.handshake);
        let packets: Vec<_> = message.packets(self.manner.packet_bytes);
        if let Some(link) = &mut self.link {
            for packet in &packets {
                link.on_sent(packet.clone());
            }
        }
        packets
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

    /// How many messages are kept that the client has not acknowledged.
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
