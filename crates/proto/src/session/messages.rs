//! Frames that come once the room is ready.

use crate::{
    ClientFrame, Content, Delivered, ErrorCode, MessageId, ServerFrame, SessionError, Violation,
    frame::system,
    session::{Event, Session, Timestamp, streams::StreamKind, wire::CLOSE_NORMAL},
};

impl Session {
    pub(super) fn on_frame(&mut self, now: Timestamp, frame: ServerFrame) -> Result<(), Violation> {
        match frame {
            ServerFrame::Response { id, content } => self.on_response(now, id, content),
            ServerFrame::Message(message) => return self.on_message(now, message),
            ServerFrame::ToolCall { call, .. } => self.refuse_call(call),
            ServerFrame::Connected { .. }
            | ServerFrame::RoomReady { .. }
            | ServerFrame::RoomStatus { .. }
            | ServerFrame::CallChunk { .. }
            | ServerFrame::ResponseChunk { .. }
            | ServerFrame::Unknown { .. } => {}
        }
        Ok(())
    }

    fn on_message(&mut self, now: Timestamp, message: Delivered) -> Result<(), Violation> {
        match message.kind.as_str() {
            system::ENABLED => self.on_messaging_enabled(&message),
            system::PARTICIPANT_ENABLED => self.on_participant_enabled(&message),
            system::PARTICIPANT_DISABLED => self.on_participant_disabled(&message),
            system::PARTICIPANT_ATTRIBUTES => self.on_participant_attributes(&message),
            system::DISMISS => {
                self.report(Event::Message(message));
                let text = "the server dismissed this client";
                let error = SessionError::new(ErrorCode::Dismissed, text);
                self.end(error, Some((CLOSE_NORMAL, "dismissed")));
                Ok(())
            }
            kind => {
                match StreamKind::parse(kind) {
                    Some(kind) => self.on_stream_message(now, kind, message),
                    None => self.report(Event::Message(message)),
                }
                Ok(())
            }
        }
    }

    /// Duplex streams are not spoken here; silence would leave the caller waiting. The refusal goes
    /// under the server's id of the call, and is not answered.
    fn refuse_call(&mut self, call: MessageId) {
        let text = String::from("duplex streams are not supported by this client");
        let content = Content::Error { text, code: None };
        if let Ok(encoded) = self.wire.encode(|_| ClientFrame::ToolCallResponse { call, content }) {
            self.transmit(encoded);
        }
    }
}
