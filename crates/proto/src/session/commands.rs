//! Commands about messages and attributes.

use crate::{
    ClientFrame, ErrorCode, JsonText, Outgoing, ParticipantId, Request, RequestId, SessionError,
    frame::system,
    members,
    session::{Config, Session, Timestamp, streams::StreamKind},
};

impl Session {
    /// Sends a message to one participant. Answered when the server has taken it.
    ///
    /// Messaging need not be enabled, and the participant need not be known.
    ///
    /// # Errors
    ///
    /// `not-connected` before the room is ready, the ending's after the end; `invalid-argument` if
    /// the kind is one of the protocol's own or the message is not an object; `too-large`.
    pub fn send(
        &mut self,
        now: Timestamp,
        to: &ParticipantId,
        outgoing: Outgoing,
    ) -> Result<RequestId, SessionError> {
        self.check_outgoing(&outgoing)?;
        self.ask_for_command(now, Request::Send { to: to.clone(), outgoing })
    }

    /// Sends a message to everyone else. Answered when the server has taken it.
    ///
    /// # Errors
    ///
    /// As [`Session::send`].
    pub fn broadcast(
        &mut self,
        now: Timestamp,
        outgoing: Outgoing,
    ) -> Result<RequestId, SessionError> {
        self.check_outgoing(&outgoing)?;
        self.ask_for_command(now, Request::Broadcast { outgoing })
    }

    /// Changes some of our own attributes; the others stay. The server does not answer this.
    ///
    /// # Errors
    ///
    /// `not-connected` before the room is ready, the ending's after the end; `invalid-argument` if
    /// it is not an object; `too-large`.
    pub fn set_attributes(&mut self, changed: JsonText) -> Result<(), SessionError> {
        self.check_ready()?;
        if !changed.is_object() {
            let text = format!("attributes must be a JSON object, not {}", changed.as_str());
            return Err(invalid(text));
        }

        let merged = members::merge(&self.attributes, &changed);
        let own = members::merge(&self.own_attributes, &changed);
        let limit = self.extensions().and_then(|extensions| extensions.max_attribute_bytes);
        if let Some(limit) = limit.filter(|limit| merged.as_str().len() > *limit) {
            let text = format!("attributes of more than {limit} bytes are over the server's limit");
            return Err(SessionError::new(ErrorCode::TooLarge, text));
        }
        let encoded =
            self.wire.encode(|id| ClientFrame::SetAttributes { id, attributes: changed })?;
        self.attributes = merged;
        self.own_attributes = own;
        self.transmit(encoded);
        Ok(())
    }

    /// One message is always taken, however large.
    fn check_queue(&self, outgoing: &Outgoing) -> Result<(), SessionError> {
        let Config { max_queued_messages, max_queued_bytes, .. } = self.config;
        let (messages, bytes) = self.requests.queued();
        let size = outgoing.message.as_str().len() + outgoing.attachment.len();
        let text = if messages >= max_queued_messages {
            format!("{messages} messages wait for the server's answer already")
        } else if messages > 0 && bytes.saturating_add(size) > max_queued_bytes {
            format!("{bytes} bytes wait for the server's answer already")
        } else {
            return Ok(());
        };
        Err(SessionError::new(ErrorCode::QueueFull, text))
    }

    pub(super) fn check_outgoing(&self, outgoing: &Outgoing) -> Result<(), SessionError> {
        self.check_ready()?;
        self.check_queue(outgoing)?;
        let kind = outgoing.kind.as_str();
        if system::RESERVED.contains(&kind) || StreamKind::parse(kind).is_some() {
            return Err(invalid(format!("the message type \"{kind}\" is the protocol's own")));
        }
        if !outgoing.message.is_object() {
            return Err(invalid(format!("a message of type \"{kind}\" must be a JSON object")));
        }
        Ok(())
    }
}

fn invalid(text: String) -> SessionError {
    SessionError::new(ErrorCode::InvalidArgument, text)
}
