//! A room with its members' ends of the wire.
//!
//! It does what the server does with sockets and timers, without either: connections are numbers,
//! the time is given. Whoever loses its connection keeps its seat for a while, and goes on there.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use room::{
    Grants, JoinError, Joining, Manner, MemberId, Output, Place, Received, Room, RoomConfig,
    RoomLimits, Traits, close_code,
};
use room_proto::{
    Control, Extensions, JsonText, Limits, ParticipantId, Resume, Table, body::BodyForm,
};

use crate::seat::{Keep, Seat, Time};

/// Names a connection. Never used twice in a hall.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LineId(pub u64);

/// A room, and a seat for each member.
#[derive(Debug)]
pub struct Hall {
    room: Room,
    seats: Table<MemberId, Seat>,
    by_line: Table<LineId, MemberId>,
    last_line: u64,
    is_remote: bool,
    /// Said at once, before what waits at the seats.
    urgent: VecDeque<(LineId, Told)>,
}

/// What a hall is.
#[derive(Clone, Debug, Default)]
pub struct HallConfig {
    /// The room's name.
    pub name: String,
    /// Where clients find it.
    pub url: String,
    /// Names this run of the room.
    pub session_id: String,
    /// Whether there is a network to the members. If so, silence is a loss: they are told now and
    /// then that we are there, and asked whether they are. And a connection takes so much at a time.
    pub is_remote: bool,
}

/// Who comes in, or comes back.
#[derive(Clone, Debug)]
pub struct Guest {
    /// How the others will know it. Must be new; who comes back keeps the one it has.
    pub participant_id: String,
    /// Its name.
    pub name: String,
    /// `user`, `agent`, `tool` or another word.
    pub role: String,
    /// Further attributes, a JSON object.
    pub attributes: JsonText,
    /// A secret by which it can come back. Must be new.
    pub epoch: String,
    /// What its URL says after `resume=`, if anything.
    pub resume: Option<String>,
}

/// What is to be done with a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    /// Send these WebSocket messages.
    Packets(Vec<Bytes>),
    /// Ask for a sign of life, which is to be told with [`Hall::heard`].
    Ping,
    /// It is over.
    Over {
        /// The WebSocket close code, unless it is just dropped.
        code: Option<u16>,
        /// Why, in words.
        reason: String,
    },
}

impl Hall {
    /// Makes an empty room.
    #[must_use]
    pub fn new(config: HallConfig) -> Self {
        let HallConfig { name, url, session_id, is_remote } = config;
        let limits = RoomLimits::default();
        let config = RoomConfig {
            name,
            url,
            session_id,
            extensions: Extensions {
                version: Extensions::VERSION,
                raw_attachments: true,
                batches: false,
                enabled: false,
                max_packet_bytes: Some(MAX_PACKET_BYTES),
                max_message_bytes: Some(Limits::default().max_message_bytes),
                max_attribute_bytes: Some(limits.max_attribute_bytes),
                resume: None,
            },
            limits,
        };
        Self {
            room: Room::new(config),
            seats: Table::default(),
            by_line: Table::default(),
            last_line: 0,
            is_remote,
            urgent: VecDeque::new(),
        }
    }

    /// Takes a connection: of somebody who comes back, or else of a new member, who may do
    /// everything.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if there is no place for it.
    pub fn connect(&mut self, now: Time, guest: Guest) -> Result<LineId, JoinError> {
        let line = LineId(self.last_line + 1);
        let member = match self.come_back(now, line, &guest) {
            Some(member) => member,
            None => self.join(now, line, guest)?,
        };
        self.last_line = line.0;
        self.by_line.insert(line, member);
        Ok(line)
    }

    /// Takes a WebSocket message. A connection that is over is not heard.
    pub fn receive(&mut self, now: Time, line: LineId, packet: &Bytes) {
        let Some(&member) = self.by_line.get(&line) else { return };
        let Some(seat) = self.seats.get_mut(&member) else { return };
        seat.heard_at = now;
        match seat.place.receive(packet, packet) {
            Ok(Received { frame, reply, trace: _ }) => {
                let acknowledgement = seat.place.acknowledge(false);
                for control in reply.into_iter().chain(acknowledgement) {
                    self.urgent.push_back((line, Told::Packets(vec![control])));
                }
                if let Some(frame) = frame {
                    self.room.handle(member, frame);
                }
            }
            Err(violation) => self.dismiss(member, close_code(&violation), violation.to_string()),
        }
        self.sort();
    }

