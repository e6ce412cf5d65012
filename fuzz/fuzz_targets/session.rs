//! Whatever a server, a network and an application do to a session: every command is answered
//! once, and the session never asks for a moment that has passed.

#![no_main]

use std::{collections::BTreeSet, time::Duration};

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use room_proto::{
    CallKey, Config, Content, Control, Delivered, Event, Extensions, Input, JsonText, MessageId,
    Outgoing, Output, ParticipantId, RequestId, Resume, ServerFrame, Session, StreamKey,
    body::BodyForm,
};

#[derive(Arbitrary, Debug)]
enum Step {
    Opened,
    Noise(Vec<u8>),
    Control(u8, u8),
    Connected,
    Ready { is_ours: bool, can_resume: bool },
    Answer { id: u8, code: Option<u8> },
    Message { from: u8, kind: u8, message: u8, text: String },
    Closed(Option<u16>),
    Wait(u16),
    Reconnect,
    Suspend,
    Probe,
    Enable,
    Disable,
    Send { to: u8, bytes: u16 },
    Broadcast,
    Attributes(u8),
    OpenStream(u8),
    Accept(u8),
    Reject(u8),
    Write(u8, u16),
    CloseStream(u8),
    Abort(u8),
    Read(u8),
    OpenCall(u8),
    SendCall(u8),
    CloseCall(u8),
    End,
}

const KINDS: [&str; 13] = [
    "chat",
    "messaging.enabled",
    "participant.enabled",
    "participant.disabled",
    "participant.attributes",
    "stream.open",
    "stream.accept",
    "stream.reject",
    "stream.chunk",
    "stream.close",
    "stream.credit",
    "dismiss",
    "",
];

const MESSAGES: [&str; 8] = [
    "{}",
    r#"{"participants":[{"id":"p0","role":"user","attributes":{}},{"id":"p1","role":"agent","attributes":{"streams":["v1"]}}]}"#,
    r#"{"id":"p1","role":"user","attributes":{}}"#,
    r#"{"id":"p0"}"#,
    r#"{"attributes":{"a":1}}"#,
    r#"{"stream_id":"s1","header":{},"room_messaging":{"credit":true}}"#,
    r#"{"stream_id":"s1","room_messaging":{"credit":1000},"bytes":10}"#,
    r#"{"stream_id":"s1","error":"no"}"#,
];

struct World {
    session: Session,
    now: Duration,
    asked: BTreeSet<RequestId>,
    closed: BTreeSet<(bool, u64)>,
    /// A socket that has opened, and has not closed yet.
    has_socket: bool,
    /// The same, and the session has not asked to close it.
    may_transmit: bool,
    has_ended: bool,
    next_id: u64,
}

impl World {
    fn new(reconnect: bool) -> Self {
        let config = Config { reconnect, stream_window_bytes: 1000, ..Config::default() };
        Self {
            session: Session::new(config),
            now: Duration::from_secs(1),
            asked: BTreeSet::new(),
            closed: BTreeSet::new(),
            has_socket: false,
            may_transmit: false,
            has_ended: false,
            next_id: 1,
        }
    }

    fn input(&mut self, input: Input<'_>) {
        match input {
            Input::Opened => (self.has_socket, self.may_transmit) = (true, true),
            Input::Closed { .. } => (self.has_socket, self.may_transmit) = (false, false),
            // Bytes come from sockets only.
            Input::Received(_) if !self.has_socket => return,
            Input::Received(_) | Input::Woken => {}
        }
        self.session.handle_input(self.now, input);
        self.drain();
    }

    fn receive(&mut self, frame: &ServerFrame) {
        self.next_id += 1;
        let message = frame.encode(MessageId(self.next_id), BodyForm::Packed);
        for packet in message.packets(500) {
            self.input(Input::Received(&packet));
        }
    }

    fn asked(&mut self, request: Result<RequestId, room_proto::SessionError>) {
        if let Ok(request) = request {
            assert!(self.asked.insert(request), "a name was used twice");
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let event = match output {
                Output::Transmit(_) => {
                    assert!(self.may_transmit, "said to nobody");
                    continue;
                }
                Output::Close { .. } => {
                    self.may_transmit = false;
                    continue;
                }
                Output::Event(event) => event,
            };
            assert!(!self.has_ended, "{event:?} after the end");
            match event {
                Event::StreamClosed { stream, .. } => self.closed(false, stream.0.into()),
                Event::CallClosed { call, .. } => self.closed(true, call.0.into()),
                Event::Answered { request, .. } => {
                    assert!(self.asked.remove(&request), "answered twice, or never asked");
                }
                Event::Ended(_) => self.has_ended = true,
                _ => {}
            }
        }
    }

    fn closed(&mut self, is_call: bool, key: u64) {
        assert!(self.closed.insert((is_call, key)), "closed twice");
    }

    fn wait(&mut self, milliseconds: u16) {
        self.now += Duration::from_millis(u64::from(milliseconds) * 2);
        self.input(Input::Woken);
        if let Some(wakeup) = self.session.next_wakeup() {
            assert!(wakeup > self.now, "the session asks in vain");
        }
    }

