//! Commands about messages and attributes.

use crate::{
    ClientFrame, ErrorCode, JsonText, Outgoing, ParticipantId, Request, RequestId, SessionError,
    frame::system,
    members,
    session::{Session, Timestamp, streams::StreamKind},
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
            return Err(invalid(format!("attributes must be a JSON object, not {changed:?}")));
        }

        let merged = members::merge(&self.attributes, &changed);
        let encoded =
            self.wire.encode(|id| ClientFrame::SetAttributes { id, attributes: changed })?;
        self.attributes = merged;
        self.transmit(encoded);
        Ok(())
    }

    pub(super) fn check_outgoing(&self, outgoing: &Outgoing) -> Result<(), SessionError> {
        self.check_ready()?;
        let kind = outgoing.kind.as_str();
        if system::RESERVED.contains(&kind) || StreamKind::parse(kind).is_some() {
            return Err(invalid(format!("the message type {kind:?} is the protocol's own")));
        }
        if !outgoing.message.is_object() {
            return Err(invalid(format!("a message of type {kind:?} must be a JSON object")));
        }
        Ok(())
    }
}

fn invalid(text: String) -> SessionError {
    SessionError::new(ErrorCode::InvalidArgument, text)
}
