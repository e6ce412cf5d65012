//! Connections that delay, break in the middle, and fall silent.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use crate::random::Random;

/// Time since the beginning.
pub(crate) type Time = Duration;

/// Names a connection.
pub(crate) type WireId = usize;

/// An end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Client,
    Server,
}

/// What the URL of a connection says.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// After `resume=`.
    pub(crate) resume: String,
    /// Whether messaging is to be enabled at once.
    pub(crate) enables: bool,
}

/// What travels.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// A client asks to come in.
    Connect { guest: usize, query: Query },
    /// The server lets it in.
    Opened,
    /// One WebSocket message.
    Message(Bytes),
    /// The end, with the code of a close frame if there was one.
    Closed(Option<u16>),
}

/// One direction.
#[derive(Debug, Default)]
struct Way {
    parcels: VecDeque<(Time, Parcel)>,
    bytes: usize,
    /// What was sent last arrives then; nothing overtakes it.
    last: Time,
    /// Nothing comes through any more, and nobody is told.
    is_dead: bool,
    /// The receiver does not read before that.
    held_until: Time,
}

#[derive(Debug)]
struct Wire {
    latency_ms: usize,
    to_server: Way,
    to_client: Way,
    is_cut: bool,
}

/// All connections there have been.
#[derive(Debug, Default)]
pub(crate) struct Network {
    wires: Vec<Wire>,
}

impl Network {
    pub(crate) fn open(&mut self, random: &mut Random) -> WireId {
        let latency_ms = 1 + random.below(80);
        let (to_server, to_client) = (Way::default(), Way::default());
        self.wires.push(Wire { latency_ms, to_server, to_client, is_cut: false });
        self.wires.len() - 1
    }

    pub(crate) fn send(
        &mut self,
        random: &mut Random,
        now: Time,
        wire: WireId,
        to: End,
        parcel: Parcel,
    ) {
        let wire = &mut self.wires[wire];
        let latency = Duration::from_millis((wire.latency_ms + random.below(10)) as u64);
        let is_cut = wire.is_cut;
        let way = wire.way(to);
        if way.is_dead || is_cut {
            return;
        }
        way.last = way.last.max(now + latency);
        way.bytes += size(&parcel);
        way.parcels.push_back((way.last, parcel));
    }

    /// How much is under way to this end.
    pub(crate) fn bytes_to(&self, wire: WireId, to: End) -> usize {
        match to {
            End::Client => self.wires[wire].to_client.bytes,
            End::Server => self.wires[wire].to_server.bytes,
        }
    }

    /// Whether what is sent can arrive, both ways.
    pub(crate) fn is_alive(&self, wire: WireId) -> bool {
        let wire = &self.wires[wire];
        !wire.is_cut && !wire.to_server.is_dead && !wire.to_client.is_dead
    }

    /// Breaks it. Some of what is under way still arrives, and then the news.
    pub(crate) fn cut(&mut self, random: &mut Random, now: Time, wire: WireId) {
        let wire = &mut self.wires[wire];
        if wire.is_cut {
            return;
        }
        for to in [End::Client, End::Server] {
            let way = wire.way(to);
            let kept = random.below(way.parcels.len() + 1);
            way.parcels.truncate(kept);
            if !way.is_dead {
                way.last = way.last.max(now);
                way.parcels.push_back((way.last, Parcel::Closed(None)));
            }
        }
        wire.is_cut = true;
    }

    /// Lets one direction fall silent.
    pub(crate) fn silence(&mut self, wire: WireId, to: End) {
        let way = self.wires[wire].way(to);
        way.is_dead = true;
        way.parcels.clear();
        way.bytes = 0;
    }

    /// Silence has lasted so long that the systems at both ends give up.
    pub(crate) fn give_up(&mut self, now: Time, wire: WireId) {
        let wire = &mut self.wires[wire];
        for to in [End::Client, End::Server] {
            let way = wire.way(to);
            way.is_dead = false;
            way.parcels.push_back((way.last.max(now), Parcel::Closed(None)));
        }
        wire.is_cut = true;
    }

    /// The client does not read before that.
    pub(crate) fn hold(&mut self, wire: WireId, until: Time) {
        self.wires[wire].to_client.held_until = until;
    }

    /// When the next parcel arrives, and where.
    pub(crate) fn next(&self) -> Option<(Time, WireId, End)> {
        let arrivals = self.wires.iter().enumerate().flat_map(|(id, wire)| {
            let to_server = wire.to_server.due().map(|at| (at, id, End::Server));
            let to_client = wire.to_client.due().map(|at| (at, id, End::Client));
            [to_server, to_client].into_iter().flatten()
        });
        arrivals.min_by_key(|(at, ..)| *at)
    }

    pub(crate) fn take(&mut self, wire: WireId, to: End) -> Option<Parcel> {
        let way = self.wires[wire].way(to);
        let (_, parcel) = way.parcels.pop_front()?;
        way.bytes = way.bytes.saturating_sub(size(&parcel));
        Some(parcel)
    }
}

impl Wire {
    fn way(&mut self, to: End) -> &mut Way {
        match to {
            End::Client => &mut self.to_client,
            End::Server => &mut self.to_server,
        }
    }
}

impl Way {
    fn due(&self) -> Option<Time> {
        self.parcels.front().map(|(at, _)| (*at).max(self.held_until))
    }
}

fn size(parcel: &Parcel) -> usize {
    match parcel {
        Parcel::Message(bytes) => bytes.len(),
        Parcel::Connect { .. } | Parcel::Opened | Parcel::Closed(_) => 0,
    }
}
