//! A hall in virtual time.

use std::collections::HashMap;

use room_proto::{
    Assembler, ClientFrame, Delivered, MessageId, Outgoing, Request, ServerFrame,
    frame::ClientDialect,
};

use super::*;

/// Members who read all they are told, in virtual time.
struct Bench {
    hall: Hall,
    now: Time,
    ends: HashMap<LineId, Assembler>,
    /// How many messages each has received.
    received: HashMap<LineId, u64>,
}

impl Bench {
    fn new() -> Self {
        Self::with(false)
    }

    fn with(is_remote: bool) -> Self {
        let config = HallConfig {
            name: String::from("lobby"),
            url: String::from("ws://local.invalid/rooms/lobby"),
            session_id: String::from("run-1"),
            is_remote,
        };
        Self {
            hall: Hall::new(config),
            now: Time::ZERO,
            ends: HashMap::new(),
            received: HashMap::new(),
        }
    }

    fn connect(&mut self, guest: Guest) -> LineId {
        let line = self.hall.connect(self.now, guest).expect("there is a place");
        self.ends.insert(line, Assembler::new(Limits::default()));
        line
    }

    fn join(&mut self, name: &str) -> LineId {
        self.connect(guest(name))
    }

    fn say(&mut self, from: LineId, request: Request) {
        let id = MessageId(7);
        let frame = ClientFrame::Request { id, request };
        let message = frame.encode(&ClientDialect::ours_direct());
        for packet in message.packets(1024) {
            self.hall.receive(self.now, from, &packet);
        }
    }

    fn send(&mut self, from: LineId, to: &str, attachment: &Bytes) {
        let outgoing = Outgoing {
            kind: String::from("chat"),
            message: JsonText::empty_object(),
            attachment: attachment.clone(),
        };
        self.say(from, Request::Send { to: ParticipantId::new(to), outgoing });
    }

    /// Lets time pass; wakes the hall when it wants to be.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.hall.next_wakeup().filter(|at| *at <= until) {
            self.now = at;
            self.hall.wake(at);
        }
        self.now = until;
    }

    /// All that the hall wants done.
    fn polled(&mut self) -> Vec<(LineId, Told)> {
        std::iter::from_fn(|| self.hall.poll()).collect()
    }

    /// What everybody is told in frames, until nothing is left to tell.
    fn told(&mut self) -> Vec<(LineId, ServerFrame)> {
        let mut frames = Vec::new();
        for (line, told) in self.polled() {
            let Told::Packets(packets) = told else { panic!("{line:?} is told {told:?}") };
            let assembler = self.ends.get_mut(&line).expect("it is connected");
            for packet in packets {
                if Control::decode(&packet).expect("we write controls").is_some() {
                    continue;
                }
                *self.received.entry(line).or_default() += 1;
                if let Some(message) = assembler.push(&packet, &packet).expect("we write packets") {
                    let frame =
                        ServerFrame::decode(&message, &Limits::default()).expect("we write frames");
                    frames.push((line, frame));
                }
            }
        }
        frames
    }

    /// The sizes of the messages that come to a line.
    fn heard(&mut self, by: LineId) -> Vec<usize> {
        let told = self.told().into_iter().filter(|(line, _)| *line == by);
        told.filter_map(|(_, frame)| {
            let ServerFrame::Message(Delivered { kind, attachment, .. }) = frame else {
                return None;
            };
            (kind == "chat").then_some(attachment.len())
        })
        .collect()
    }
}

fn guest(name: &str) -> Guest {
    Guest {
        participant_id: name.to_owned(),
        name: name.to_owned(),
        role: String::from("user"),
        attributes: JsonText::empty_object(),
        epoch: format!("epoch of {name}"),
        resume: Some(Resume::NEW.to_owned()),
    }
}

fn comeback(name: &str, received: u64) -> Guest {
    let resume = Some(format!("epoch of {name}.{received}"));
    Guest { participant_id: format!("{name} again"), resume, ..guest(name) }
}

/// Ada and bob, who have enabled messaging; and how many messages bob has received.
fn pair(bench: &mut Bench) -> (LineId, LineId, u64) {
    let (ada, bob) = (bench.join("ada"), bench.join("bob"));
    bench.say(ada, Request::Enable);
    bench.say(bob, Request::Enable);
    bench.told();
    (ada, bob, bench.received[&bob])
}

fn bytes(length: usize) -> Bytes {
    Bytes::from(vec![5; length])
}

fn over(code: Option<u16>, reason: &str) -> Told {
    Told::Over { code, reason: reason.to_owned() }
}

#[test]
fn a_member_is_greeted_as_by_our_server() {
    let mut bench = Bench::new();
    let ada = bench.join("ada");

    let told = bench.told();

    assert!(told.iter().all(|(line, _)| *line == ada));
    let extensions = told.iter().find_map(|(_, frame)| {
        let ServerFrame::RoomReady { extensions, .. } = frame else { return None };
        extensions.clone()
    });
    let extensions = extensions.expect("our clients are told");
    assert!(extensions.raw_attachments);
    let resume = extensions.resume.expect("it asked whether it can come back");
    assert_eq!((resume.epoch.as_str(), resume.grace_ms), ("epoch of ada", 30_000));
}

#[test]
fn a_message_arrives_in_packets() {
    let mut bench = Bench::new();
    let (ada, bob, _) = pair(&mut bench);

    bench.send(ada, "bob", &bytes(3000));

    assert_eq!(bench.heard(bob), [3000]);
}

