//! Bytes into frames and back: numbering, dialect and sizes of one connection.

use bytes::Bytes;

use crate::{
    Assembler, ClientFrame, ErrorCode, Extensions, Family, Limits, Message, MessageId, ServerFrame,
    SessionError, Violation, frame::ClientDialect,
};

/// The close code for an end that is nobody's mistake.
pub(super) const CLOSE_NORMAL: u16 = 1000;
/// The close code for a server that does not finish the handshake.
pub(super) const CLOSE_TIMEOUT: u16 = 4008;

/// The close code for a connection that the client lets go of. The server waits for it.
pub(super) const CLOSE_AWAY: u16 = 4100;

/// What one connection has agreed on, and where it stands in its numbering.
#[derive(Debug)]
pub(super) struct Wire {
    limits: Limits,
    assembler: Assembler,
    next_id: u64,
    dialect: ClientDialect,
    /// Whether the dialect is known to be understood.
    is_family_known: bool,
    /// Makes the names of tool calls unique in the room.
    call_prefix: String,
    packet_bytes: usize,
    max_message_bytes: usize,
    /// Whether the server reads batches.
    batches: bool,
}

/// A frame and how it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) frame: ServerFrame,
    /// It was JSON without the length before it, as servers of generation 1a write.
    pub(super) is_plain: bool,
}

/// A message that is ready to go.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) id: MessageId,
    pub(super) body_bytes: usize,
    /// Packets, or batches of them.
    pub(super) parts: Vec<Bytes>,
}

impl Wire {
    pub(super) fn new(limits: Limits, packet_bytes: usize) -> Self {
        Self {
            limits,
            assembler: Assembler::new(limits),
            next_id: 1,
            dialect: ClientDialect::ours_toolkit(),
            is_family_known: false,
            call_prefix: String::new(),
            packet_bytes: packet_bytes.max(1),
            max_message_bytes: usize::MAX,
            batches: false,
        }
    }

    /// Forgets what was agreed with a server that begins anew. Ids go on.
    pub(super) fn restart(&mut self, packet_bytes: usize) {
        let next_id = self.next_id;
        *self = Self { next_id, ..Self::new(self.limits, packet_bytes) };
    }

    /// Adapts to what the handshake told about the server.
    pub(super) fn adapt(
        &mut self,
        is_plain: bool,
        extensions: Option<&Extensions>,
        call_prefix: &str,
    ) {
        call_prefix.clone_into(&mut self.call_prefix);
        if let Some(extensions) = extensions {
            let Extensions { max_packet_bytes, max_message_bytes, batches, .. } = *extensions;
            self.packet_bytes = max_packet_bytes.unwrap_or(self.packet_bytes).max(1);
            self.max_message_bytes = max_message_bytes.unwrap_or(usize::MAX);
            self.batches = batches;
        }
        if is_plain || extensions.is_some_and(|extensions| extensions.raw_attachments) {
            self.settle_family(Family::Direct);
        }
        self.dialect.plain_attributes = is_plain;
    }

    /// The words that requests are written in, so far.
    pub(super) fn family(&self) -> Family {
        self.dialect.family
    }

    pub(super) fn is_family_known(&self) -> bool {
        self.is_family_known
    }

    /// Tries other words.
    pub(super) fn use_family(&mut self, family: Family) {
        let plain_attributes = self.dialect.plain_attributes;
        self.dialect = match family {
            Family::Direct => ClientDialect::ours_direct(),
            Family::Toolkit => ClientDialect::ours_toolkit(),
        };
        self.dialect.plain_attributes = plain_attributes;
    }

    /// Stays with words that the server understands.
    pub(super) fn settle_family(&mut self, family: Family) {
        self.use_family(family);
        self.is_family_known = true;
    }

    /// Takes one packet of a WebSocket message; gives the frame that it completes.
    pub(super) fn receive(
        &mut self,
        whole: &Bytes,
        packet: &[u8],
    ) -> Result<Option<Received>, Violation> {
        let Some(message) = self.assembler.push(whole, packet)? else { return Ok(None) };
        let frame = ServerFrame::decode(&message, &self.limits)?;
        Ok(Some(Received { frame, is_plain: is_plain(&message) }))
    }

    /// Writes a frame under the next id. If it is too large, nothing has changed.
    pub(super) fn encode(
        &mut self,
        frame: impl FnOnce(MessageId) -> ClientFrame,
    ) -> Result<Encoded, SessionError> {
        let id = MessageId(self.next_id);
        if self.dialect.family == Family::Toolkit {
            self.dialect.tool_call_id = Some(format!("{}-{}", self.call_prefix, id.0));
        }
        let message = frame(id).encode(&self.dialect);
        let body_bytes = message.body.len();
        if body_bytes > self.max_message_bytes {
            let limit = self.max_message_bytes;
            let text = format!("a message of {body_bytes} bytes is over the server's {limit}");
            return Err(SessionError::new(ErrorCode::TooLarge, text));
        }

        self.next_id += 1;
        let parts = message.parts(self.packet_bytes, self.batches);
        Ok(Encoded { id, body_bytes, parts })
    }
}

/// Whether a body is the JSON alone. Eight spaces before it are written by servers that know of the
/// packed form, so these are not of generation 1a.
fn is_plain(message: &Message) -> bool {
    !message.body.starts_with(&[0]) && !message.body.starts_with(&[b' '; 8])
}

/// Cuts a reason to what fits into a close frame.
pub(super) fn close_reason(text: &str) -> String {
    let end = (0..=text.len().min(123)).rfind(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}
