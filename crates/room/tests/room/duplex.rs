//! Duplex streams from session to session, through the room's real logic.

use std::time::Duration;

use bytes::Bytes;
use room::{Grants, Joining, MemberId, Output, Room, RoomConfig, RoomLimits, Traits};
use room_proto::{
    Assembler, CallKey, ClientFrame, Config, ErrorCode, Event, Extensions, Input, JsonText, Limits,
    MessageId, Outgoing, SessionError,
    body::BodyForm,
    session::{CallRead, Output as SessionOutput, Session, StreamMessage},
};

use crate::bench::{joining, json};

/// Sessions `ada` (0) and `bob` (1), both enabled.
struct Pair {
    room: Room,
    ends: [End; 2],
    now: Duration,
}

struct End {
    member: MemberId,
    session: Session,
    assembler: Assembler,
    next_id: u64,
    events: Vec<Event>,
}

impl Pair {
    fn new() -> Self {
        Self::with_traits(Traits { duplex: true, merges_lists: false, ours: true })
    }

    fn with_traits(traits: Traits) -> Self {
        let extensions = Extensions {
            version: 1,
            raw_attachments: true,
            batches: false,
            enabled: false,
            max_packet_bytes: None,
            max_message_bytes: None,
            max_attribute_bytes: None,
            resume: None,
        };
        let mut room = Room::new(RoomConfig {
            name: String::from("lobby"),
            url: String::from("ws://example.org/rooms/lobby"),
            session_id: String::from("run-1"),
            extensions,
            limits: RoomLimits::default(),
        });
        let ends = ["ada", "bob"].map(|name| End {
            member: room
                .join(Joining { grants: Grants::ALL, traits, ..joining(name) })
                .expect("there is a place"),
            session: Session::new(Config::default()),
            assembler: Assembler::new(Limits::default()),
            next_id: 1,
            events: Vec::new(),
        });
        let mut pair = Self { room, ends, now: Duration::from_secs(1) };
        for end in [0, 1] {
            pair.with(end, |session, now| session.handle_input(now, Input::Opened));
            pair.with(end, |session, now| session.enable(now)).expect("the room is ready");
        }
        pair.ends[0].events.clear();
        pair.ends[1].events.clear();
        pair
    }

    /// Does something with a session, and carries everything that follows.
    fn with<T>(&mut self, end: usize, act: impl FnOnce(&mut Session, Duration) -> T) -> T {
        self.carry();
        let result = act(&mut self.ends[end].session, self.now);
        self.carry();
        result
    }

    fn carry(&mut self) {
        loop {
            let said: Vec<_> = [0, 1].map(|end| self.drain(end)).into_iter().flatten().collect();
            for (member, packet) in said {
                self.take(member, &packet);
            }
            if !self.deliver() {
                return;
            }
        }
    }

    fn drain(&mut self, index: usize) -> Vec<(usize, Bytes)> {
        let end = &mut self.ends[index];
        let mut said = Vec::new();
        while let Some(output) = end.session.poll_output() {
            match output {
                SessionOutput::Transmit(packet) => said.push((index, packet)),
                SessionOutput::Close { .. } => self.room.leave(end.member),
                SessionOutput::Event(event) => end.events.push(event),
            }
        }
        said
    }

    fn take(&mut self, index: usize, packet: &Bytes) {
        let end = &mut self.ends[index];
        if let Some(message) = end.assembler.push(packet, packet).expect("sessions write packets") {
            self.room.handle(end.member, ClientFrame::decode(&message, &Limits::default()));
        }
    }

    fn deliver(&mut self) -> bool {
        let mut any = false;
        while let Some(output) = self.room.poll_output() {
            any = true;
            let Output::Deliver { to, frame, .. } = output else { panic!("{output:?}") };
            let Some(end) = self.ends.iter_mut().find(|end| end.member == to) else { continue };
            let id = MessageId(end.next_id);
            end.next_id += 1;
            for packet in frame.encode(id, BodyForm::Packed).packets(1000) {
                end.session.handle_input(self.now, Input::Received(&packet));
            }
        }
        any
    }

    fn events(&mut self, end: usize) -> Vec<Event> {
        std::mem::take(&mut self.ends[end].events)
    }

    /// A call of ada's that bob has not answered.
    fn ringing() -> (Self, CallKey, CallKey) {
        let mut pair = Self::new();
        let ours = pair
            .with(0, |session, now| session.open_call(now, &"bob".into(), &message("ask", b"x")))
            .expect("bob is there");
        let theirs = match pair.events(1).as_slice() {
            [Event::CallRequested { call, from, message, .. }] => {
                assert_eq!(from.as_str(), "ada");
                assert_eq!(*message, received("ask", b"x"));
                *call
            }
            other => panic!("a request, not {other:?}"),
        };
        assert_eq!(pair.events(0), []);
        (pair, ours, theirs)
    }

    fn open() -> (Self, CallKey, CallKey) {
        let (mut pair, ours, theirs) = Self::ringing();
        pair.with(1, |session, _| session.accept_call(theirs)).expect("it is fresh");
        match pair.events(0).as_slice() {
            [Event::CallOpened { call, result: Ok(id) }] => {
                assert_eq!(*call, ours);
                assert!(!id.is_empty());
            }
            other => panic!("it is open, not {other:?}"),
        }
        (pair, ours, theirs)
    }

    fn read(&mut self, end: usize, call: CallKey) -> CallRead {
        self.with(end, |session, _| session.read_call(call))
    }
}