#[test]
fn who_breaks_the_protocol_is_told_and_has_left() {
    let mut bench = Bench::new();
    let ada = bench.join("ada");
    bench.told();

    bench.hall.receive(bench.now, ada, &Bytes::from_static(b"nonsense"));

    let told = bench.polled();
    let [(line, Told::Over { code: Some(4001), .. })] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*line, ada);
    bench.hall.receive(bench.now, ada, &Bytes::from_static(b"nonsense"));
    assert_eq!(bench.hall.poll(), None, "who has left is not heard");
}

#[test]
fn an_id_is_there_once() {
    let mut bench = Bench::new();
    let ada = bench.join("ada");

    assert_eq!(bench.hall.connect(bench.now, guest("ada")), Err(JoinError::IdInUse));
    bench.hall.close(bench.now, ada, Some(CLOSE_NORMAL));
    assert!(bench.hall.connect(bench.now, guest("ada")).is_ok());
}

#[test]
fn who_comes_back_in_time_goes_on_where_it_was() {
    let mut bench = Bench::new();
    let (ada, bob, received) = pair(&mut bench);
    // One is lost on its way, the other is said while nobody listens.
    bench.send(ada, "bob", &bytes(1));
    assert_eq!(bench.heard(bob), [1]);
    bench.hall.close(bench.now, bob, None);
    bench.send(ada, "bob", &bytes(2));
    bench.pass(GRACE - Duration::from_millis(1));
    assert!(bench.told().iter().all(|(line, _)| *line == ada), "nobody else is there");

    let bob = bench.connect(comeback("bob", received));

    assert_eq!(bench.heard(bob), [1, 2]);
    bench.send(ada, "bob", &bytes(3));
    assert_eq!(bench.heard(bob), [3]);
    bench.pass(GRACE * 2);
    assert_eq!(bench.polled(), [], "nobody has left");
}

#[test]
fn who_stays_away_has_left() {
    let mut bench = Bench::new();
    let (ada, bob, received) = pair(&mut bench);
    bench.hall.close(bench.now, bob, Some(1006));

    bench.pass(GRACE);

    assert!(!bench.told().is_empty(), "ada is told");
    let again = bench.connect(comeback("bob", received));
    let told = bench.told();
    let is_greeting = |(line, frame): &(LineId, ServerFrame)| {
        *line == again && matches!(frame, ServerFrame::Connected { .. })
    };
    assert!(told.iter().any(is_greeting), "it begins anew: {told:?}");
    bench.hall.close(bench.now, ada, None);
    assert!(bench.hall.next_wakeup().is_some());
}

#[test]
fn a_second_connection_takes_the_place_of_the_first() {
    let mut bench = Bench::new();
    let (ada, bob, received) = pair(&mut bench);

    let again = bench.connect(comeback("bob", received));

    assert_eq!(bench.polled()[0], (bob, over(None, "")));
    bench.hall.close(bench.now, bob, Some(CLOSE_NORMAL));
    bench.send(ada, "bob", &bytes(1));
    assert_eq!(bench.heard(again), [1], "the first one's end is nobody's");
}

#[test]
fn nobody_comes_back_to_the_seat_of_another_or_to_the_impossible() {
    let mut bench = Bench::new();
    let (_, bob, _) = pair(&mut bench);
    let thief = Guest { name: String::from("eve"), ..comeback("bob", 0) };

    bench.connect(Guest { participant_id: String::from("eve"), ..thief });
    assert!(bench.polled().iter().all(|(line, _)| *line != bob), "bob is still there");

    bench.connect(comeback("bob", 1_000_000));
    assert_eq!(bench.polled()[0], (bob, over(None, "")));
    assert!(bench.hall.seat_of(bob).is_none(), "nobody can go on there");
}

#[test]
fn who_cannot_come_back_has_left_with_its_connection() {
    let mut bench = Bench::new();
    let ada = bench.connect(Guest { resume: None, ..guest("ada") });

    bench.hall.close(bench.now, ada, None);

    assert_eq!(bench.hall.next_wakeup(), None);
    assert!(bench.hall.seats.is_empty());
}

#[test]
fn what_waits_for_a_slow_reader_has_a_bound() {
    let mut bench = Bench::with(true);
    let (ada, bob, _) = pair(&mut bench);

    for _ in 0..3 {
        bench.send(ada, "bob", &bytes(10 << 20));
    }
    assert_eq!(bench.heard(bob), [10 << 20], "the rest waits");
    bench.hall.taken(bob, 20 << 20);
    assert_eq!(bench.heard(bob), [10 << 20]);

    for _ in 0..3 {
        bench.send(ada, "bob", &bytes(10 << 20));
    }
    assert!(bench.polled().contains(&(bob, over(Some(4000), "too slow"))));
}

#[test]
fn silence_is_a_loss() {
    let mut bench = Bench::with(true);
    let ada = bench.join("ada");
    bench.polled();

    bench.pass(HEARTBEAT);
    let pong = Told::Packets(vec![Control::Pong.encode()]);
    assert_eq!(bench.polled(), [(ada, pong), (ada, Told::Ping)]);
    bench.hall.heard(bench.now, ada);
    bench.pass(HEARTBEAT);
    assert!(!bench.polled().contains(&(ada, over(None, ""))), "it has answered");

    bench.pass(HEARTBEAT);
    assert_eq!(bench.polled(), [(ada, over(None, ""))]);
    assert!(bench.hall.seats.iter().all(|(_, seat)| seat.kept_until.is_some()));
}
