//! Two sessions and a relay between them, with latency.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use room_proto::{
    Assembler, ClientFrame, Config, Content, Delivered, Event, Input, JsonText, Limits, MessageId,
    Outgoing, Output, ParticipantId, Request, ServerFrame, Session, Timestamp, body::BodyForm,
};

use super::{Server, connected, delivered, disabled, enabled, entry, room_ready};

/// How the relay behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relay {
    pub(crate) server: Server,
    /// Decodes messages and writes them again with other spaces, as a server in Python does.
    pub(crate) rewrites_json: bool,
    pub(crate) latency: Duration,
}

/// Sessions `a` (0) and `b` (1).
pub(crate) struct Pair {
    pub(crate) now: Timestamp,
    pub(crate) most_in_flight_bytes: usize,
    relay: Relay,
    ends: [End; 2],
    flight: VecDeque<(Timestamp, Parcel)>,
    next_id: u64,
}

struct End {
    session: Session,
    assembler: Assembler,
    is_enabled: bool,
    is_gone: bool,
    events: Vec<Event>,
}

enum Parcel {
    ToServer(usize, Bytes),
    ToClient(usize, Bytes),
}

impl Pair {
    /// Two sessions that have enabled messaging and know each other.
    pub(crate) fn enabled(relay: Relay, config: Config) -> Self {
        let end = || End {
            session: Session::new(config.clone()),
            assembler: Assembler::new(Limits::default()),
            is_enabled: false,
            is_gone: false,
            events: Vec::new(),
        };
        let mut pair = Self {
            now: Duration::from_secs(5),
            most_in_flight_bytes: 0,
            relay,
            ends: [end(), end()],
            flight: VecDeque::new(),
            next_id: 1,
        };
        let form = if relay.server == Server::Plain { BodyForm::Plain } else { BodyForm::Packed };
        for end in [0, 1] {
            pair.with(end, |session, now| session.handle_input(now, Input::Opened));
            let ServerFrame::Connected { attributes, .. } = connected() else { continue };
            let connected = ServerFrame::Connected { participant_id: id(end), attributes };
            pair.say_to(end, &connected, form);
            pair.say_to(end, &room_ready(relay.server), form);
            pair.run();
            pair.with(end, |session, now| session.enable(now)).expect("the room is ready");
            pair.run();
        }
        pair.events(0);
        pair.events(1);
        pair
    }

    /// Does something with a session, now.
    pub(crate) fn with<T>(
        &mut self,
        end: usize,
        act: impl FnOnce(&mut Session, Timestamp) -> T,
    ) -> T {
        let result = act(&mut self.ends[end].session, self.now);
        self.drain(end);
        result
    }

    pub(crate) fn events(&mut self, end: usize) -> Vec<Event> {
        std::mem::take(&mut self.ends[end].events)
    }

    /// Carries everything until all is quiet. Timers do not run.
    pub(crate) fn run(&mut self) {
        while self.step() {}
    }

    /// Carries one packet; false if there is none.
    pub(crate) fn step(&mut self) -> bool {
        let Some((at, parcel)) = self.flight.pop_front() else { return false };
        self.now = self.now.max(at);
        match parcel {
            Parcel::ToServer(end, bytes) => self.on_server_received(end, &bytes),
            Parcel::ToClient(end, bytes) => {
                self.with(end, |session, now| session.handle_input(now, Input::Received(&bytes)));
            }
        }
        true
    }

    /// One of the two loses its connection; the other hears of it.
    pub(crate) fn lose(&mut self, end: usize) {
        self.ends[end].is_gone = true;
        self.with(end, |session, now| {
            session.handle_input(now, Input::Closed { code: None, reason: "" });
        });
        self.say_to(1 - end, &disabled(id(end).as_str()), BodyForm::Packed);
    }

    fn drain(&mut self, end: usize) {
        while let Some(output) = self.ends[end].session.poll_output() {
            match output {
                Output::Transmit(bytes) => self.fly(Parcel::ToServer(end, bytes)),
                Output::Close { .. } => self.lose(end),
                Output::Event(event) => self.ends[end].events.push(event),
            }
        }
    }

    fn fly(&mut self, parcel: Parcel) {
        self.flight.push_back((self.now + self.relay.latency, parcel));
        let bytes = self.flight.iter().map(|(_, parcel)| match parcel {
            Parcel::ToServer(_, bytes) | Parcel::ToClient(_, bytes) => bytes.len(),
        });
        self.most_in_flight_bytes = self.most_in_flight_bytes.max(bytes.sum());
    }

    fn say_to(&mut self, end: usize, frame: &ServerFrame, form: BodyForm) {
        if self.ends[end].is_gone {
            return;
        }
        let message = frame.encode(MessageId(self.next_id), form);
        self.next_id += 1;
        for packet in message.packets(16 * 1024) {
            self.fly(Parcel::ToClient(end, packet));
        }
    }

    fn on_server_received(&mut self, end: usize, bytes: &Bytes) {
        let pushed = self.ends[end].assembler.push(bytes, bytes).expect("clients write packets");
        let Some(message) = pushed else { return };
        match ClientFrame::decode(&message, &Limits::default()).expect("clients write frames") {
            ClientFrame::Request { id, request } => {
                let content = self.on_request(end, request);
                self.say_to(end, &ServerFrame::Response { id, content }, BodyForm::Packed);
            }
            ClientFrame::SetAttributes { .. }
            | ClientFrame::ToolCallResponse { .. }
            | ClientFrame::ToolCallResponseChunk { .. } => {}
        }
    }

    fn on_request(&mut self, from: usize, request: Request) -> Content {
        let other = 1 - from;
        match request {
            Request::Enable => {
                self.ends[from].is_enabled = true;
                let others = self.ends[other].is_enabled.then(|| entry(id(other).as_str(), "{}"));
                let list: Vec<_> = others.into_iter().collect();
                self.say_to(from, &enabled(&list), BodyForm::Packed);
                if self.ends[other].is_enabled {
                    let entry = entry(id(from).as_str(), "{}");
                    let announced =
                        delivered(id(from).as_str(), "participant.enabled", &entry, b"");
                    self.say_to(other, &announced, BodyForm::Packed);
                }
                Content::Empty
            }
            Request::Disable => {
                self.ends[from].is_enabled = false;
                self.say_to(other, &disabled(id(from).as_str()), BodyForm::Packed);
                Content::Empty
            }
            Request::Send { to, outgoing } if to == id(other) && !self.ends[other].is_gone => {
                self.relay(from, outgoing);
                Content::Empty
            }
            Request::Broadcast { outgoing } => {
                self.relay(from, outgoing);
                Content::Empty
            }
            Request::Send { .. } | Request::OpenCall { .. } | Request::CallChunk { .. } => {
                let text = String::from("the participant was not found");
                Content::Error { text, code: Some(1003) }
            }
        }
    }

    fn relay(&mut self, from: usize, outgoing: Outgoing) {
        let Outgoing { kind, message, attachment } = outgoing;
        let message = if self.relay.rewrites_json { spaced(&message) } else { message };
        let message = Delivered { from: id(from), kind, message, attachment, trace: None };
        self.say_to(1 - from, &ServerFrame::Message(message), BodyForm::Packed);
    }
}

/// The id of an end.
pub(crate) fn id(end: usize) -> ParticipantId {
    ParticipantId::new(["a", "b"][end])
}

fn spaced(text: &JsonText) -> JsonText {
    let value: serde_json::Value = serde_json::from_str(text.as_str()).expect("it is JSON");
    let text = serde_json::to_string_pretty(&value).expect("it can be written");
    JsonText::parse(&text).expect("it is JSON")
}
