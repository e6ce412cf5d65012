//! The server's driver in virtual time: what `crates/server` does with sockets and timers, around
//! the same [`Room`] and the same [`Place`]s.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use room::{
    Grants, Joining, Manner, MemberId, Output, Place, Room, RoomConfig, RoomLimits, Traits,
};
use room_proto::{
    Batch, ClientFrame, Control, Extensions, JsonText, Limits, ParticipantId, Request, Resume,
    ServerFrame, batch, body::BodyForm, frame::FrameError,
};

use crate::{
    guest::KEPT_AT_REST,
    model::Model,
    network::{Query, Time, WireId},
};

/// What the server wants done with a connection.
#[derive(Debug)]
pub(crate) enum Act {
    Open(WireId),
    Send(WireId, Bytes),
    Close(WireId, Option<u16>),
}

/// A member's seat.
#[derive(Debug)]
struct Seat {
    guest: usize,
    id: ParticipantId,
    place: Place,
    batch: Batch,
    epoch: Option<String>,
    outbox: VecDeque<Arc<ServerFrame>>,
    outbox_bytes: usize,
    wire: Option<WireId>,
    heard_at: Time,
    spoke_at: Time,
    /// When the member is given up, while it has no connection.
    kept_until: Option<Time>,
    is_enabled: bool,
}

/// Whether a server and its clients put packets together: every other one.
fn batches(run: u64) -> bool {
    run.is_multiple_of(2)
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    room: Room,
    seats: BTreeMap<MemberId, Seat>,
    by_wire: BTreeMap<WireId, MemberId>,
    can_resume: bool,
    run: u64,
    joins: u64,
    acts: Vec<Act>,
    is_traced: bool,
}

impl Server {
    /// `run` names it: another one after each restart.
    pub(crate) fn new(run: u64, can_resume: bool, is_traced: bool) -> Self {
        let config = RoomConfig {
            name: String::from("sim"),
            url: String::from("ws://sim/rooms/sim"),
            session_id: format!("run-{run}"),
            extensions: Extensions {
                version: Extensions::VERSION,
                raw_attachments: true,
                batches: batches(run),
                enabled: false,
                max_packet_bytes: Some(1500),
                max_message_bytes: Some(1024 * 1024),
                max_attribute_bytes: None,
                resume: None,
            },
            limits: RoomLimits::default(),
        };
        Self {
            room: Room::new(config),
            seats: BTreeMap::new(),
            by_wire: BTreeMap::new(),
            can_resume,
            run,
            joins: 0,
            acts: Vec::new(),
            is_traced,
        }
    }

    /// What is to be done now. How much is under way to a client says whether more can be sent.
    pub(crate) fn take_acts(&mut self, now: Time, under_way: impl Fn(WireId) -> usize) -> Vec<Act> {
        for seat in self.seats.values_mut() {
            let Some(wire) = seat.wire else { continue };
            let mut room = SOCKET_BYTES.saturating_sub(under_way(wire));
            while room > 0 {
                let Some(frame) = seat.outbox.pop_front() else { break };
                seat.outbox_bytes -= cost(&frame);
                seat.spoke_at = now;
                let mut run = vec![frame];
                while let Some(next) = seat.outbox.front()
                    && let ServerFrame::Response { .. } = **next
                {
                    seat.outbox_bytes -= cost(next);
                    run.extend(seat.outbox.pop_front());
                }
                for packet in seat.place.encode_run(run) {
                    room = room.saturating_sub(packet.len());
                    seat.batch.push(packet);
                    if !batches(self.run) || seat.batch.is_full() {
                        self.acts.extend(seat.batch.take().map(|bytes| Act::Send(wire, bytes)));
                    }
                }
            }
            if !seat.batch.is_empty()
                && let Some(acknowledgement) = seat.place.acknowledge(true)
            {
                seat.batch.push(acknowledgement);
            }
            self.acts.extend(seat.batch.take().map(|bytes| Act::Send(wire, bytes)));
        }
        std::mem::take(&mut self.acts)
    }

    /// Whoever is there with messaging enabled.
    pub(crate) fn listed(&self) -> Vec<(usize, ParticipantId)> {
        let enabled = self.seats.values().filter(|seat| seat.is_enabled);
        enabled.map(|seat| (seat.guest, seat.id.clone())).collect()
    }

    /// When everything has come to rest.
    pub(crate) fn check_rest(&self, model: &mut Model) {
        for seat in self.seats.values() {
            let kept = seat.place.kept();
            if kept > KEPT_AT_REST {
                model.violated(format!("{kept} messages are kept for {}", seat.id));
            }
        }
    }

    /// Whoever has a seat.
    pub(crate) fn everybody(&self) -> Vec<ParticipantId> {
        self.seats.values().map(|seat| seat.id.clone()).collect()
    }

