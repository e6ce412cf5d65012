//! From the open socket to the room that is ready: `connected` and `room_ready`, in any order.

use std::time::Duration;

use crate::{
    Extensions, JsonText, ParticipantId, ServerFrame,
    session::{
        Phase, Session, Timestamp,
        requests::timeout,
        wire::{CLOSE_TIMEOUT, Received},
    },
};

/// What the server has said so far.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    deadline: Option<Timestamp>,
    connected: Option<(ParticipantId, JsonText)>,
    ready: Option<Ready>,
    is_plain: bool,
    again: Option<Decision>,
}

/// What is known of a connection after a loss.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Decision {
    /// The server has said nothing yet.
    Open,
    /// The server begins anew.
    Anew,
}

/// Whether the room is ready for the first time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Beginning {
    /// It is.
    First,
    /// There was a connection before.
    Again,
}

/// What `room_ready` says.
#[derive(Clone, Debug)]
struct Ready {
    name: String,
    url: String,
    session_id: String,
    extensions: Option<Extensions>,
}

/// What is known of a room that is ready.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) participant_id: ParticipantId,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) session_id: String,
    pub(super) extensions: Option<Extensions>,
}

impl Handshake {
    /// After a loss.
    pub(super) fn again() -> Self {
        Self { again: Some(Decision::Open), ..Self::default() }
    }

    /// Whether the server may still go on with what was before.
    pub(super) fn is_undecided(&self) -> bool {
        self.again == Some(Decision::Open)
    }

    /// The server begins anew.
    pub(super) fn decide(&mut self) {
        self.again = Some(Decision::Anew);
    }

    fn beginning(&self) -> Beginning {
        if self.again.is_some() { Beginning::Again } else { Beginning::First }
    }

    /// Starts the clock, the first time.
    pub(super) fn start(&mut self, now: Timestamp, timeout: Duration) {
        self.deadline.get_or_insert(now + timeout);
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// Takes what matters of a frame; others do not matter yet.
    fn on_frame(&mut self, received: Received) {
        let Received { frame, is_plain } = received;
        match frame {
            ServerFrame::Connected { participant_id, attributes } => {
                self.connected = Some((participant_id, attributes));
                self.is_plain |= is_plain;
            }
            ServerFrame::RoomReady { room_name, room_url, session_id, extensions } => {
                self.ready = Some(Ready { name: room_name, url: room_url, session_id, extensions });
                self.is_plain |= is_plain;
            }
            ServerFrame::RoomStatus { .. }
            | ServerFrame::Response { .. }
            | ServerFrame::Responses { .. }
            | ServerFrame::Message(_)
            | ServerFrame::ToolCall { .. }
            | ServerFrame::CallChunk { .. }
            | ServerFrame::ResponseChunk { .. }
            | ServerFrame::Unknown { .. } => {}
        }
    }

    /// The room and our attributes, once both halves are there.
    fn room(&self) -> Option<(Room, JsonText)> {
        let (participant_id, attributes) = self.connected.clone()?;
        let Ready { name, url, session_id, extensions } = self.ready.clone()?;
        Some((Room { participant_id, name, url, session_id, extensions }, attributes))
    }
}

impl Session {
    pub(super) fn on_handshake_frame(&mut self, now: Timestamp, received: Received) {
        let Phase::Handshake(handshake) = &mut self.phase else { return };
        handshake.on_frame(received);
        let Some((room, attributes)) = handshake.room() else { return };

        let beginning = handshake.beginning();
        let id = room.participant_id.as_str();
        self.wire.adapt(handshake.is_plain, room.extensions.as_ref(), id);
        self.attributes = attributes;
        self.room = Some(room);
        self.phase = Phase::Ready;
        self.on_room_ready(now, beginning);
    }

    pub(super) fn check_handshake(&mut self, now: Timestamp) {
        let Phase::Handshake(handshake) = &self.phase else { return };
        if handshake.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let error = timeout("the room was not ready", self.config.handshake_timeout);
        let reason = error.message.clone();
        self.on_failed(now, error, Some((CLOSE_TIMEOUT, &reason)));
    }
}