fn message(kind: &str, attachment: &'static [u8]) -> Outgoing {
    Outgoing {
        kind: kind.to_owned(),
        message: json(r#"{"text":"\ud800š"}"#),
        attachment: Bytes::from_static(attachment),
    }
}

fn received(kind: &str, attachment: &'static [u8]) -> StreamMessage {
    let Outgoing { kind, message, attachment } = message(kind, attachment);
    StreamMessage { kind, message, attachment }
}

fn failure(read: &CallRead) -> ErrorCode {
    match read {
        CallRead::Failed(error) => error.code,
        other => panic!("a failure, not {other:?}"),
    }
}

fn not_opened(events: &[Event]) -> SessionError {
    let failed = events.iter().find_map(|event| match event {
        Event::CallOpened { result: Err(error), .. } => Some(error.clone()),
        _ => None,
    });
    failed.unwrap_or_else(|| panic!("a failed call, not {events:?}"))
}

#[test]
fn messages_go_both_ways_in_order() {
    let (mut pair, ours, theirs) = Pair::open();
    for number in 0..50 {
        let kind = number.to_string();
        let sent = pair.with(0, |session, now| session.send_call(now, ours, &message(&kind, b"a")));
        assert!(sent.expect("open").is_some(), "the server answers the caller");
        let sent =
            pair.with(1, |session, now| session.send_call(now, theirs, &message(&kind, b"")));
        assert!(sent.expect("open").is_none(), "and nobody answers the callee");
    }
    for number in 0..50 {
        let kind = number.to_string();
        assert_eq!(pair.read(1, theirs), CallRead::Message(received(&kind, b"a")));
        assert_eq!(pair.read(0, ours), CallRead::Message(received(&kind, b"")));
    }
    assert_eq!(pair.read(0, ours), CallRead::Pending);
}

#[test]
fn either_side_closes_for_both() {
    for closer in [0, 1] {
        let (mut pair, ours, theirs) = Pair::open();
        let keys = [ours, theirs];
        let other = 1 - closer;
        pair.with(closer, |session, now| {
            session.send_call(now, keys[closer], &message("last", b"")).expect("open");
            session.close_call(now, keys[closer]);
        });

        let closed = Event::CallClosed { call: keys[other], result: Ok(()) };
        assert!(pair.events(other).contains(&closed), "{closer} closes");
        assert_eq!(pair.read(other, keys[other]), CallRead::Message(received("last", b"")));
        assert_eq!(pair.read(other, keys[other]), CallRead::End);
        let late = pair
            .with(other, |session, now| session.send_call(now, keys[other], &message("late", b"")));
        assert_eq!(late.expect_err("closed").code, ErrorCode::StreamClosed);
    }
}

#[test]
fn a_refusal_has_the_reason() {
    let (mut pair, _, theirs) = Pair::ringing();
    pair.with(1, |session, _| session.reject_call(theirs, "not now")).expect("it is fresh");

    let error = not_opened(&pair.events(0));
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::StreamRejected, "not now"));
}

#[test]
fn a_call_that_nobody_answers_runs_out_of_time_and_is_withdrawn() {
    let (mut pair, _, theirs) = Pair::ringing();
    pair.now += Duration::from_secs(31);
    pair.with(0, |session, now| session.handle_input(now, Input::Woken));

    assert_eq!(not_opened(&pair.events(0)).code, ErrorCode::Timeout);
    let withdrawn = pair.events(1).into_iter().any(|event| match event {
        Event::CallWithdrawn { call, .. } => call == theirs,
        _ => false,
    });
    assert!(withdrawn);
    let late = pair.with(1, |session, _| session.accept_call(theirs));
    assert_eq!(late.expect_err("withdrawn").code, ErrorCode::StreamClosed);
}

#[test]
fn whoever_vanishes_is_an_error_at_the_other_side() {
    for lost in [0, 1] {
        let (mut pair, ours, theirs) = Pair::open();
        let keys = [ours, theirs];
        let other = 1 - lost;
        let member = pair.ends[lost].member;
        pair.room.leave(member);
        pair.carry();

        let read = pair.read(other, keys[other]);
        assert_eq!(failure(&read), ErrorCode::PeerLeft, "{lost} vanishes");
    }

    let (mut pair, _, _) = Pair::ringing();
    let member = pair.ends[1].member;
    pair.room.leave(member);
    pair.carry();
    assert_eq!(not_opened(&pair.events(0)).code, ErrorCode::PeerLeft);
}

#[test]
fn the_end_of_the_session_is_the_end_of_its_calls() {
    let (mut pair, ours, _) = Pair::open();
    pair.with(0, |session, now| {
        session.handle_input(now, Input::Closed { code: None, reason: "" });
    });
    assert_eq!(failure(&pair.read(0, ours)), ErrorCode::ConnectionLost);

    let (mut pair, _, theirs) = Pair::open();
    pair.with(1, |session, now| session.disable(now)).expect("ready");
    assert_eq!(failure(&pair.read(1, theirs)), ErrorCode::Aborted);
}

#[test]
fn who_cannot_be_called_is_refused() {
    let mut pair = Pair::with_traits(Traits { duplex: false, merges_lists: false, ours: true });
    pair.with(0, |session, now| session.open_call(now, &"bob".into(), &message("ask", b"")))
        .expect("bob is there");
    let error = not_opened(&pair.events(0));
    assert_eq!(error.code, ErrorCode::StreamRejected);
    assert!(error.message.contains("does not support"), "{error}");

    let unknown =
        pair.with(0, |session, now| session.open_call(now, &"nobody".into(), &message("ask", b"")));
    assert_eq!(unknown.expect_err("unknown").code, ErrorCode::ParticipantNotFound);
    let wrong = Outgoing { message: JsonText::from_value(&5), ..message("ask", b"") };
    let wrong = pair.with(0, |session, now| session.open_call(now, &"bob".into(), &wrong));
    assert_eq!(wrong.expect_err("no object").code, ErrorCode::InvalidArgument);
}