    /// The connections there are.
    pub(crate) fn wires(&self) -> Vec<WireId> {
        self.by_wire.keys().copied().collect()
    }

    /// A client wants to come in, or to come back.
    pub(crate) fn connect(
        &mut self,
        now: Time,
        model: &mut Model,
        wire: WireId,
        guest: usize,
        query: &Query,
    ) {
        self.acts.push(Act::Open(wire));
        if let Some(member) = self.comeback(model, guest, &query.resume, wire, now) {
            self.by_wire.insert(wire, member);
            return;
        }
        self.join(now, model, wire, guest, query.enables);
    }

    /// Takes a seat over, if it is kept and can be gone on with.
    fn comeback(
        &mut self,
        model: &mut Model,
        guest: usize,
        resume: &str,
        wire: WireId,
        now: Time,
    ) -> Option<MemberId> {
        let (epoch, received) = resume.split_once('.')?;
        let received = received.parse().ok()?;
        let is_theirs = |seat: &Seat| seat.guest == guest && seat.epoch.as_deref() == Some(epoch);
        let member = *self.seats.iter().find(|(_, seat)| is_theirs(seat))?.0;
        let seat = self.seats.get_mut(&member)?;
        let Some(replay) = seat.place.resume(received) else {
            self.leave(model, member, None);
            return None;
        };
        if let Some(before) = seat.wire.replace(wire) {
            self.by_wire.remove(&before);
            self.acts.push(Act::Close(before, None));
        }
        seat.kept_until = None;
        seat.heard_at = now;
        self.acts.extend(replay.into_iter().map(|bytes| Act::Send(wire, bytes)));
        Some(member)
    }

    fn join(&mut self, now: Time, model: &mut Model, wire: WireId, guest: usize, enables: bool) {
        self.joins += 1;
        let id = ParticipantId::new(&format!("g{guest}-{}-{}", self.run, self.joins));
        let epoch = self.can_resume.then(|| format!("e{}-{}", self.run, self.joins));
        let resume = epoch.clone().map(|epoch| Resume {
            epoch,
            grace_ms: GRACE.as_millis() as u64,
            heartbeat_ms: HEARTBEAT.as_millis() as u64,
        });
        let joining = Joining {
            participant_id: id.clone(),
            name: format!("guest {guest}"),
            role: String::from("user"),
            attributes: JsonText::empty_object(),
            grants: Grants::ALL,
            traits: Traits { duplex: true, merges_lists: false, ours: true },
            resume,
            enables,
        };
        let Ok(member) = self.room.join(joining) else { return };
        let manner = Manner {
            handshake: BodyForm::Packed,
            packet_bytes: 1500,
            limits: Limits::default(),
            joins_answers: true,
            batches: batches(self.run),
            kept_bytes: epoch.is_some().then_some(KEPT_BYTES),
        };
        let seat = Seat {
            guest,
            id,
            place: Place::new(manner),
            batch: Batch::default(),
            epoch,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
            wire: Some(wire),
            heard_at: now,
            spoke_at: now,
            kept_until: None,
            is_enabled: enables,
        };
        self.seats.insert(member, seat);
        self.by_wire.insert(wire, member);
        self.drain(model);
    }

    /// A WebSocket message came.
    pub(crate) fn receive(&mut self, now: Time, model: &mut Model, wire: WireId, bytes: &Bytes) {
        let Some(&member) = self.by_wire.get(&wire) else { return };
        let Some(seat) = self.seats.get_mut(&member) else { return };
        seat.heard_at = now;
        for packet in batch::packets(bytes) {
            self.receive_packet(model, wire, member, (bytes, packet));
        }
        if let Some(seat) = self.seats.get_mut(&member) {
            let acknowledgement = seat.place.acknowledge(false);
            self.acts.extend(acknowledgement.map(|bytes| Act::Send(wire, bytes)));
        }
    }

    fn receive_packet(
        &mut self,
        model: &mut Model,
        wire: WireId,
        member: MemberId,
        (whole, packet): (&Bytes, &[u8]),
    ) {
        // It may have left with the packet before.
        let Some(seat) = self.seats.get_mut(&member) else { return };
        match seat.place.receive(whole, packet) {
            Ok(received) => {
                if let Some(reply) = received.reply {
                    self.acts.push(Act::Send(wire, reply));
                }
                if let Some(frame) = received.frame {
                    self.handle(model, member, frame);
                }
            }
            Err(error) => {
                model.violated(format!("the server cannot read a client: {error}"));
                self.leave(model, member, Some(4001));
            }
        }
    }