    fn step(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Opened => self.input(Input::Opened),
            Step::Noise(bytes) => self.input(Input::Received(&bytes.into())),
            Step::Control(kind, count) => {
                let count = u64::from(count);
                let control =
                    [Control::Ack(count), Control::Resumed(count), Control::Ping, Control::Pong]
                        [usize::from(kind % 4)];
                self.input(Input::Received(&control.encode()));
            }
            Step::Connected => self.receive(&ServerFrame::Connected {
                participant_id: ParticipantId::new("me"),
                attributes: JsonText::empty_object(),
            }),
            // Whether it enables depends on what was before, so that the seeds mean what they meant.
            Step::Ready { is_ours, can_resume } => {
                self.receive(&ready(is_ours, can_resume, self.next_id % 2 == 0));
            }
            Step::Answer { id, code } => {
                let content = match code {
                    None => Content::Empty,
                    Some(code) => Content::Error {
                        text: String::from("no"),
                        code: Some(1000 + i64::from(code % 10)),
                    },
                };
                self.receive(&ServerFrame::Response { id: MessageId(id.into()), content });
            }
            Step::Message { from, kind, message, text } => {
                let message = JsonText::parse(&text).unwrap_or_else(|_| {
                    JsonText::parse(MESSAGES[usize::from(message) % MESSAGES.len()]).unwrap()
                });
                self.receive(&ServerFrame::Message(Delivered {
                    from: peer(from),
                    kind: KINDS[usize::from(kind) % KINDS.len()].to_owned(),
                    message,
                    attachment: Bytes::from_static(b"xyz"),
                    trace: None,
                }));
            }
            Step::Closed(code) => self.input(Input::Closed { code, reason: "" }),
            Step::Wait(milliseconds) => self.wait(milliseconds),
            Step::Reconnect => {
                if self.session.reconnect(now).is_ok() {
                    (self.has_socket, self.may_transmit) = (false, false);
                }
            }
            Step::Suspend => self.session.suspend(now),
            Step::Probe => self.session.probe(now),
            Step::Enable => {
                let asked = self.session.enable(now);
                self.asked(asked);
            }
            Step::Disable => {
                let asked = self.session.disable(now);
                self.asked(asked);
            }
            Step::Send { to, bytes } => {
                let asked = self.session.send(now, &peer(to), outgoing(bytes));
                self.asked(asked);
            }
            Step::Broadcast => {
                let asked = self.session.broadcast(now, outgoing(1));
                self.asked(asked);
            }
            Step::Attributes(value) => {
                let text = format!(r#"{{"a":{value}}}"#);
                drop(self.session.set_attributes(JsonText::object(&text).unwrap()));
            }
            other => self.step_stream(other),
        }
        self.drain();
    }

    fn step_stream(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::OpenStream(to) => {
                drop(self.session.open_stream(now, &peer(to), "s1", JsonText::empty_object()));
            }
            Step::Accept(key) => {
                drop(self.session.accept_stream(now, StreamKey(key.into())));
                drop(self.session.accept_call(CallKey(key.into())));
            }
            Step::Reject(key) => {
                drop(self.session.reject_stream(now, StreamKey(key.into()), "no"));
                drop(self.session.reject_call(CallKey(key.into()), "no"));
            }
            Step::Write(key, bytes) => {
                let header = JsonText::empty_object();
                let data = vec![0; bytes.into()];
                drop(self.session.write_stream(now, StreamKey(key.into()), &header, data.into()));
            }
            Step::CloseStream(key) => {
                let asked = self.session.close_stream(now, StreamKey(key.into()));
                self.asked(asked);
            }
            Step::Abort(key) => self.session.abort_stream(now, StreamKey(key.into()), ""),
            Step::Read(key) => {
                let _ = self.session.read_stream(now, StreamKey(key.into()));
                let _ = self.session.read_call(CallKey(key.into()));
            }
            Step::OpenCall(to) => drop(self.session.open_call(now, &peer(to), &outgoing(1))),
            Step::SendCall(key) => {
                if let Ok(Some(request)) =
                    self.session.send_call(now, CallKey(key.into()), &outgoing(1))
                {
                    self.asked(Ok(request));
                }
            }
            Step::CloseCall(key) => self.session.close_call(now, CallKey(key.into())),
            Step::End => self.session.close(),
            _ => {}
        }
    }
}

fn ready(is_ours: bool, can_resume: bool, enabled: bool) -> ServerFrame {
    let resume = can_resume.then(|| Resume {
        epoch: String::from("e"),
        grace_ms: 30_000,
        heartbeat_ms: 10_000,
    });
    let extensions = Extensions {
        version: 1,
        raw_attachments: true,
        batches: true,
        enabled,
        max_packet_bytes: Some(500),
        max_message_bytes: Some(10_000),
        max_attribute_bytes: Some(1000),
        resume,
    };
    ServerFrame::RoomReady {
        room_name: String::from("room"),
        room_url: String::from("ws://room"),
        session_id: String::from("run"),
        extensions: is_ours.then_some(extensions),
    }
}

fn peer(number: u8) -> ParticipantId {
    ParticipantId::new(&format!("p{}", number % 3))
}

fn outgoing(bytes: u16) -> Outgoing {
    let attachment = Bytes::from(vec![0; bytes.into()]);
    Outgoing { kind: String::from("chat"), message: JsonText::empty_object(), attachment }
}

fuzz_target!(|input: (bool, Vec<Step>)| {
    let (reconnect, steps) = input;
    let mut world = World::new(reconnect);
    for step in steps {
        world.step(step);
    }
    world.session.close();
    world.drain();
    assert!(world.asked.is_empty(), "never answered: {:?}", world.asked);
});
