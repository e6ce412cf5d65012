//! Sessions without sockets and clocks: `Bench` has one and a scripted server, `Pair` has two and a
//! relay between them.

mod pair;

use std::time::Duration;

use bytes::Bytes;
use room_proto::{
    Assembler, ClientFrame, Config, Content, Delivered, Event, Extensions, Input, JsonText, Limits,
    Message, MessageId, Outgoing, Output, ParticipantId, Request, ServerFrame, Session, StreamKey,
    Timestamp, body::BodyForm,
};

pub(crate) use pair::{Pair, Relay, id};

/// What kind of server is at the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Server {
    /// Generation 1a: plain JSON in the handshake.
    Plain,
    /// Any later official one.
    Official,
    /// Ours: announces raw attachments and large packets.
    Ours,
}

/// What the client said, taken apart.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) kind: String,
    pub(crate) body: Bytes,
    pub(crate) packets: usize,
    pub(crate) frame: ClientFrame,
}

/// A session, the time, and what came out so far.
pub(crate) struct Bench {
    pub(crate) session: Session,
    pub(crate) now: Timestamp,
    assembler: Assembler,
    packets: usize,
    next_id: u64,
    said: Vec<Said>,
    events: Vec<Event>,
    close: Option<(u16, String)>,
    /// How often the client said which streams it takes.
    pub(crate) announcements: usize,
}

impl Bench {
    /// A session whose socket has just opened.
    pub(crate) fn opened(config: Config) -> Self {
        let mut bench = Self {
            session: Session::new(config),
            now: Duration::from_secs(1000),
            assembler: Assembler::new(Limits::default()),
            packets: 0,
            next_id: 1,
            said: Vec::new(),
            events: Vec::new(),
            close: None,
            announcements: 0,
        };
        bench.input(Input::Opened);
        bench
    }

    /// A session whose room is ready. We are `me`.
    pub(crate) fn joined(server: Server) -> Self {
        Self::joined_with(server, Config::default())
    }

    pub(crate) fn joined_with(server: Server, config: Config) -> Self {
        let mut bench = Self::opened(config);
        let form = if server == Server::Plain { BodyForm::Plain } else { BodyForm::Packed };
        bench.receive_as(connected(), form);
        bench.receive_as(room_ready(server), form);
        assert_eq!(bench.events(), [Event::Ready]);
        bench
    }

    /// A session with messaging enabled on our server, in a room with `ada` and `bob`.
    pub(crate) fn enabled() -> Self {
        Self::enabled_with(Config::default())
    }