    fn handle(
        &mut self,
        model: &mut Model,
        member: MemberId,
        frame: Result<ClientFrame, FrameError>,
    ) {
        let Some(seat) = self.seats.get_mut(&member) else { return };

        if self.is_traced {
            println!("           server hears {}: {:.200}", seat.id, format!("{frame:?}"));
        }
        match &frame {
            Ok(ClientFrame::Request { request: Request::Enable, .. }) => seat.is_enabled = true,
            Ok(ClientFrame::Request { request: Request::Disable, .. }) => seat.is_enabled = false,
            Ok(_) => {}
            Err(error) => model.violated(format!("a client wrote nonsense: {error:?}")),
        }
        self.room.handle(member, frame);
        self.drain(model);
    }

    /// The connection ended. A client that says goodbye does not come back.
    pub(crate) fn closed(&mut self, now: Time, model: &mut Model, wire: WireId, code: Option<u16>) {
        let Some(member) = self.by_wire.remove(&wire) else { return };
        let Some(seat) = self.seats.get_mut(&member) else { return };
        let is_goodbye = matches!(code, Some(1000 | 1001));
        if is_goodbye || seat.epoch.is_none() {
            self.leave(model, member, None);
        } else {
            seat.wire = None;
            seat.kept_until = Some(now + GRACE);
        }
    }

    /// When there is something to do without anybody's doing.
    pub(crate) fn next_wakeup(&self) -> Option<Time> {
        self.seats.values().map(Seat::deadline).min()
    }

    /// Heartbeats, silence, and seats that are kept no longer. `is_alive` says whether a ping of
    /// the WebSocket would be answered.
    pub(crate) fn wake(&mut self, now: Time, model: &mut Model, is_alive: impl Fn(WireId) -> bool) {
        let due: Vec<_> = self.seats.iter().filter(|(_, seat)| seat.deadline() <= now).collect();
        let due: Vec<_> = due.into_iter().map(|(member, _)| *member).collect();
        for member in due {
            let Some(seat) = self.seats.get_mut(&member) else { continue };
            let Some(wire) = seat.wire else {
                self.leave(model, member, None);
                continue;
            };
            if is_alive(wire) {
                seat.heard_at = now;
            }
            if seat.heard_at + SILENCE <= now {
                self.acts.push(Act::Close(wire, None));
                self.closed(now, model, wire, None);
                continue;
            }
            seat.spoke_at = now;
            if seat.epoch.is_some() {
                self.acts.push(Act::Send(wire, Control::Pong.encode()));
            }
        }
    }

    fn leave(&mut self, model: &mut Model, member: MemberId, code: Option<u16>) {
        let Some(seat) = self.seats.remove(&member) else { return };
        if self.is_traced {
            println!("           server: {} leaves", seat.id);
        }
        model.left(&seat.id);
        if let Some(wire) = seat.wire {
            self.by_wire.remove(&wire);
            self.acts.push(Act::Close(wire, code));
        }
        self.room.leave(member);
        self.drain(model);
    }

    fn drain(&mut self, model: &mut Model) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Deliver { to, frame, .. } => self.deliver(model, to, frame),
                Output::Close { to, code, reason } => {
                    model.violated(format!("the room closed a member: {code} {reason}"));
                    self.leave(model, to, Some(code));
                }
                Output::Refused { reason, .. } => {
                    model.violated(format!("the room refused a message: {reason}"));
                }
            }
        }
    }

    fn deliver(&mut self, model: &mut Model, to: MemberId, frame: Arc<ServerFrame>) {
        let Some(seat) = self.seats.get_mut(&to) else { return };
        let cost = cost(&frame);
        // One message too many is taken too: its recipient has to leave for that.
        if let ServerFrame::Message(message) = frame.as_ref() {
            model.queued(&seat.id, message);
        }
        if !seat.outbox.is_empty() && seat.outbox_bytes + cost > OUTBOX_BYTES {
            return self.leave(model, to, Some(4000));
        }
        seat.outbox_bytes += cost;
        seat.outbox.push_back(frame);
    }
}

impl Seat {
    fn deadline(&self) -> Time {
        self.kept_until.unwrap_or(self.spoke_at + HEARTBEAT)
    }
}

fn cost(frame: &ServerFrame) -> usize {
    match frame {
        ServerFrame::Message(message) => message.attachment.len() + 256,
        ServerFrame::Connected { .. }
        | ServerFrame::RoomReady { .. }
        | ServerFrame::RoomStatus { .. }
        | ServerFrame::Response { .. }
        | ServerFrame::Responses { .. }
        | ServerFrame::ToolCall { .. }
        | ServerFrame::CallChunk { .. }
        | ServerFrame::ResponseChunk { .. }
        | ServerFrame::Unknown { .. } => 256,
    }
}

const HEARTBEAT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(20);
pub(crate) const GRACE: Duration = Duration::from_secs(30);
const SOCKET_BYTES: usize = 64 * 1024;
const OUTBOX_BYTES: usize = 300 * 1024;
const KEPT_BYTES: usize = 200 * 1024;
