//! How fast one member may speak. Time is an argument.
//!
//! What is answered can be refused, so it is. What is not answered, and the chunks of streams, which
//! would fail with the first one missing, make the reader wait instead.

use std::time::Duration;

use room_proto::{ClientFrame, MessageId, Request, content::codes, frame::FrameError};

/// Watches over what one member says. One for each connection.
#[derive(Debug)]
pub struct Pace {
    per_second: u32,
    messages: Bucket,
    chunks: Bucket,
}

/// What to do with what a member says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Hand it to the room.
    Pass,
    /// Hand this to the room instead, which answers with it.
    Refuse(FrameError),
    /// Hand it to the room, and read no more for so long.
    Pause(Duration),
}

impl Pace {
    /// For so many messages a second, on average; after silence twice as many at once. 0 is no
    /// limit.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let chunks = per_second.saturating_mul(CHUNKS_PER_MESSAGE);
        Self { per_second, messages: Bucket::new(per_second), chunks: Bucket::new(chunks) }
    }

    /// Judges what a member says at `now`, the time since anything.
    pub fn judge(&mut self, now: Duration, frame: &Result<ClientFrame, FrameError>) -> Verdict {
        let Some(id) = refusable(frame) else {
            let pause = self.chunks.charge(now);
            return if pause.is_zero() { Verdict::Pass } else { Verdict::Pause(pause) };
        };
        if self.messages.take(now) {
            return Verdict::Pass;
        }
        let text = format!("too many messages: {} a second are allowed", self.per_second);
        let code = codes::OPERATION_FAILED;
        Verdict::Refuse(FrameError { id, answerable: true, code, text })
    }
}

/// The id of what can be refused by an answer without breaking a stream.
fn refusable(frame: &Result<ClientFrame, FrameError>) -> Option<MessageId> {
    match frame {
        Ok(ClientFrame::Request { id, request }) => (!is_chunk(request)).then_some(*id),
        Ok(
            ClientFrame::SetAttributes { .. }
            | ClientFrame::ToolCallResponse { .. }
            | ClientFrame::ToolCallResponseChunk { .. },
        ) => None,
        Err(error) => error.answerable.then_some(error.id),
    }
}

/// Whether it belongs to a stream of either kind.
fn is_chunk(request: &Request) -> bool {
    match request {
        Request::CallChunk { .. } => true,
        Request::Send { outgoing, .. } => outgoing.kind.starts_with("stream."),
        Request::Enable
        | Request::Disable
        | Request::Broadcast { .. }
        | Request::OpenCall { .. } => false,
    }
}

/// A chunk is small beside a message, and slowed instead of refused.
const CHUNKS_PER_MESSAGE: u32 = 8;

/// A token bucket that holds what [`BURST`] brings in, kept as the time when it is full again.
#[derive(Debug)]
struct Bucket {
    /// What one token takes to come.
    interval: Duration,
    full_at: Duration,
}

impl Bucket {
    fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
        Self { interval, full_at: Duration::ZERO }
    }

    /// Takes a token if there is one.
    fn take(&mut self, now: Duration) -> bool {
        let full_at = self.full_at.max(now) + self.interval;
        let is_there = full_at - now <= BURST;
        if is_there {
            self.full_at = full_at;
        }
        is_there
    }

    /// Takes a token on credit; gives how long it takes to pay it back.
    fn charge(&mut self, now: Duration) -> Duration {
        self.full_at = self.full_at.max(now) + self.interval;
        (self.full_at - now).saturating_sub(BURST)
    }
}

const BURST: Duration = Duration::from_secs(2);
