//! Opens a span for each message that belongs to a trace, and puts it into the queue when it is done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use room::{Output, Room};
use room_proto::{
    ClientFrame, Content, ParticipantId, ServerFrame, Trace,
    frame::{FrameError, system::RESERVED},
};
use tokio::sync::mpsc;
use tracing::warn;

use super::{context::SpanContext, span::Span};
use crate::{
    metrics::{Metrics, Total},
    room_name::RoomName,
};

/// Where the spans of all rooms begin.
#[derive(Debug)]
pub(crate) struct Tracer {
    queue: mpsc::Sender<Span>,
    metrics: Arc<Metrics>,
    has_warned: AtomicBool,
}

impl Tracer {
    pub(crate) fn new(queue: mpsc::Sender<Span>, metrics: Arc<Metrics>) -> Self {
        Self { queue, metrics, has_warned: AtomicBool::new(false) }
    }

    /// Opens a span for a message of a trace that is sampled. Whoever the message goes to gets this
    /// span for its parent, unless there is no room for it: then the trace stays what it was.
    pub(crate) fn open(
        &self,
        trace: &mut Option<Trace>,
        frame: &Result<ClientFrame, FrameError>,
        room: &RoomName,
        sender: &ParticipantId,
    ) -> Option<Sending<'_>> {
        let sent = trace.as_ref()?;
        let parent = SpanContext::parse(&sent.traceparent()?).filter(SpanContext::is_sampled)?;
        let slot = self.slot()?;
        let context = parent.child(rand::random());
        *trace = Some(sent.with_traceparent(&context.traceparent()));
        let name = Span::name(frame);
        let is_for_others = matches!(name, Span::SEND | Span::BROADCAST);
        let start = since_1970();
        let span = Span {
            context,
            parent: parent.span,
            name,
            start,
            end: start,
            room: room.clone(),
            sender: sender.clone(),
            recipient: None,
            recipients: is_for_others.then_some(0),
            error: None,
        };
        Some(Sending { slot, span })
    }

    /// Room for a span, whose place nobody can take before it is done.
    fn slot(&self) -> Option<mpsc::Permit<'_, Span>> {
        let slot = self.queue.try_reserve();
        if slot.is_err() {
            self.metrics.tally(Total::SpansDropped, 1);
            if !self.has_warned.swap(true, Ordering::Relaxed) {
                warn!("dropping spans: too many wait for the collector");
            }
        }
        slot.ok()
    }
}

/// A span of a message that is being handled.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    slot: mpsc::Permit<'a, Span>,
    span: Span,
}

impl Sending<'_> {
    /// Notes what the room makes of the message. In the same turn others may be told that somebody
    /// had to leave, which is not about it.
    pub(crate) fn see(&mut self, output: &Output, room: &Room) {
        let Output::Deliver { to, frame, .. } = output else { return };
        let to = room.participant_id(*to);
        if let ServerFrame::Message(message) = &**frame
            && let Some(recipients) = &mut self.span.recipients
            && !RESERVED.contains(&message.kind.as_str())
        {
            *recipients += 1;
            self.span.recipient = to.filter(|_| self.span.name == Span::SEND).cloned();
        } else if let ServerFrame::Response { content: Content::Error { code, .. }, .. } = &**frame
            && to == Some(&self.span.sender)
        {
            self.span.error = Some(code.unwrap_or_default());
        }
    }

    /// The message is where it should be.
    pub(crate) fn close(mut self) {
        // The system's clock may have been set back.
        self.span.end = since_1970().max(self.span.start);
        self.slot.send(self.span);
    }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
