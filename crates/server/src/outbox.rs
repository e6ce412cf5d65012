//! What waits for a member, and how its connection is to end.
//!
//! Counted in bytes. A member that lets more pile up than it may has its queue thrown away and is
//! disconnected: to skip messages would be a lie, and to keep them all is not possible.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use room_proto::{Content, ServerFrame};
use tokio::sync::Notify;

/// A queue of frames with an end. Filled by the room, emptied by one seat.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
    ended: Notify,
    limit_bytes: usize,
}

impl Outbox {
    /// An empty queue.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { state: Mutex::default(), filled: Notify::new(), ended: Notify::new(), limit_bytes }
    }

    /// Adds a frame. One that can wait a moment leaves with the next that cannot, or when its seat
    /// asks for it. After the end frames are dropped.
    ///
    /// # Errors
    ///
    /// [`TooSlow`] if too much is waiting. The queue has then ended.
    pub(crate) fn push(&self, frame: Arc<ServerFrame>, can_wait: bool) -> Result<(), TooSlow> {
        let cost = cost(&frame);
        {
            let mut state = self.lock();
            if state.ending.is_some() {
                return Ok(());
            }
            // One frame may be as large as it likes, or it could never be delivered.
            if state.frames.is_empty() || state.bytes.saturating_add(cost) <= self.limit_bytes {
                let is_first = state.frames.is_empty();
                state.frames.push_back(frame);
                state.bytes += cost;
                state.is_urgent |= !can_wait;
                // Who has been told that something waits need not be told of more of it.
                if is_first || !can_wait {
                    self.filled.notify_one();
                }
                return Ok(());
            }
        }
        self.abandon(Ending::close(CLOSE_TOO_SLOW, "too slow"));
        Err(TooSlow)
    }

    /// Takes no more; what is queued is still sent, then the connection ends like this.
    pub(crate) fn end(&self, ending: Ending) {
        self.lock().ending.get_or_insert(ending);
        self.filled.notify_one();
        self.ended.notify_waiters();
    }

    /// Takes no more and forgets what is queued.
    pub(crate) fn abandon(&self, ending: Ending) {
        let forgotten = {
            let mut state = self.lock();
            state.ending.get_or_insert(ending);
            state.bytes = 0;
            std::mem::take(&mut state.frames)
        };
        self.filled.notify_one();
        self.ended.notify_waiters();
        drop(forgotten);
    }

    /// The next things for the seat to send; what can wait a moment only leaves alone if it is
    /// not patient.
    pub(crate) fn poll(&self, is_patient: bool) -> Next {
        let mut state = self.lock();
        if is_patient && !state.is_urgent && !state.frames.is_empty() && state.ending.is_none() {
            return Next::Later;
        }
        let run = state.take_run();
        if run.is_empty() {
            return state.ending.clone().map_or(Next::Nothing, Next::End);
        }
        // The rest leaves too: it would only cost another WebSocket message.
        state.is_urgent = !state.frames.is_empty();
        Next::Frames(run)
    }

    /// Lets the seat look whether there is something else to send.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Waits until there may be something to send. For one waiter.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Whether the end is one that waits for nothing.
    pub(crate) fn is_cut(&self) -> bool {
        self.lock().ending == Some(Ending::Cut)
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        let mut ended = std::pin::pin!(self.ended.notified());
        // Before the look, so that what comes between is not missed.
        ended.as_mut().enable();
        if !self.has_ended() {
            ended.await;
        }
    }

    /// Whether it takes no more.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().ending.is_some()
    }

    /// Whether it takes no more because the client is to come back.
    pub(crate) fn has_moved(&self) -> bool {
        self.lock().ending == Some(Ending::Moved)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Arc<ServerFrame>>,
    /// Whether one of them cannot wait.
    is_urgent: bool,
    bytes: usize,
    ending: Option<Ending>,
}

impl State {
    /// Some of the frames: small ones together, because to come back for each takes longer than to send
    /// it.
    fn take_run(&mut self) -> VecDeque<Arc<ServerFrame>> {
        if self.bytes <= RUN_BYTES {
            self.bytes = 0;
            return std::mem::take(&mut self.frames);
        }
        let mut taken = 0;
        let mut run = VecDeque::new();
        while taken < RUN_BYTES
            && let Some(frame) = self.frames.pop_front()
        {
            taken += cost(&frame);
            run.push_back(frame);
        }
        self.bytes -= taken;
        run
    }
}

/// What there is to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// These.
    Frames(VecDeque<Arc<ServerFrame>>),
    /// Something that can wait a moment.
    Later,
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End(Ending),
}

/// How a connection ends from our side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// With a close frame.
    Close {
        /// Its code.
        code: u16,
        /// Its reason, at most 123 bytes.
        reason: String,
    },
    /// By the client's own close; there is nobody left to send to.
    Gone,
    /// So that the client comes back, to another server.
    Moved,
    /// At once and without a word: this server has the room no more. The client should come back.
    Cut,
}

