//! What one member did and heard.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use room_proto::RequestId;

/// Everything one member sent and heard.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// By number.
    pub(crate) sent: Vec<Sent>,
    /// In the order in which it came.
    pub(crate) heard: Vec<Heard>,
    /// How long each of those was on its way.
    pub(crate) latencies: Vec<Duration>,
    unanswered: HashMap<RequestId, usize>,
}

/// One message to others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    pub(crate) to: Recipient,
    pub(crate) answer: Answer,
}

/// Members of a room are known by their places in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Recipient {
    One(usize),
    Everyone,
}

/// What the server said about a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// Nothing yet.
    None,
    /// It has taken it.
    Taken,
    /// It has not, or not in time.
    Refused,
}

/// One message from another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Heard {
    /// Nobody of the room, if there is no place.
    pub(crate) from: Option<usize>,
    pub(crate) number: usize,
}

impl Record {
    /// Under the number that the message had, the next one.
    pub(crate) fn on_sent(&mut self, to: Recipient, request: Option<RequestId>) {
        let answer = if request.is_some() { Answer::None } else { Answer::Refused };
        if let Some(request) = request {
            self.unanswered.insert(request, self.sent.len());
        }
        self.sent.push(Sent { to, answer });
    }

    /// Gives back what was answered, if it was a message.
    pub(crate) fn on_answered(&mut self, request: RequestId, is_ok: bool) -> Option<Sent> {
        let number = self.unanswered.remove(&request)?;
        let sent = self.sent.get_mut(number)?;
        sent.answer = if is_ok { Answer::Taken } else { Answer::Refused };
        Some(*sent)
    }

    pub(crate) fn on_heard(&mut self, heard: Heard, latency: Duration) {
        self.heard.push(heard);
        self.latencies.push(latency);
    }
}

/// What all members together wait for.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    answers: AtomicU64,
    due: AtomicU64,
    arrived: AtomicU64,
}

impl Pending {
    pub(crate) fn asked(&self) {
        self.answers.fetch_add(1, Relaxed);
    }

    /// An answer came, after which so many others are to hear the message.
    pub(crate) fn answered(&self, listeners: usize) {
        self.due.fetch_add(u64::try_from(listeners).unwrap_or(u64::MAX), Relaxed);
        self.answers.fetch_sub(1, Relaxed);
    }

    pub(crate) fn arrived(&self) {
        self.arrived.fetch_add(1, Relaxed);
    }

    /// Whether every message is answered, and as many came as were due.
    pub(crate) fn is_over(&self) -> bool {
        self.answers.load(Relaxed) == 0 && self.arrived.load(Relaxed) >= self.due.load(Relaxed)
    }
}
