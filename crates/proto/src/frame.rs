//! Messages with their meaning: one variant per kind, both directions.
//!
//! This module has the types; `frame/client.rs` and `frame/server.rs` read and write them, with
//! the contents of `frame/content.rs`. Reading accepts every generation, writing takes the form it
//! is told: a [`ClientDialect`] for what a client says, a body form for the server's handshake.

mod client;
mod content;
mod dialect;
mod draft;
mod server;
mod write;

use bytes::Bytes;

use crate::{Content, Extensions, JsonText, MessageId, ParticipantId, Trace};

pub use client::FrameError;
pub use dialect::ClientDialect;
pub(crate) use write::Object;

/// The types that come again and again, as words that need no memory of their own.
pub(crate) fn known(kind: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == kind)
}

const KNOWN: [&str; 4] =
    [client::kinds::SEND, server::kinds::RESPONSE, client::kinds::BROADCAST, client::kinds::INVOKE];

/// What a client says to the room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientFrame {
    /// Anything that is answered by one `__response__` with the same id.
    Request {
        /// The client's id for it; the answer carries the same. 0 is as good as any.
        id: MessageId,
        /// What is asked for.
        request: Request,
    },
    /// `set_attributes`: changed attributes, an object. Never answered.
    SetAttributes {
        /// The client's id for it.
        id: MessageId,
        /// A JSON object, without `__meshagent__`.
        attributes: JsonText,
    },
    /// `room.tool_call_response`: a callee accepts or refuses a duplex stream. Never answered.
    ToolCallResponse {
        /// The *server's* id of the call.
        call: MessageId,
        /// `control/open` accepts, `error` refuses.
        content: Content,
    },
    /// `room.tool_call_response_chunk`: a callee's chunk of a duplex stream. Never answered.
    ToolCallResponseChunk {
        /// The *server's* id of the call.
        call: MessageId,
        /// The call as the server named it to the callee.
        tool_call_id: String,
        /// The chunk.
        chunk: Content,
    },
}

/// What a client asks of the room. Every request is answered exactly once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// Be listed, and hear of others.
    Enable,
    /// No longer be listed.
    Disable,
    /// One message to one participant.
    Send {
        /// Who gets it.
        to: ParticipantId,
        /// What they get.
        outgoing: Outgoing,
    },
    /// One message to every other enabled participant.
    Broadcast {
        /// What they get.
        outgoing: Outgoing,
    },
    /// Tool `messaging.stream`: opens a duplex stream; the first chunk names the recipient.
    OpenCall {
        /// The caller's name for the call.
        tool_call_id: String,
    },
    /// `room.tool_call_request_chunk`: the caller's chunk of a duplex stream.
    CallChunk {
        /// The caller's name for the call.
        tool_call_id: String,
        /// The chunk.
        chunk: Content,
    },
}

impl Request {
    /// Whether somebody waits to hear that it was done. Nobody does of a stream's chunks and its
    /// credit: of them a client wants to know what failed, and that it is never too many.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        let Self::Send { outgoing, .. } = self else { return true };
        !matches!(outgoing.kind.as_str(), system::STREAM_CHUNK | system::STREAM_CREDIT)
    }
}

/// A message on its way from a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// The application's word for the kind of message.
    pub kind: String,
    /// The message, a JSON object.
    pub message: JsonText,
    /// Bytes beside it. Empty and absent are the same on the wire.
    pub attachment: Bytes,
}

/// Which words a request is written in. Every reader accepts both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    /// Generation 1: `messaging.send` and its sisters, attachment as raw payload.
    Direct,
    /// Generation 2 and later: `room.invoke_tool` of the toolkit `messaging`, base64 attachment.
    Toolkit,
}

/// What the room says to a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerFrame {
    /// `connected` with `type: init`: who the client is.
    Connected {
        /// The client's own id.
        participant_id: ParticipantId,
        /// The client's attributes, a JSON object.
        attributes: JsonText,
    },
    /// `room_ready`: which room this is.
    RoomReady {
        /// The room's name.
        room_name: String,
        /// Where the room is.
        room_url: String,
        /// The room's current run.
        session_id: String,
        /// What the server can do beyond the official protocol, if it says so.
        extensions: Option<Extensions>,
    },
    /// `room.status`: progress before the room is ready.
    RoomStatus {
        /// A word for it.
        status: String,
        /// A sentence for it.
        message: String,
    },
    /// `__response__`: the answer to a request.
    Response {
        /// The client's id of the request.
        id: MessageId,
        /// The answer.
        content: Content,
    },
    /// `__responses__`: requests with ids one after the other are done, and there is nothing more to say
    /// of any. Only from our server to our clients; others are answered one by one.
    Responses {
        /// The client's id of the first request.
        first: MessageId,
        /// How many they are, at most [`ServerFrame::MAX_RESPONSES`].
        count: u32,
    },
    /// `messaging.send`: a message, of the application or of the system.
    Message(Delivered),
    /// `room.tool_call.messaging`: somebody opens a duplex stream to this client.
    ToolCall {
        /// The server's id of the call (its message id); the callee answers with it.
        call: MessageId,
        /// The server's name for the call.
        tool_call_id: String,
        /// Who opens it.
        caller_id: ParticipantId,
    },
    /// `room.tool_call_request_chunk.messaging`: the caller's chunk, for the callee.
    CallChunk {
        /// The server's name for the call.
        tool_call_id: String,
        /// The chunk.
        chunk: Content,
    },
    /// `room.tool_call_response_chunk`: the callee's chunk, for the caller.
    ResponseChunk {
        /// The caller's name for the call.
        tool_call_id: String,
        /// The chunk.
        chunk: Content,
    },
    /// A kind of message this version does not know; to be ignored.
    Unknown {
        /// Its type.
        kind: String,
    },
}

/// A message as it arrives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivered {
    /// Who sent it, or whom it is about.
    pub from: ParticipantId,
    /// `messaging.enabled`, `participant.*`, `stream.*`, or the application's own word.
    pub kind: String,
    /// The message, a JSON object.
    pub message: JsonText,
    /// Bytes beside it; empty when there are none.
    pub attachment: Bytes,
    /// The trace that it belongs to, if its sender traces. Only our own clients are told, and in a
    /// browser it is not read.
    pub trace: Option<Trace>,
}

/// The `type`s of messages that the room itself sends.
pub mod system {
    /// The list of participants; this client is enabled.
    pub const ENABLED: &str = "messaging.enabled";
    /// A participant is there.
    pub const PARTICIPANT_ENABLED: &str = "participant.enabled";
    /// A participant is gone.
    pub const PARTICIPANT_DISABLED: &str = "participant.disabled";
    /// A participant's attributes changed.
    pub const PARTICIPANT_ATTRIBUTES: &str = "participant.attributes";
    /// The client is to close for good.
    pub const DISMISS: &str = "dismiss";
    /// A piece of a stream.
    pub const STREAM_CHUNK: &str = "stream.chunk";
    /// A stream may go on.
    pub const STREAM_CREDIT: &str = "stream.credit";
    /// All that a client may not send.
    pub const RESERVED: [&str; 4] =
        [ENABLED, PARTICIPANT_ENABLED, PARTICIPANT_DISABLED, PARTICIPANT_ATTRIBUTES];
}
