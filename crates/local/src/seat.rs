//! A member's seat: what it outlives its connections with.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use room::Place;
use room_proto::{Content, ServerFrame};

use crate::hall::{HEARTBEAT, LineId};

/// Time since some moment.
pub type Time = Duration;

/// How a member comes back to its seat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Keep {
    /// The name of its epoch.
    pub(crate) epoch: String,
    /// Who it must be.
    pub(crate) name: String,
    pub(crate) role: String,
}

#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) place: Place,
    pub(crate) keep: Option<Keep>,
    /// Its connection, if it has one.
    pub(crate) line: Option<LineId>,
    /// What was sent and has not arrived, as far as anybody says so.
    pub(crate) bytes_under_way: usize,
    pub(crate) heard_at: Time,
    pub(crate) spoke_at: Time,
    /// When it is given up, while it has no connection.
    pub(crate) kept_until: Option<Time>,
    waiting: VecDeque<Arc<ServerFrame>>,
    waiting_bytes: usize,
}

/// More waits for a member than may.
#[derive(Debug)]
pub(crate) struct TooSlow;

impl Seat {
    pub(crate) fn new(place: Place, keep: Option<Keep>, line: LineId, now: Time) -> Self {
        Self {
            place,
            keep,
            line: Some(line),
            bytes_under_way: 0,
            heard_at: now,
            spoke_at: now,
            kept_until: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        }
    }

    /// Adds what is to be said to it.
    pub(crate) fn push(&mut self, frame: Arc<ServerFrame>) -> Result<(), TooSlow> {
        let cost = cost(&frame);
        // One may be as large as it likes, or it could never be delivered.
        if !self.waiting.is_empty() && self.waiting_bytes + cost > MAX_WAITING_BYTES {
            return Err(TooSlow);
        }
        self.waiting_bytes += cost;
        self.waiting.push_back(frame);
        Ok(())
    }

    /// The next thing to say over its connection, if it has one.
    pub(crate) fn pop(&mut self) -> Option<(LineId, Vec<Bytes>)> {
        let line = self.line?;
        let frame = self.waiting.pop_front()?;
        self.waiting_bytes -= cost(&frame);
        Some((line, self.place.encode(&frame)))
    }

    /// When there is something to do without anybody's doing.
    pub(crate) fn deadline(&self, is_remote: bool) -> Option<Time> {
        self.kept_until.or_else(|| is_remote.then_some(self.spoke_at + HEARTBEAT))
    }
}

/// What a frame counts for: its text and bytes, and something for the rest.
fn cost(frame: &ServerFrame) -> usize {
    const REST_BYTES: usize = 256;
    REST_BYTES
        + match frame {
            ServerFrame::Message(message) => {
                message.message.as_str().len() + message.attachment.len()
            }
            ServerFrame::CallChunk { chunk: Content::Json(json), .. }
            | ServerFrame::ResponseChunk { chunk: Content::Json(json), .. } => json.as_str().len(),
            ServerFrame::Connected { .. }
            | ServerFrame::RoomReady { .. }
            | ServerFrame::RoomStatus { .. }
            | ServerFrame::Response { .. }
            | ServerFrame::Responses { .. }
            | ServerFrame::ToolCall { .. }
            | ServerFrame::CallChunk { .. }
            | ServerFrame::ResponseChunk { .. }
            | ServerFrame::Unknown { .. } => 0,
        }
}

/// What may wait for a member: what the server allows too.
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;