    pub(crate) fn enabled_with(config: Config) -> Self {
        let mut bench = Self::joined_with(Server::Ours, config);
        bench.session.enable(bench.now).expect("the room is ready");
        bench.answer_all();
        bench.receive(enabled(&[entry("ada", "{}"), entry("bob", "{}")]));
        bench.events();
        bench
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    pub(crate) fn receive(&mut self, frame: ServerFrame) {
        self.receive_as(frame, BodyForm::Packed);
    }

    pub(crate) fn receive_as(&mut self, frame: ServerFrame, form: BodyForm) {
        let message = frame.encode(MessageId(self.next_id), form);
        self.next_id += 1;
        self.receive_message(&message);
    }

    pub(crate) fn receive_message(&mut self, message: &Message) {
        for packet in message.packets(16 * 1024) {
            self.input(Input::Received(&packet));
        }
    }

    /// A message from another participant.
    pub(crate) fn deliver(
        &mut self,
        from: &str,
        kind: &str,
        message: &str,
        attachment: &'static [u8],
    ) {
        self.receive(delivered(from, kind, message, attachment));
    }

    pub(crate) fn answer(&mut self, id: MessageId, content: Content) {
        self.receive(ServerFrame::Response { id, content });
    }

    pub(crate) fn fail(&mut self, id: MessageId, code: i64, text: &str) {
        self.answer(id, Content::Error { text: text.to_owned(), code: Some(code) });
    }

    /// Answers everything that was asked since the last look at it; gives what that was.
    pub(crate) fn answer_all(&mut self) -> Vec<Said> {
        let said = self.said();
        for said in &said {
            if let ClientFrame::Request { id, .. } = said.frame {
                self.answer(id, Content::Empty);
            }
        }
        said
    }

    /// Lets time pass, and wakes the session when it wants to be woken.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(wakeup) = self.session.next_wakeup().filter(|wakeup| *wakeup <= end) {
            self.now = self.now.max(wakeup);
            self.input(Input::Woken);
            assert_ne!(self.session.next_wakeup(), Some(wakeup), "the session asks in vain");
        }
        self.now = end;
    }

    /// What was reported since the last look.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.drain();
        std::mem::take(&mut self.events)
    }

    /// What was sent since the last look.
    pub(crate) fn said(&mut self) -> Vec<Said> {
        self.drain();
        std::mem::take(&mut self.said)
    }

    /// The one thing that was sent since the last look, and its id.
    pub(crate) fn asked(&mut self) -> (MessageId, Request) {
        let mut said = self.said();
        assert_eq!(said.len(), 1, "one request: {said:?}");
        match said.remove(0).frame {
            ClientFrame::Request { id, request } => (id, request),
            other => panic!("a request, not {other:?}"),
        }
    }

    /// The one message to a participant that was sent since the last look.
    pub(crate) fn sent(&mut self) -> (MessageId, String, Outgoing) {
        match self.asked() {
            (id, Request::Send { to, outgoing }) => (id, to.to_string(), outgoing),
            (_, other) => panic!("a message, not {other:?}"),
        }
    }

    /// The close code and reason, if the session wanted the socket closed.
    pub(crate) fn closed(&mut self) -> Option<(u16, String)> {
        self.drain();
        self.close.clone()
    }

    /// A stream to `ada`, accepted with this much credit, everything answered.
    pub(crate) fn open_writer(&mut self, credit: Option<usize>) -> StreamKey {
        let key = self
            .session
            .open_stream(self.now, &"ada".into(), "s1", json("{}"))
            .expect("ada is there");
        self.answer_all();
        let accept = match credit {
            Some(credit) => {
                format!(r#"{{"stream_id":"s1","room_messaging":{{"credit":{credit}}}}}"#)
            }
            None => String::from(r#"{"stream_id":"s1"}"#),
        };
        self.deliver("ada", "stream.accept", &accept, b"");
        assert_eq!(self.events(), [Event::StreamOpened { stream: key, result: Ok(()) }]);
        key
    }

    /// A stream from `ada`, accepted, everything answered.
    pub(crate) fn open_reader(&mut self, understands_credit: bool) -> StreamKey {
        let extension =
            if understands_credit { r#","room_messaging":{"credit":true}"# } else { "" };
        let open = format!(r#"{{"stream_id":"r1","header":{{}}{extension}}}"#);
        self.deliver("ada", "stream.open", &open, b"");
        let key = match self.events().as_slice() {
            [Event::StreamRequested { stream, .. }] => *stream,
            other => panic!("an offer, not {other:?}"),
        };
        self.session.accept_stream(self.now, key).expect("it is an offer");
        self.answer_all();
        key
    }

    /// A chunk of the stream that [`Bench::open_reader`] opened. Its header is `null`.
    pub(crate) fn chunk(&mut self, data: &'static [u8]) {
        self.deliver("ada", "stream.chunk", r#"{"stream_id":"r1","header":null}"#, data);
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit(bytes) => self.on_transmit(&bytes),
                Output::Close { code, reason } => {
                    assert!(self.close.is_none(), "closed twice");
                    self.close = Some((code, reason));
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    fn on_transmit(&mut self, bytes: &Bytes) {
        assert!(self.close.is_none(), "sent after the close");
        self.packets += 1;
        if let Some(message) = self.assembler.push(bytes, bytes).expect("the client writes packets")
        {
            let frame = ClientFrame::decode(&message, &Limits::default())
                .unwrap_or_else(|error| panic!("{error:?} in {message:?}"));
            let packets = std::mem::take(&mut self.packets);
            if is_announcement(&frame) {
                self.announcements += 1;
                return;
            }
            self.said.push(Said {
                kind: message.kind.into_owned(),
                body: message.body,
                packets,
                frame,
            });
        }
    }
}

/// What every client says about its streams before it enables messaging. It would stand in the way
/// of all tests, so the bench only counts it.
fn is_announcement(frame: &ClientFrame) -> bool {
    let announcement = json(r#"{"streams":["duplex","v1"]}"#);
    matches!(frame, ClientFrame::SetAttributes { attributes, .. } if *attributes == announcement)
}

pub(crate) fn json(text: &str) -> JsonText {
    JsonText::parse(text).expect("a test writes JSON")
}

pub(crate) fn outgoing(kind: &str, message: &str, attachment: &'static [u8]) -> Outgoing {
    let attachment = Bytes::from_static(attachment);
    Outgoing { kind: kind.to_owned(), message: json(message), attachment }
}

pub(crate) fn connected() -> ServerFrame {
    ServerFrame::Connected {
        participant_id: ParticipantId::new("me"),
        attributes: json(r#"{"name":"Mia"}"#),
    }
}

pub(crate) fn room_ready(server: Server) -> ServerFrame {
    room_ready_saying((server == Server::Ours).then(extensions))
}

/// What our own server announces.
pub(crate) fn extensions() -> Extensions {
    Extensions {
        version: 1,
        raw_attachments: true,
        batches: false,
        enabled: false,
        max_packet_bytes: Some(1024 * 1024),
        max_message_bytes: Some(16 * 1024 * 1024),
        max_attribute_bytes: Some(1000),
        resume: None,
    }
}

pub(crate) fn room_ready_saying(extensions: Option<Extensions>) -> ServerFrame {
    ServerFrame::RoomReady {
        room_name: String::from("lobby"),
        room_url: String::from("ws://example.org/rooms/lobby"),
        session_id: String::from("run-1"),
        extensions,
    }
}

pub(crate) fn delivered(
    from: &str,
    kind: &str,
    message: &str,
    attachment: &'static [u8],
) -> ServerFrame {
    ServerFrame::Message(Delivered {
        from: from.into(),
        kind: kind.to_owned(),
        message: json(message),
        attachment: Bytes::from_static(attachment),
        trace: None,
    })
}

/// A participant as the room lists it.
pub(crate) fn entry(id: &str, attributes: &str) -> String {
    format!(r#"{{"id":"{id}","role":"user","attributes":{attributes}}}"#)
}

pub(crate) fn enabled(entries: &[String]) -> ServerFrame {
    let message = format!(r#"{{"participants":[{}]}}"#, entries.join(","));
    delivered("room", "messaging.enabled", &message, b"")
}

pub(crate) fn disabled(id: &str) -> ServerFrame {
    delivered(id, "participant.disabled", &format!(r#"{{"id":"{id}"}}"#), b"")
}
