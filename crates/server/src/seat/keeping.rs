//! How a seat is kept for a member whose connection was lost.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use axum::body::Bytes;
use room_proto::Resume;
use tokio::{
    sync::{self, watch},
    time::{Instant, sleep},
};
use tracing::info;
use uuid::Uuid;

use crate::{
    metrics::Level,
    outbox::Ending,
    rooms::lock,
    seat::{Over, Seat, Wire},
};

/// How a member comes back to its seat.
#[derive(Debug)]
pub(crate) struct Keep {
    /// The name of its epoch.
    pub(crate) epoch: String,
    /// How long the seat is kept.
    pub(crate) grace: Duration,
    /// Who it must be.
    pub(crate) name: String,
    pub(crate) role: String,
}

impl Keep {
    /// An epoch that nobody can guess.
    pub(crate) fn new(grace: Duration, name: &str, role: &str) -> Self {
        let epoch = Uuid::new_v4().simple().to_string();
        Self { epoch, grace, name: name.to_owned(), role: role.to_owned() }
    }

    /// As it is announced to the client.
    pub(crate) fn resume(&self, heartbeat: Duration) -> Resume {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (grace_ms, heartbeat_ms) = (ms(self.grace), ms(heartbeat));
        Resume { epoch: self.epoch.clone(), grace_ms, heartbeat_ms }
    }
}

/// Whose turn it is to use a seat: the latest connection's, when the one before has let go.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    latest: watch::Sender<u64>,
    occupied: sync::Mutex<()>,
}

/// One connection's turn.
#[derive(Debug)]
pub(crate) struct Turn(u64);

impl Turns {
    /// Makes everybody before let go.
    fn next(&self) -> Turn {
        let mut number = 0;
        self.latest.send_modify(|latest| {
            *latest += 1;
            number = *latest;
        });
        Turn(number)
    }

    async fn is_over(&self, turn: &Turn) {
        let mut latest = self.latest.subscribe();
        // An error cannot be: the sender is here.
        let _ = latest.wait_for(|latest| *latest != turn.0).await;
    }
}

/// One connection of a member.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) wire: Wire,
    /// Until when it may last.
    pub(crate) expiry: Option<Instant>,
}

/// The seats to which somebody can come back.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    by_epoch: Mutex<HashMap<String, Weak<Seat>>>,
    /// Each seat has a receiver, so that the end of all can be waited for.
    taken: watch::Sender<()>,
}

impl Seats {
    pub(crate) fn add(&self, seat: &Arc<Seat>) {
        if let Some(keep) = &seat.keep {
            lock(&self.by_epoch).insert(keep.epoch.clone(), Arc::downgrade(seat));
        }
    }

    /// A seat that is still kept.
    pub(crate) fn find(&self, epoch: &str) -> Option<Arc<Seat>> {
        lock(&self.by_epoch).get(epoch)?.upgrade()
    }

    /// Waits until no seat is taken or kept.
    pub(crate) async fn empty(&self) {
        self.taken.closed().await;
    }

    fn remove(&self, seat: &Seat) {
        if let Some(keep) = &seat.keep {
            lock(&self.by_epoch).remove(&keep.epoch);
        }
    }
}

impl Seat {
    /// Serves the member's first connection, and then waits for the next if that is lost.
    pub(crate) async fn serve(self: Arc<Self>, seats: Arc<Seats>, line: Line) {
        seats.add(&self);
        let turn = self.turns.next();
        self.take_turn(&seats, turn, line, |_| Some(Vec::new())).await;
    }

    /// Serves another connection, of a client that has received so many messages.
    pub(crate) async fn serve_again(self: Arc<Self>, seats: Arc<Seats>, line: Line, received: u64) {
        let turn = self.turns.next();
        self.take_turn(&seats, turn, line, |seat| lock(&seat.place).resume(received)).await;
    }

    /// Whether a client that has received so many messages can go on here.
    pub(crate) fn can_resume(&self, received: u64) -> bool {
        !self.outbox.has_ended() && lock(&self.place).can_resume(received)
    }

    async fn take_turn(
        &self,
        seats: &Seats,
        turn: Turn,
        line: Line,
        first: impl FnOnce(&Self) -> Option<Vec<Bytes>>,
    ) {
        let _taken = seats.taken.subscribe();
        let occupied = self.turns.occupied.lock().await;
        let over = match first(self).filter(|_| !self.outbox.has_ended()) {
            Some(first) => tokio::select! {
                over = self.occupy(line, first) => over,
                () = self.turns.is_over(&turn) => return,
            },
            // It was possible a moment ago. The client tries again, and begins anew.
            None => {
                drop(line);
                Over::Lost
            }
        };
        drop(occupied);
        if over == Over::Lost {
            tokio::select! {
                () = self.keep() => {}
                () = self.turns.is_over(&turn) => return,
            }
        }
        seats.remove(self);
        self.membership.end(Ending::Gone);
        let (room, participant) = (self.membership.room_name(), self.membership.participant());
        info!(%room, %participant, "a member has left");
    }

    /// Waits until the seat need not be kept any longer.
    async fn keep(&self) {
        let Some(keep) = &self.keep else { return };
        let _kept = self.metrics.hold(Level::KeptSeats);
        let (room, participant) = (self.membership.room_name(), self.membership.participant());
        info!(%room, %participant, "a member's connection was lost; its seat is kept");
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = sleep(keep.grace) => {}
            () = self.outbox.ended() => {}
            _ = shutdown.wait_for(|down| *down) => {}
        }
    }
}
