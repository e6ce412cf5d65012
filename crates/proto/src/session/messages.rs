//! Frames that come once the room is ready.

use crate::{
    Content, Delivered, ErrorCode, MessageId, ServerFrame, SessionError, Violation,
    frame::system,
    session::{Event, Session, Timestamp, streams::StreamKind, wire::CLOSE_NORMAL},
};

impl Session {
    pub(super) fn on_frame(&mut self, now: Timestamp, frame: ServerFrame) -> Result<(), Violation> {
        match frame {
            ServerFrame::Response { id, content } => self.on_response(now, id, content),
            ServerFrame::Responses { first, count } => {
                for after in 0..u64::from(count) {
                    let id = MessageId(first.0.saturating_add(after));
                    self.on_response(now, id, Content::Empty);
                }
            }
            ServerFrame::Message(message) => return self.on_message(now, message),
            ServerFrame::ToolCall { call, tool_call_id, caller_id } => {
                self.on_call(call, tool_call_id, caller_id);
            }
            ServerFrame::CallChunk { tool_call_id, chunk } => {
                self.on_caller_chunk(&tool_call_id, chunk);
            }
            ServerFrame::ResponseChunk { tool_call_id, chunk } => {
                self.on_callee_chunk(now, &tool_call_id, &chunk);
            }
            ServerFrame::Connected { .. }
            | ServerFrame::RoomReady { .. }
            | ServerFrame::RoomStatus { .. }
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
                    None => {
                        self.streams.on_other_message(now);
                        self.report(Event::Message(message));
                    }
                }
                Ok(())
            }
        }
    }
}