    /// There was a sign of life.
    pub fn heard(&mut self, now: Time, line: LineId) {
        if let Some(seat) = self.seat_of(line) {
            seat.heard_at = now;
        }
    }

    /// So many bytes of WebSocket messages have arrived. Where there is no network, nobody says so.
    pub fn taken(&mut self, line: LineId, bytes: usize) {
        if let Some(seat) = self.seat_of(line) {
            seat.bytes_under_way = seat.bytes_under_way.saturating_sub(bytes);
        }
    }

    /// The connection is closed. Who said goodbye with it has left; who did not may come back.
    pub fn close(&mut self, now: Time, line: LineId, code: Option<u16>) {
        let Some(member) = self.by_line.remove(&line) else { return };
        let Some(seat) = self.seats.get_mut(&member) else { return };
        seat.line = None;
        if seat.keep.is_none() || matches!(code, Some(CLOSE_NORMAL | CLOSE_GOING_AWAY)) {
            self.leave(member);
        } else {
            seat.kept_until = Some(now + GRACE);
        }
        self.sort();
    }

    /// When [`Hall::wake`] has something to do.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Time> {
        self.seats.iter().filter_map(|(_, seat)| seat.deadline(self.is_remote)).min()
    }

    /// Does what is due: heartbeats, and the end of seats that are kept no longer.
    pub fn wake(&mut self, now: Time) {
        let is_due = |seat: &Seat| seat.deadline(self.is_remote).is_some_and(|at| at <= now);
        let due = self.seats.iter().filter(|(_, seat)| is_due(seat)).map(|(member, _)| *member);
        for member in due.collect::<Vec<_>>() {
            self.beat(now, member);
        }
        self.sort();
    }

    /// The next thing to do, and with which connection.
    pub fn poll(&mut self) -> Option<(LineId, Told)> {
        let is_remote = self.is_remote;
        let takes = |seat: &mut Seat| {
            if is_remote && seat.bytes_under_way >= SOCKET_BYTES { None } else { seat.pop() }
        };
        let next = self.urgent.pop_front().or_else(|| {
            let (line, packets) = self.seats.values_mut().find_map(takes)?;
            Some((line, Told::Packets(packets)))
        });
        if let Some((line, Told::Packets(packets))) = &next
            && let Some(seat) = self.seat_of(*line)
        {
            seat.bytes_under_way += packets.iter().map(Bytes::len).sum::<usize>();
        }
        next
    }

    /// A seat that is kept for this guest, if it can go on there. One that it cannot go on with is
    /// given up: nobody else can.
    fn come_back(&mut self, now: Time, line: LineId, guest: &Guest) -> Option<MemberId> {
        let (epoch, received) = guest.resume.as_deref()?.split_once('.')?;
        let is_theirs = |seat: &Seat| {
            let keep = seat.keep.as_ref();
            keep.is_some_and(|keep| {
                keep.epoch == epoch && keep.name == guest.name && keep.role == guest.role
            })
        };
        let member = *self.seats.iter().find(|(_, seat)| is_theirs(seat))?.0;
        let seat = self.seats.get_mut(&member)?;
        let Some(first) = received.parse().ok().and_then(|count| seat.place.resume(count)) else {
            if let Some(before) = seat.line {
                self.drop_line(before, None, "");
            }
            self.leave(member);
            self.sort();
            return None;
        };
        seat.kept_until = None;
        seat.bytes_under_way = 0;
        (seat.heard_at, seat.spoke_at) = (now, now);
        if let Some(before) = seat.line.replace(line) {
            self.drop_line(before, None, "");
        }
        self.urgent.push_back((line, Told::Packets(first)));
        Some(member)
    }

    fn join(&mut self, now: Time, line: LineId, guest: Guest) -> Result<MemberId, JoinError> {
        let Guest { participant_id, name, role, attributes, epoch, resume } = guest;
        let keep = resume.map(|_| Keep { epoch, name: name.clone(), role: role.clone() });
        let member = self.room.join(Joining {
            participant_id: ParticipantId::new(&participant_id),
            name,
            role,
            attributes,
            grants: Grants::ALL,
            traits: Traits { duplex: true, merges_lists: false, ours: true },
            resume: keep.as_ref().map(|keep| self.announced(&keep.epoch)),
            enables: false,
        })?;
        let place = Place::new(manner(keep.is_some()));
        self.seats.insert(member, Seat::new(place, keep, line, now));
        self.sort();
        Ok(member)
    }

    fn announced(&self, epoch: &str) -> Resume {
        let heartbeat = if self.is_remote { HEARTBEAT } else { NEVER };
        Resume {
            epoch: epoch.to_owned(),
            grace_ms: GRACE.as_millis() as u64,
            heartbeat_ms: heartbeat.as_millis() as u64,
        }
    }

    /// A seat's time has come.
    fn beat(&mut self, now: Time, member: MemberId) {
        let Some(seat) = self.seats.get_mut(&member) else { return };
        let Some(line) = seat.line else { return self.leave(member) };
        if seat.heard_at + HEARTBEAT * 2 <= now {
            self.close(now, line, None);
            return self.drop_line(line, None, "");
        }
        seat.spoke_at = now;
        if seat.keep.is_some() {
            self.urgent.push_back((line, Told::Packets(vec![Control::Pong.encode()])));
        }
        self.urgent.push_back((line, Told::Ping));
    }

    /// Sorts what the room has to say by who is to hear it.
    fn sort(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Deliver { to, frame, .. } => {
                    let Some(seat) = self.seats.get_mut(&to) else { continue };
                    if seat.push(frame).is_err() {
                        self.dismiss(to, CLOSE_TOO_SLOW, String::from("too slow"));
                    }
                }
                Output::Close { to, code, reason } => self.dismiss(to, code, reason),
                // Its sender made a mistake, and does not wait to be told.
                Output::Refused { .. } => {}
            }
        }
    }

    /// Sends a member away, after what is to be said to it; unless it is too slow to hear that.
    fn dismiss(&mut self, member: MemberId, code: u16, reason: String) {
        let Some(seat) = self.seats.get_mut(&member) else { return };
        if code != CLOSE_TOO_SLOW {
            while let Some((line, packets)) = seat.pop() {
                self.urgent.push_back((line, Told::Packets(packets)));
            }
        }
        if let Some(line) = seat.line {
            self.drop_line(line, Some(code), &reason);
        }
        self.leave(member);
    }

    /// Its room is told by [`Hall::sort`].
    fn leave(&mut self, member: MemberId) {
        if let Some(line) = self.seats.remove(&member).and_then(|seat| seat.line) {
            self.by_line.remove(&line);
        }
        self.room.leave(member);
    }

    /// Nobody listens to it any more.
    fn drop_line(&mut self, line: LineId, code: Option<u16>, reason: &str) {
        self.by_line.remove(&line);
        self.urgent.push_back((line, Told::Over { code, reason: reason.to_owned() }));
    }

    fn seat_of(&mut self, line: LineId) -> Option<&mut Seat> {
        self.seats.get_mut(self.by_line.get(&line)?)
    }
}

fn manner(can_come_back: bool) -> Manner {
    Manner {
        handshake: BodyForm::Packed,
        packet_bytes: usize::MAX,
        limits: Limits::default(),
        joins_answers: true,
        batches: false,
        kept_bytes: can_come_back.then_some(MAX_KEPT_BYTES),
    }
}

/// What our server does too, if it is not told otherwise.
const MAX_PACKET_BYTES: usize = 1024 * 1024;
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;
const GRACE: Duration = Duration::from_secs(30);
/// For those who can come back.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);
/// About what the buffers of a system hold.
const SOCKET_BYTES: usize = 64 * 1024;

/// A day: nobody waits for a sign of life.
const NEVER: Duration = Duration::from_secs(86_400);

const CLOSE_NORMAL: u16 = 1000;
const CLOSE_GOING_AWAY: u16 = 1001;
const CLOSE_TOO_SLOW: u16 = 4000;

#[cfg(test)]
mod tests;
