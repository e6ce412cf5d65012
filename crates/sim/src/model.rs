//! What must hold, kept beside the code under test and as simple as can be.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use room_proto::{Delivered, ErrorCode, JsonText, ParticipantId, SessionError};

/// Names an application message: who sent it, and its number there.
pub(crate) type Name = (ParticipantId, u64);

/// What the contract says about everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// What did not hold.
    violations: Vec<String>,
    /// What the room has put into queues: recipient, message.
    queued: BTreeSet<(ParticipantId, Name)>,
    /// What applications have seen: recipient, message.
    received: BTreeSet<(ParticipantId, Name)>,
    /// The number that came last: recipient, sender.
    last: BTreeMap<(ParticipantId, ParticipantId), u64>,
    /// Messages to one participant, by what became of them.
    direct: BTreeMap<Name, (ParticipantId, Fate)>,
    /// Messages to everybody.
    broadcasts: BTreeMap<Name, Fate>,
    /// Who is not there any more.
    gone: BTreeSet<ParticipantId>,
    streams: BTreeMap<u64, StreamFate>,
}

/// What the sender was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Open,
    Taken,
    /// The server has not taken it.
    Refused,
    /// The server may have taken it.
    Unknown,
}

/// What is known of a stream of chunks.
#[derive(Debug, Default)]
struct StreamFate {
    to: Option<ParticipantId>,
    written: u64,
    is_closed: bool,
    is_close_taken: bool,
    read: u64,
    is_read_whole: bool,
    /// The reader gave it up, or failed for a reason of its own.
    is_forfeited: bool,
}

impl Model {
    pub(crate) fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    pub(crate) fn sent(&mut self, name: Name, to: Option<ParticipantId>) {
        match to {
            Some(to) => drop(self.direct.insert(name, (to, Fate::Open))),
            None => drop(self.broadcasts.insert(name, Fate::Open)),
        }
    }

    /// The sender was told how it went.
    pub(crate) fn answered(&mut self, name: &Name, result: &Result<(), SessionError>) {
        let new = fate(result);
        let old = match self.direct.get_mut(name) {
            Some((_, fate)) => Some(fate),
            None => self.broadcasts.get_mut(name),
        };
        match old {
            Some(fate) if *fate == Fate::Open => *fate = new,
            Some(_) | None => self.violated(format!("{name:?} was answered twice, or never sent")),
        }
    }

    /// The room put a message into somebody's queue.
    pub(crate) fn queued(&mut self, to: &ParticipantId, message: &Delivered) {
        let Some(number) = number(message) else { return };
        let name = (message.from.clone(), number);
        if *to == message.from {
            self.violated(format!("{name:?} went to its own sender"));
        }
        if !self.queued.insert((to.clone(), name.clone())) {
            self.violated(format!("the room took {name:?} to {to} twice"));
        }
    }

    /// An application got a message.
    pub(crate) fn received(&mut self, by: &ParticipantId, message: &Delivered) {
        let Some(number) = number(message) else { return };
        let name = (message.from.clone(), number);
        if message.attachment != attachment(number) {
            self.violated(format!("{name:?} came to {by} with other bytes"));
        }
        let last = self.last.insert((by.clone(), message.from.clone()), number);
        if last.is_some_and(|last| last >= number) {
            self.violated(format!("{name:?} came to {by} after {last:?}"));
        }
        if !self.received.insert((by.clone(), name.clone())) {
            self.violated(format!("{name:?} came to {by} twice"));
        }
        if !self.queued.contains(&(by.clone(), name.clone())) {
            self.violated(format!("{name:?} came to {by}, which the room did not send there"));
        }
    }

    /// Somebody is not there any more, under this id.
    pub(crate) fn left(&mut self, id: &ParticipantId) {
        self.gone.insert(id.clone());
    }

    pub(crate) fn is_gone(&self, id: &ParticipantId) -> bool {
        self.gone.contains(id)
    }

    pub(crate) fn stream_opened(&mut self, stream: u64, to: &ParticipantId) {
        self.streams.entry(stream).or_default().to = Some(to.clone());
    }

