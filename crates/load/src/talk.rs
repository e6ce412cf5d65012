//! What a member says, and what it notes of what it hears.

use std::{future, time::Duration};

use bytes::Bytes;
use room_client::Client;
use room_proto::{Delivered, Event, JsonText, Outgoing, ParticipantId, RequestId, SessionError};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, Interval, interval_at},
};

use crate::{
    member::{Seat, Stage},
    record::{Heard, Pending, Recipient, Record},
};

/// What those who talk have in common.
#[derive(Debug)]
pub(crate) struct Talk {
    /// Who is in each room, by place.
    pub(crate) rooms: Vec<Vec<ParticipantId>>,
    pub(crate) begin: Instant,
    pub(crate) time: Duration,
    /// Messages of each member in a second.
    pub(crate) rate: u32,
    pub(crate) pending: Pending,
}

/// One of them, while they talk.
#[derive(Debug)]
pub(crate) struct Talker<'a> {
    client: &'a mut Client,
    record: &'a mut Record,
    talk: &'a Talk,
    seat: Seat,
    room: &'a [ParticipantId],
}

/// The message itself.
#[derive(Debug, Deserialize, Serialize)]
struct Words {
    number: usize,
    /// Since the beginning of the talk.
    sent_us: u64,
}

impl<'a> Talker<'a> {
    pub(crate) fn new(
        client: &'a mut Client,
        record: &'a mut Record,
        seat: Seat,
        talk: &'a Talk,
    ) -> Self {
        let room = talk.rooms.get(seat.room).map_or(&[][..], Vec::as_slice);
        Self { client, record, talk, seat, room }
    }

    /// Talks for the time of the talk, and listens until the next stage.
    pub(crate) async fn run(
        mut self,
        stage: &mut watch::Receiver<Stage>,
    ) -> Result<(), SessionError> {
        let mut ticks = Some(self.ticks());
        loop {
            tokio::select! {
                event = self.client.next_event() => self.on_event(event?),
                at = tick(&mut ticks) => {
                    if at < self.talk.begin + self.talk.time {
                        self.say();
                    } else {
                        ticks = None;
                    }
                }
                _ = stage.changed() => return Ok(()),
            }
        }
    }

    /// Spread, so that not all speak at the same moment. Who is late catches up.
    fn ticks(&self) -> Interval {
        let period = Duration::from_secs(1) / self.talk.rate;
        let turn = u32::try_from(self.seat.room * 7 + self.seat.place * 31).unwrap_or(0) % 100;
        interval_at(self.talk.begin + period * turn / 100, period)
    }

    fn say(&mut self) {
        let number = self.record.sent.len();
        let to = self.recipient(number);
        let words = Words { number, sent_us: self.now_us() };
        // What the session itself refuses counts as refused.
        let request = self.send(to, outgoing(&words)).ok();
        self.record.on_sent(to, request);
        if request.is_some() {
            self.talk.pending.asked();
        }
    }

    fn send(&mut self, to: Recipient, outgoing: Outgoing) -> Result<RequestId, SessionError> {
        let id = match to {
            Recipient::One(place) => self.room.get(place),
            Recipient::Everyone => None,
        };
        self.client.command(|session, now| match id {
            Some(id) => session.send(now, id, outgoing),
            None => session.broadcast(now, outgoing),
        })
    }

    /// The others in turn, and now and then all of them; not every member at the same time.
    fn recipient(&self, number: usize) -> Recipient {
        if (number + self.seat.place) % BROADCAST_EVERY == BROADCAST_EVERY / 2 {
            return Recipient::Everyone;
        }
        let others = self.room.len().saturating_sub(1).max(1);
        Recipient::One((self.seat.place + 1 + number % others) % self.room.len().max(1))
    }

    fn on_event(&mut self, event: Event) {
        if let Event::Answered { request, result } = event {
            self.on_answered(request, result.is_ok());
        } else if let Event::Message(delivered) = event {
            self.on_message(&delivered);
        }
    }

    fn on_answered(&mut self, request: RequestId, is_ok: bool) {
        if let Some(sent) = self.record.on_answered(request, is_ok) {
            let listeners = match sent.to {
                Recipient::One(_) => 1,
                Recipient::Everyone => self.room.len() - 1,
            };
            self.talk.pending.answered(if is_ok { listeners } else { 0 });
        }
    }

    /// A message that cannot be read is from nobody, and so found out.
    fn on_message(&mut self, delivered: &Delivered) {
        let words = serde_json::from_str(delivered.message.as_str());
        let Words { number, sent_us } = words.unwrap_or(Words { number: usize::MAX, sent_us: 0 });
        let from = self.room.iter().position(|id| *id == delivered.from);
        let latency = Duration::from_micros(self.now_us().saturating_sub(sent_us));
        self.record.on_heard(Heard { from, number }, latency);
        self.talk.pending.arrived();
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.talk.begin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The next turn, if there is one.
async fn tick(ticks: &mut Option<Interval>) -> Instant {
    match ticks {
        Some(ticks) => ticks.tick().await,
        None => future::pending().await,
    }
}

fn outgoing(words: &Words) -> Outgoing {
    let message = JsonText::from_value(words);
    Outgoing { kind: String::from("load.words"), message, attachment: Bytes::new() }
}

/// One message of so many is a broadcast.
pub(crate) const BROADCAST_EVERY: usize = 20;