impl Ending {
    /// A close with this code and reason, which is cut if it is too long.
    pub(crate) fn close(code: u16, reason: &str) -> Self {
        Self::Close { code, reason: crate::refusal::close_reason(reason) }
    }
}

/// More is waiting for a member than may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TooSlow;

/// The close code of a member that does not read.
pub(crate) const CLOSE_TOO_SLOW: u16 = 4000;

/// About how much is taken at once. It does not count as waiting any more.
const RUN_BYTES: usize = 64 * 1024;

/// What a frame counts for: its text and bytes, and something for the rest.
fn cost(frame: &ServerFrame) -> usize {
    const REST_BYTES: usize = 256;
    REST_BYTES
        + match frame {
            ServerFrame::Connected { attributes, .. } => attributes.as_str().len(),
            ServerFrame::Response { content, .. } => content_cost(content),
            ServerFrame::Message(delivered) => {
                delivered.kind.len() + delivered.message.as_str().len() + delivered.attachment.len()
            }
            ServerFrame::CallChunk { chunk, .. } | ServerFrame::ResponseChunk { chunk, .. } => {
                content_cost(chunk)
            }
            ServerFrame::RoomReady { .. }
            | ServerFrame::RoomStatus { .. }
            | ServerFrame::Responses { .. }
            | ServerFrame::ToolCall { .. }
            | ServerFrame::Unknown { .. } => 0,
        }
}

fn content_cost(content: &Content) -> usize {
    match content {
        Content::Json(json) => json.as_str().len(),
        Content::Text(text) | Content::Error { text, .. } => text.len(),
        Content::Close { message, .. } => message.as_ref().map_or(0, String::len),
        Content::Other { kind } => kind.len(),
        Content::Empty | Content::Open => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Arc<ServerFrame> {
        let content = Content::Text("x".repeat(bytes));
        Arc::new(ServerFrame::Response { id: room_proto::MessageId(1), content })
    }

    #[test]
    fn one_frame_always_fits_and_the_next_one_ends_it() {
        let outbox = Outbox::new(1000);

        assert_eq!(outbox.push(frame(5000), false), Ok(()));
        assert_eq!(outbox.push(frame(1), false), Err(TooSlow));

        let ending = Ending::close(4000, "too slow");
        assert_eq!(outbox.poll(true), Next::End(ending), "what was queued is gone");
        assert_eq!(outbox.push(frame(1), false), Ok(()), "and nothing comes after the end");
    }

    #[test]
    fn what_is_taken_out_makes_room() {
        let outbox = Outbox::new(1000);

        for _ in 0..100 {
            assert_eq!(outbox.push(frame(700), false), Ok(()));
            assert!(matches!(outbox.poll(true), Next::Frames(_)));
        }
        assert_eq!(outbox.poll(true), Next::Nothing);
    }

    #[test]
    fn large_frames_are_taken_a_few_at_a_time_and_in_order() {
        let outbox = Outbox::new(1_000_000);
        let sizes = [10, 60_000, 20, 70_000, 30, 40];
        for bytes in sizes {
            outbox.push(frame(bytes), false).expect("there is room");
        }

        for run in [&sizes[..4], &sizes[4..]] {
            let frames = run.iter().map(|bytes| frame(*bytes)).collect();
            assert_eq!(outbox.poll(true), Next::Frames(frames));
        }
        assert_eq!(outbox.poll(true), Next::Nothing);
        outbox.push(frame(900_000), false).expect("what was taken counts no more");
    }

    #[test]
    fn an_end_waits_for_its_turn_and_the_first_one_counts() {
        let outbox = Outbox::new(1000);

        outbox.push(frame(1), false).expect("there is room");
        outbox.end(Ending::Gone);
        outbox.end(Ending::close(1000, "late"));

        assert!(matches!(outbox.poll(true), Next::Frames(_)));
        assert_eq!(outbox.poll(true), Next::End(Ending::Gone));
    }

    #[test]
    fn what_can_wait_leaves_with_what_cannot_or_when_patience_is_over() {
        let outbox = Outbox::new(1000);

        outbox.push(frame(1), true).expect("there is room");
        assert_eq!(outbox.poll(true), Next::Later);
        assert!(matches!(outbox.poll(false), Next::Frames(_)));
        assert_eq!(outbox.poll(true), Next::Nothing);

        outbox.push(frame(1), true).expect("there is room");
        outbox.push(frame(2), false).expect("there is room");
        outbox.push(frame(3), true).expect("there is room");
        assert_eq!(outbox.poll(true), Next::Frames([frame(1), frame(2), frame(3)].into()));

        outbox.push(frame(1), true).expect("there is room");
        outbox.end(Ending::Gone);
        assert!(matches!(outbox.poll(true), Next::Frames(_)), "the end waits for nothing else");
        assert_eq!(outbox.poll(true), Next::End(Ending::Gone));
    }
}