    pub(crate) fn chunk_written(&mut self, stream: u64, window: usize) -> u64 {
        let fate = self.streams.entry(stream).or_default();
        fate.written += 1;
        let unread: usize =
            (fate.read..fate.written - 1).map(|number| attachment(number).len()).sum();
        let number = fate.written - 1;
        // There was room for at least a byte of this one.
        if unread >= window {
            self.violated(format!("stream {stream}: {unread} bytes are unread"));
        }
        number
    }

    pub(crate) fn chunk_not_written(&mut self, stream: u64) {
        self.streams.entry(stream).or_default().written -= 1;
    }

    pub(crate) fn stream_closing(&mut self, stream: u64) {
        self.streams.entry(stream).or_default().is_closed = true;
    }

    pub(crate) fn stream_close_taken(&mut self, stream: u64) {
        self.streams.entry(stream).or_default().is_close_taken = true;
    }

    pub(crate) fn stream_forfeited(&mut self, stream: u64) {
        self.streams.entry(stream).or_default().is_forfeited = true;
    }

    pub(crate) fn chunk_read(&mut self, stream: u64, header: &JsonText, data: &Bytes) {
        let fate = self.streams.entry(stream).or_default();
        let number = fate.read;
        fate.read += 1;
        let is_right = *header == JsonText::from_value(&number) && *data == attachment(number);
        if !is_right || number >= fate.written {
            self.violated(format!("stream {stream}: chunk {number} came as {header:?}"));
        }
    }

    pub(crate) fn stream_end_read(&mut self, stream: u64) {
        let fate = self.streams.entry(stream).or_default();
        fate.is_read_whole = true;
        let (read, written) = (fate.read, fate.written);
        if !fate.is_closed || read != written {
            self.violated(format!("stream {stream} ended cleanly after {read} of {written}"));
        }
    }

    /// When everything has come to rest: `lives` are the ids of those who are there, without a gap
    /// since they joined.
    pub(crate) fn check_rest(&mut self, lives: &BTreeSet<ParticipantId>) {
        let mut wrong = Vec::new();
        for (to, name) in self.queued.difference(&self.received) {
            if lives.contains(to) {
                wrong.push(format!("{name:?} never came to {to}"));
            }
        }
        for (name, (to, fate)) in &self.direct {
            let is_queued = self.queued.contains(&(to.clone(), name.clone()));
            match fate {
                Fate::Open => wrong.push(format!("{name:?} was never answered")),
                Fate::Taken if !is_queued => wrong.push(format!("{name:?} was taken and dropped")),
                Fate::Refused if is_queued => wrong.push(format!("{name:?} was refused and sent")),
                Fate::Taken | Fate::Refused | Fate::Unknown => {}
            }
        }
        let open = self.broadcasts.iter().filter(|(_, fate)| **fate == Fate::Open);
        wrong.extend(open.map(|(name, _)| format!("{name:?} was never answered")));
        for (stream, fate) in &self.streams {
            let is_there = fate.to.as_ref().is_some_and(|to| lives.contains(to));
            if fate.is_close_taken && is_there && !fate.is_forfeited && !fate.is_read_whole {
                wrong.push(format!("stream {stream} was closed, but its reader saw no end"));
            }
        }
        self.violations.extend(wrong);
    }
}

fn fate(result: &Result<(), SessionError>) -> Fate {
    let unknown = [
        ErrorCode::DeliveryUnknown,
        ErrorCode::Timeout,
        ErrorCode::ConnectionLost,
        ErrorCode::Closed,
    ];
    match result {
        Ok(()) => Fate::Taken,
        Err(error) if unknown.contains(&error.code) => Fate::Unknown,
        Err(_) => Fate::Refused,
    }
}

/// The bytes that go with a number; of sizes at the borders of packets.
pub(crate) fn attachment(number: u64) -> Bytes {
    const SIZES: [usize; 8] = [0, 1, 10, 1000, 1499, 1500, 5000, 40_000];
    let size = SIZES[(number % 8) as usize];
    (0..size).map(|index| (index as u64 * 31 + number * 7) as u8).collect()
}

/// The number of a message of the application's.
fn number(message: &Delivered) -> Option<u64> {
    if message.kind != KIND {
        return None;
    }
    message.message.as_str().strip_prefix(r#"{"n":"#)?.strip_suffix('}')?.parse().ok()
}

pub(crate) const KIND: &str = "numbered";
