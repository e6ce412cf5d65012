//! The rooms that have somebody in them. Each is driven here, under a lock of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use room::{CLOSE_TOO_LARGE, JoinError, Joining, MemberId, Output, Room, RoomConfig};
use room_proto::{ClientFrame, ParticipantId, Trace, frame::FrameError};
use thiserror::Error;
use tracing::{info, warn};

use crate::{
    metrics::{Incident, Metrics},
    otlp::{Sending, Tracer},
    outbox::{Ending, Outbox, TooSlow},
    room_name::RoomName,
};

/// All rooms, by name. A room is made by its first member and forgotten with its last.
#[derive(Debug)]
pub(crate) struct Rooms {
    limit: usize,
    metrics: Arc<Metrics>,
    tracer: Option<Arc<Tracer>>,
    // Locked before any room, never after one.
    by_name: Mutex<HashMap<RoomName, Arc<LiveRoom>>>,
}

/// Why somebody cannot come in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum NoPlace {
    /// It would be one room too many.
    #[error("there is no place for another room ({limit} rooms)")]
    RoomsFull {
        /// The limit.
        limit: usize,
    },
    /// The room says no.
    #[error(transparent)]
    Room(#[from] JoinError),
}

impl Rooms {
    /// No rooms yet, and never more than so many.
    pub(crate) fn new(limit: usize, metrics: Arc<Metrics>) -> Self {
        Self { limit, metrics, tracer: None, by_name: Mutex::default() }
    }

    /// Messages that belong to a trace have spans, if there is somebody to give them to.
    pub(crate) fn with_tracer(self, tracer: Option<Tracer>) -> Self {
        Self { tracer: tracer.map(Arc::new), ..self }
    }

    /// Lets a member in; what the room has for it goes to `outbox`.
    pub(crate) fn join(
        self: &Arc<Self>,
        name: &RoomName,
        config: impl FnOnce() -> RoomConfig,
        joining: Joining,
        outbox: Arc<Outbox>,
    ) -> Result<Membership, NoPlace> {
        let participant = joining.participant_id.clone();
        let mut by_name = lock(&self.by_name);
        let room = match by_name.get(name) {
            Some(room) => Arc::clone(room),
            None if by_name.len() >= self.limit => {
                return Err(NoPlace::RoomsFull { limit: self.limit });
            }
            None => {
                let metrics = Arc::clone(&self.metrics);
                let tracer = self.tracer.clone();
                Arc::new(LiveRoom::new(name.clone(), Room::new(config()), metrics, tracer))
            }
        };
        let member = room.join(joining, outbox)?;
        by_name.entry(name.clone()).or_insert_with(|| Arc::clone(&room));
        Ok(Membership { rooms: Arc::downgrade(self), room, member, participant })
    }

    /// How many rooms there are, and how many members in all of them.
    pub(crate) fn census(&self) -> (usize, usize) {
        let rooms: Vec<_> = lock(&self.by_name).values().cloned().collect();
        (rooms.len(), rooms.iter().map(|room| lock(&room.state).outboxes.len()).sum())
    }

    /// The rooms that there are.
    pub(crate) fn names(&self) -> Vec<RoomName> {
        lock(&self.by_name).keys().cloned().collect()
    }

    /// Everybody leaves the room and is made to come back elsewhere. The room is forgotten.
    pub(crate) fn move_out(&self, name: &RoomName) {
        let room = lock(&self.by_name).remove(name);
        if let Some(room) = room {
            info!(room = %name, "the members of the room are let go");
            room.let_go();
        }
    }

    /// Whether nobody is in the room.
    pub(crate) fn is_empty(&self, name: &str) -> bool {
        !lock(&self.by_name).contains_key(name)
    }

    /// Lets go of everybody in the room without a word, and forgets it.
    pub(crate) fn cut(&self, name: &str) {
        let room = lock(&self.by_name).remove(name);
        room.into_iter().for_each(|room| room.cut());
    }

    /// Lets go of everybody.
    pub(crate) fn cut_all(&self) {
        let rooms = std::mem::take(&mut *lock(&self.by_name));
        rooms.into_values().for_each(|room| room.cut());
    }

    fn forget_if_empty(&self, room: &Arc<LiveRoom>) {
        let mut by_name = lock(&self.by_name);
        let current = by_name.get(&room.name).is_some_and(|known| Arc::ptr_eq(known, room));
        if current && room.is_empty() {
            by_name.remove(&room.name);
            info!(room = %room.name, "the room is empty and forgotten");
        }
    }
}

/// A member's place in a room. It leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Membership {
    rooms: Weak<Rooms>,
    room: Arc<LiveRoom>,
    member: MemberId,
    participant: ParticipantId,
}

impl Membership {
    /// Tells the room what the member said. After the end nobody listens.
    pub(crate) fn handle(&self, frame: Result<ClientFrame, FrameError>, mut trace: Option<Trace>) {
        let tracer = self.room.tracer.as_deref();
        let mut span = tracer
            .and_then(|tracer| tracer.open(&mut trace, &frame, &self.room.name, &self.participant));
        self.room.handle(self.member, frame, trace, span.as_mut());
        if let Some(span) = span {
            span.close();
        }
    }

