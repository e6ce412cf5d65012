//! Counts for whoever operates the server: of what it did not allow, and of what passes through it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The counts of one server. Give the same one to [`ServerConfig`](crate::ServerConfig) and to
/// whatever publishes them.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: [AtomicU64; Incident::ALL.len()],
    totals: [Busy; Total::ALL.len()],
    levels: [Busy; Level::ALL.len()],
}

/// A number that changes with each message. On a cache line of its own, so that processors that
/// count different things do not wait for each other.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Busy(AtomicU64);

impl Metrics {
    /// How often it has happened since the start.
    #[must_use]
    pub fn count(&self, incident: Incident) -> u64 {
        self.counts[incident as usize].load(Ordering::Relaxed)
    }

    /// All counts, those of one metric together.
    pub fn counts(&self) -> impl Iterator<Item = (Incident, u64)> + '_ {
        Incident::ALL.iter().map(|incident| (*incident, self.count(*incident)))
    }

    /// How much of it there has been since the start.
    #[must_use]
    pub fn total(&self, total: Total) -> u64 {
        self.totals[total as usize].0.load(Ordering::Relaxed)
    }

    /// How many there are now.
    #[must_use]
    pub fn level(&self, level: Level) -> u64 {
        self.levels[level as usize].0.load(Ordering::Relaxed)
    }

    /// It has happened once more.
    pub(crate) fn add(&self, incident: Incident) {
        self.counts[incident as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// There has been so much more of it.
    pub(crate) fn tally(&self, total: Total, more: u64) {
        self.totals[total as usize].0.fetch_add(more, Ordering::Relaxed);
    }

    /// There is one more until the answer is dropped.
    pub(crate) fn hold(self: &Arc<Self>, level: Level) -> Held {
        self.levels[level as usize].0.fetch_add(1, Ordering::Relaxed);
        Held { metrics: Arc::clone(self), level }
    }
}

/// One of those that there are.
#[derive(Debug)]
pub(crate) struct Held {
    metrics: Arc<Metrics>,
    level: Level,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.metrics.levels[self.level as usize].0.fetch_sub(1, Ordering::Relaxed);
    }
}

macro_rules! numbers {
    ($(#[$enum_doc:meta])* $enum:ident { $($name:ident = $metric:literal, $help:literal;)* }) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $enum {
            $(#[doc = $help] $name,)*
        }

        impl $enum {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The metric's name.
            #[must_use]
            pub const fn metric(self) -> &'static str {
                match self { $(Self::$name => $metric,)* }
            }

            /// What it is, in a line.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)* }
            }
        }
    };
}

numbers! {
    /// What only grows. A release never rewords one.
    Total {
        Joins = "room_joins_total", "Members that came in";
        Resumes = "room_resumes_total", "Members that came back to the seat that was kept for them";
        MessagesReceived = "room_messages_received_total", "Messages that members sent";
        MessagesSent = "room_messages_sent_total", "Messages that were sent to members";
        BytesReceived = "room_received_bytes_total", "Bytes of the WebSocket messages from members";
        BytesSent = "room_sent_bytes_total", "Bytes of the WebSocket messages to members";
        SpansExported = "room_spans_exported_total", "Spans that the collector of traces has taken";
        SpansDropped = "room_spans_dropped_total", "Spans that it did not get";
    }
}

numbers! {
    /// What comes and goes. A release never rewords one.
    Level {
        Connections = "room_connections", "WebSockets of members";
        KeptSeats = "room_kept_seats", "Seats of members whose connection was lost";
    }
}

macro_rules! incidents {
    ($($(#[$doc:meta])* $name:ident = $metric:literal, $reason:literal;)*) => {
        /// What the server did not allow. A release never rewords one.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Incident {
            $($(#[$doc])* $name,)*
        }

        impl Incident {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The metric that it counts for.
            #[must_use]
            pub const fn metric(self) -> &'static str {
                match self { $(Self::$name => $metric,)* }
            }

            /// The value of the metric's label `reason`; in a refusal's JSON, its `code`.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }
        }
    };
}

incidents! {
    /// A request made no sense.
    InvalidArgument = "room_refused_total", "invalid-argument";
    /// A token or key was missing or did not allow it.
    PermissionDenied = "room_refused_total", "permission-denied";
    /// A room's name was none.
    NotFound = "room_refused_total", "not-found";
    /// A page of a site that is not allowed.
    OriginNotAllowed = "room_refused_total", "origin-not-allowed";
    /// The room had as many members as may be.
    RoomFull = "room_refused_total", "room-full";
    /// There were as many rooms as may be.
    RoomsFull = "room_refused_total", "rooms-full";
    /// The server is about to end.
    Draining = "room_refused_total", "draining";
    /// It was not clear which node has the room, or that node did not answer.
    ClusterUnavailable = "room_refused_total", "cluster-unavailable";
    /// A request was not whole in time.
    HandshakeTimeout = "room_refused_total", "handshake-timeout";
    /// A member did not read what was waiting for it.
    TooSlow = "room_closed_total", "too-slow";
    /// A member gave no sign of life.
    Idle = "room_closed_total", "idle";
    /// A member's token had expired.
    TokenExpired = "room_closed_total", "token-expired";
    /// A message was over a limit.
    MessageTooLarge = "room_closed_total", "message-too-large";
    /// A member's attributes were over the limit.
    AttributesTooLarge = "room_closed_total", "attributes-too-large";
    /// What a member sent was not in the protocol.
    ProtocolViolation = "room_closed_total", "protocol-violation";
    /// A member sent too many messages; one was answered with an error.
    RateLimited = "room_messages_refused_total", "rate-limited";
    /// A member sent too many chunks; the server waited before it read on.
    RateDelayed = "room_messages_delayed_total", "rate-limited";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_incident_has_a_count_of_its_own() {
        let metrics = Metrics::default();
        for (times, incident) in Incident::ALL.iter().enumerate() {
            for _ in 0..times {
                metrics.add(*incident);
            }
        }

        for (times, (incident, count)) in metrics.counts().enumerate() {
            assert_eq!(count, times as u64, "{incident:?}");
        }
    }

    #[test]
    fn no_two_have_the_same_label() {
        let mut labels: Vec<_> =
            Incident::ALL.iter().map(|one| (one.metric(), one.reason())).collect();
        labels.sort_unstable();
        labels.dedup();

        assert_eq!(labels.len(), Incident::ALL.len());
    }
}
