//! What the server did with one message.

use std::time::Duration;

use room_proto::{ClientFrame, ParticipantId, Request, frame::FrameError};

use super::context::SpanContext;
use crate::room_name::RoomName;

/// The time that a message was in the server's hands. Nothing of what an application said is in it,
/// the message's type included: types may be made of anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) context: SpanContext,
    /// The sender's span.
    pub(crate) parent: u64,
    pub(crate) name: &'static str,
    /// Since 1970.
    pub(crate) start: Duration,
    /// Since 1970.
    pub(crate) end: Duration,
    pub(crate) room: RoomName,
    pub(crate) sender: ParticipantId,
    /// Who got the message, if it was for one.
    pub(crate) recipient: Option<ParticipantId>,
    /// How many got it, if it was for others.
    pub(crate) recipients: Option<u64>,
    /// With what it was answered, if it was refused.
    pub(crate) error: Option<i64>,
}

impl Span {
    pub(crate) const SEND: &str = "room.send";
    pub(crate) const BROADCAST: &str = "room.broadcast";

    /// What a span of this is called. There are few names, whatever clients say.
    pub(crate) fn name(frame: &Result<ClientFrame, FrameError>) -> &'static str {
        let Ok(ClientFrame::Request { request, .. }) = frame else { return "room.request" };
        match request {
            Request::Enable => "room.enable",
            Request::Disable => "room.disable",
            Request::Send { .. } => Self::SEND,
            Request::Broadcast { .. } => Self::BROADCAST,
            Request::OpenCall { .. } => "room.stream",
            Request::CallChunk { .. } => "room.stream_chunk",
        }
    }
}