    /// Leaves the room at once; the connection ends like this when its queue is sent.
    pub(crate) fn end(&self, ending: Ending) {
        self.room.remove(self.member, Some(ending));
        if let Some(rooms) = self.rooms.upgrade() {
            rooms.forget_if_empty(&self.room);
        }
    }

    /// The room's name, for the log.
    pub(crate) fn room_name(&self) -> &RoomName {
        &self.room.name
    }

    /// How the others know the member, for the log.
    pub(crate) fn participant(&self) -> &ParticipantId {
        &self.participant
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.room.remove(self.member, None);
        if let Some(rooms) = self.rooms.upgrade() {
            rooms.forget_if_empty(&self.room);
        }
    }
}

/// A room with the outboxes of its members.
#[derive(Debug)]
struct LiveRoom {
    name: RoomName,
    tracer: Option<Arc<Tracer>>,
    state: Mutex<State>,
}

impl LiveRoom {
    fn new(name: RoomName, room: Room, metrics: Arc<Metrics>, tracer: Option<Arc<Tracer>>) -> Self {
        let state = Mutex::new(State { room, outboxes: HashMap::new(), metrics });
        Self { name, tracer, state }
    }

    fn join(&self, joining: Joining, outbox: Arc<Outbox>) -> Result<MemberId, JoinError> {
        let mut state = lock(&self.state);
        let member = state.room.join(joining)?;
        state.outboxes.insert(member, outbox);
        state.deliver(&self.name, None);
        Ok(member)
    }

    fn handle(
        &self,
        member: MemberId,
        frame: Result<ClientFrame, FrameError>,
        trace: Option<Trace>,
        span: Option<&mut Sending<'_>>,
    ) {
        let mut state = lock(&self.state);
        if state.outboxes.contains_key(&member) {
            state.room.handle_traced(member, frame, trace);
            state.deliver(&self.name, span);
        }
    }

    fn remove(&self, member: MemberId, ending: Option<Ending>) {
        let mut state = lock(&self.state);
        if let Some(outbox) = state.outboxes.remove(&member) {
            if let Some(ending) = ending {
                outbox.end(ending);
            }
            state.room.leave(member);
            state.deliver(&self.name, None);
        }
    }

    /// Everybody leaves, and nobody is there any more to be told.
    fn let_go(&self) {
        let mut state = lock(&self.state);
        for (member, outbox) in std::mem::take(&mut state.outboxes) {
            outbox.end(Ending::Moved);
            state.room.leave(member);
            state.deliver(&self.name, None);
        }
    }

    /// Nobody is told that anybody leaves: it is the room that goes.
    fn cut(&self) {
        let outboxes = std::mem::take(&mut lock(&self.state).outboxes);
        outboxes.into_values().for_each(|outbox| outbox.abandon(Ending::Cut));
    }

    fn is_empty(&self) -> bool {
        lock(&self.state).outboxes.is_empty()
    }
}

#[derive(Debug)]
struct State {
    room: Room,
    // Exactly the members of `room`.
    outboxes: HashMap<MemberId, Arc<Outbox>>,
    metrics: Arc<Metrics>,
}

impl State {
    /// Carries out what the room wants. Nothing here waits for anybody.
    fn deliver(&mut self, name: &RoomName, mut span: Option<&mut Sending<'_>>) {
        while let Some(output) = self.room.poll_output() {
            if let Some(span) = &mut span {
                span.see(&output, &self.room);
            }
            match output {
                Output::Deliver { to, frame, can_wait } => {
                    let outbox = self.outboxes.get(&to);
                    let pushed = outbox.map_or(Ok(()), |outbox| outbox.push(frame, can_wait));
                    if pushed == Err(TooSlow) {
                        self.record(Incident::TooSlow, name, to);
                        self.outboxes.remove(&to);
                        self.room.leave(to);
                    }
                }
                Output::Close { to, code, reason } => {
                    if let Some(outbox) = self.outboxes.remove(&to) {
                        if code == CLOSE_TOO_LARGE {
                            self.record(Incident::AttributesTooLarge, name, to);
                        }
                        outbox.end(Ending::close(code, &reason));
                        self.room.leave(to);
                    }
                }
                // The reason may quote the message.
                Output::Refused { from, .. } => {
                    let participant = self.room.participant_id(from).map(ParticipantId::as_str);
                    warn!(room = %name, participant, "ignoring a message that makes no sense");
                }
            }
        }
    }

    /// Logs and counts that a member is disconnected, before it is taken out.
    fn record(&self, incident: Incident, name: &RoomName, member: MemberId) {
        self.metrics.add(incident);
        let participant = self.room.participant_id(member).map(ParticipantId::as_str);
        let reason = incident.reason();
        warn!(room = %name, participant, reason, "disconnecting a member");
    }
}

/// Goes on after a panic elsewhere: one member's trouble is not everybody's.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
