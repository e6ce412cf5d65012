//! When spans go: as soon as there are enough, or the first has waited long enough.

use std::time::Duration;

use super::span::Span;

/// Spans that go together. Times are since the start of the export.
#[derive(Debug)]
pub(crate) struct Batch {
    spans: Vec<Span>,
    limit: usize,
    delay: Duration,
    due: Option<Duration>,
}

impl Batch {
    pub(crate) fn new(limit: usize, delay: Duration) -> Self {
        Self { spans: Vec::new(), limit: limit.max(1), delay, due: None }
    }

    pub(crate) fn push(&mut self, span: Span, now: Duration) {
        self.spans.push(span);
        let is_full = self.spans.len() >= self.limit;
        let due = if is_full { now } else { now.saturating_add(self.delay) };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// When it goes; there is no such time if it is empty.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due
    }

    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Begins the next one.
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.due = None;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use room_proto::ParticipantId;

    use super::{super::context::SpanContext, *};
    use crate::room_name::RoomName;

    const DELAY: Duration = Duration::from_secs(5);

    pub(crate) fn span(id: u64) -> Span {
        Span {
            context: SpanContext { trace: 1, span: id, flags: 1 },
            parent: 2,
            name: Span::SEND,
            start: Duration::ZERO,
            end: Duration::ZERO,
            room: RoomName::new("lobby").expect("a name"),
            sender: ParticipantId::new("ann"),
            recipient: None,
            recipients: None,
            error: None,
        }
    }

    #[test]
    fn the_first_span_decides_when_a_batch_goes() {
        let mut batch = Batch::new(3, DELAY);
        assert_eq!(batch.due(), None);

        batch.push(span(1), Duration::from_secs(1));
        batch.push(span(2), Duration::from_secs(4));

        assert_eq!(batch.due(), Some(Duration::from_secs(6)));
        assert!(!batch.is_due(Duration::from_millis(5999)));
        assert!(batch.is_due(Duration::from_secs(6)));
    }

    #[test]
    fn a_full_batch_goes_at_once_and_the_next_waits_anew() {
        let mut batch = Batch::new(2, DELAY);
        batch.push(span(1), Duration::from_secs(1));
        batch.push(span(2), Duration::from_secs(2));

        assert!(batch.is_due(Duration::from_secs(2)));
        assert_eq!(batch.spans(), [span(1), span(2)]);

        batch.clear();
        assert_eq!((batch.spans().len(), batch.due()), (0, None));
        batch.push(span(3), Duration::from_secs(9));
        assert_eq!(batch.due(), Some(Duration::from_secs(14)));
    }
}
