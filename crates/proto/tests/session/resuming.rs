//! Connections that are lost, and what becomes of what was open.

use std::time::Duration;

use bytes::Bytes;
use room_proto::{
    Config, Content, Control, ErrorCode, Event, Extensions, Input, Output, Resume, ServerFrame,
    Session, SessionError, body::BodyForm,
};

use crate::bench::{Server, connected, delivered, enabled, entry, json, outgoing, room_ready};

/// A session that can come back, and everything that leaves it.
struct Traveller {
    session: Session,
    now: Duration,
    next_id: u64,
    sent: Vec<Bytes>,
    events: Vec<Event>,
    closed: Vec<u16>,
}

impl Traveller {
    /// In a room with `ada`, with messaging enabled. The server waits for 30 seconds.
    fn enabled() -> Self {
        Self::enabled_with(Config::default())
    }

    fn enabled_with(config: Config) -> Self {
        let mut traveller = Self::opened(config);
        traveller.join("one");
        traveller.command(|session, now| session.enable(now)).unwrap();
        traveller.receive(enabled(&[entry("ada", "{}")]));
        traveller.take();
        traveller
    }

    fn opened(config: Config) -> Self {
        let config = Config { reconnect: true, ..config };
        let mut traveller = Self {
            session: Session::new(config),
            now: Duration::from_secs(1000),
            next_id: 1,
            sent: Vec::new(),
            events: Vec::new(),
            closed: Vec::new(),
        };
        assert_eq!(traveller.session.resume_query().as_deref(), Some("new"));
        traveller.input(Input::Opened);
        traveller
    }

    /// The handshake of a server that names this epoch.
    fn join(&mut self, epoch: &str) {
        self.receive(connected());
        self.receive(ready(Some(epoch)));
    }

    fn lose(&mut self) {
        self.input(Input::Closed { code: None, reason: "" });
        assert!(matches!(self.events.last(), Some(Event::Lost(_))), "{:?}", self.events);
    }

    fn reconnect(&mut self) {
        self.session.reconnect(self.now).unwrap();
        self.input(Input::Opened);
    }

    fn receive(&mut self, frame: ServerFrame) {
        let message = frame.encode(room_proto::MessageId(self.next_id), BodyForm::Packed);
        self.next_id += 1;
        for packet in message.packets(16 * 1024) {
            self.input(Input::Received(&packet));
        }
    }

    fn hear(&mut self, control: Control) {
        self.input(Input::Received(&control.encode()));
    }

    fn input(&mut self, input: Input<'_>) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.input(Input::Woken);
    }

    fn command<T>(
        &mut self,
        command: impl FnOnce(&mut Session, Duration) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        let result = command(&mut self.session, self.now);
        self.drain();
        result
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit(bytes) => self.sent.push(bytes),
                Output::Close { code, .. } => self.closed.push(code),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    fn take(&mut self) -> (Vec<Bytes>, Vec<Event>) {
        self.drain();
        (std::mem::take(&mut self.sent), std::mem::take(&mut self.events))
    }
}

fn ready(epoch: Option<&str>) -> ServerFrame {
    let ServerFrame::RoomReady { room_name, room_url, session_id, extensions } =
        room_ready(Server::Ours)
    else {
        panic!("it is ready");
    };
    let resume = epoch.map(|epoch| Resume {
        epoch: epoch.to_owned(),
        grace_ms: 30_000,
        heartbeat_ms: 10_000,
    });
    let extensions = extensions.map(|extensions| Extensions { resume, ..extensions });
    ServerFrame::RoomReady { room_name, room_url, session_id, extensions }
}

fn lost() -> SessionError {
    let text = "the connection was lost (no close code)";
    SessionError::new(ErrorCode::ConnectionLost, text)
}

#[test]
fn what_was_sent_meanwhile_is_sent_when_the_server_goes_on() {
    let mut traveller = Traveller::enabled();
    // connected, room_ready and messaging.enabled, in two packets each.
    assert_eq!(traveller.session.resume_query().as_deref(), Some("one.6"));
    let ask =
        |session: &mut Session, now| session.send(now, &"ada".into(), outgoing("chat", "{}", b""));
    let early = traveller.command(ask).unwrap();
    let (before, _) = traveller.take();

    traveller.lose();
    let late = traveller.command(ask).unwrap();
    assert_eq!(traveller.take(), (vec![], vec![Event::Lost(lost())]), "nothing can be sent");

    traveller.reconnect();
    // The announcement, `enable` and the first half of the message have come, two packets each.
    traveller.hear(Control::Resumed(5));
    let (sent, events) = traveller.take();
    assert_eq!(events, [Event::Resumed]);
    assert_eq!(sent[0], before[1], "where the server stands");
    assert_eq!(sent.len(), 3);

    for (request, id) in [(early, 3), (late, 4)] {
        let id = room_proto::MessageId(id);
        traveller.receive(ServerFrame::Response { id, content: Content::Empty });
        assert_eq!(traveller.take().1, [Event::Answered { request, result: Ok(()) }]);
    }
}

#[test]
fn a_server_that_begins_anew_is_told_everything_again_and_we_are_told_once() {
    let mut traveller = Traveller::enabled();
    traveller.command(|session, _| session.set_attributes(json(r#"{"mood":"good"}"#))).unwrap();
    let request = traveller
        .command(|session, now| session.send(now, &"ada".into(), outgoing("chat", "{}", b"")))
        .unwrap();
    traveller.lose();
    traveller.reconnect();
    traveller.take();

    traveller.join("two");

    let (_, events) = traveller.take();
    let [Event::Answered { request: failed, result: Err(error) }, Event::Discontinuity(_)] =
        events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*failed, error.code), (request, ErrorCode::DeliveryUnknown));
    assert_eq!(traveller.session.participants().count(), 1, "until the list comes");
    let attributes = traveller.session.local_attributes().as_str();
    assert!(attributes.contains(r#""mood":"good""#), "{attributes}");

    traveller.receive(enabled(&[entry("bob", "{}")]));
    let (_, events) = traveller.take();
    assert!(matches!(events[0], Event::ParticipantRemoved(_)), "{events:?}");
    assert_eq!(events[1..], [Event::ParticipantAdded("bob".into()), Event::MessagingEnabled]);
    assert_eq!(traveller.session.resume_query().as_deref(), Some("two.6"));
}

#[test]
fn when_the_server_waits_no_longer_nothing_waits_any_longer() {
    let mut traveller = Traveller::enabled();
    let request = traveller
        .command(|session, now| session.broadcast(now, outgoing("news", "{}", b"")))
        .unwrap();
    traveller.lose();
    traveller.take();

    traveller.wait(Duration::from_secs(29));
    assert_eq!(traveller.take().1, []);
    traveller.wait(Duration::from_secs(1));

    let (_, events) = traveller.take();
    let [Event::Answered { request: failed, result: Err(error) }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((*failed, error.code), (request, ErrorCode::DeliveryUnknown));
    let refused = traveller
        .command(|session, now| session.broadcast(now, outgoing("news", "{}", b"")))
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotConnected);
    assert_eq!(traveller.session.resume_query().as_deref(), Some("new"));
}

#[test]
fn a_server_without_epochs_fails_everything_at_the_loss() {
    let mut traveller = Traveller::opened(Config::default());
    traveller.receive(connected());
    traveller.receive(ready(None));
    let request = traveller
        .command(|session, now| session.broadcast(now, outgoing("news", "{}", b"")))
        .unwrap();
    traveller.take();

    traveller.lose();

    let (_, events) = traveller.take();
    let [Event::Answered { request: failed, result: Err(error) }, Event::Lost(_)] =
        events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*failed, error.code), (request, ErrorCode::DeliveryUnknown));
    traveller.reconnect();
    traveller.receive(connected());
    traveller.receive(ready(None));
    assert_eq!(traveller.take().1, [Event::Discontinuity(lost())]);
}

#[test]
fn silence_is_a_loss() {
    let mut traveller = Traveller::enabled();
    traveller.wait(Duration::from_secs(24));
    traveller.hear(Control::Pong);
    traveller.wait(Duration::from_secs(24));
    assert_eq!(traveller.take().1, []);

    traveller.wait(Duration::from_secs(1));

    assert!(matches!(traveller.take().1.as_slice(), [Event::Lost(_)]));
    assert_eq!(traveller.closed, [4008]);
}

#[test]
fn a_question_that_is_not_answered_is_a_loss() {
    let mut traveller = Traveller::enabled();
    let probe = |session: &mut Session, now| {
        session.probe(now);
        Ok(())
    };
    traveller.command(probe).unwrap();
    assert_eq!(traveller.take().0, [Control::Ping.encode()]);
    traveller.wait(Duration::from_secs(4));
    traveller.hear(Control::Pong);
    traveller.wait(Duration::from_secs(4));
    assert_eq!(traveller.take().1, []);

    traveller.command(probe).unwrap();
    traveller.wait(Duration::from_secs(5));

    assert!(matches!(traveller.take().1.as_slice(), [Event::Lost(_)]));
}

#[test]
fn a_close_for_good_is_an_end() {
    for is_reconnecting in [false, true] {
        let mut traveller = Traveller::enabled();
        if is_reconnecting {
            traveller.lose();
            traveller.reconnect();
            traveller.take();
        }

        traveller.input(Input::Closed { code: Some(1000), reason: "the token has expired" });

        match traveller.take().1.as_slice() {
            [Event::Ended(error)] => assert!(error.message.contains("expired"), "{error}"),
            other => panic!("the end, not {other:?}"),
        }
    }
}

#[test]
fn an_attempt_that_fails_is_told_and_changes_nothing() {
    let mut traveller = Traveller::enabled();
    traveller.lose();
    for _ in 0..2 {
        traveller.reconnect();
        traveller.take();
        traveller.input(Input::Closed { code: Some(1006), reason: "" });
        assert!(matches!(traveller.take().1.as_slice(), [Event::Lost(_)]));
    }
    assert_eq!(traveller.session.resume_query().as_deref(), Some("one.6"));

    traveller.reconnect();
    traveller.take();
    traveller.wait(Duration::from_secs(15));
    assert!(matches!(traveller.take().1.as_slice(), [Event::Lost(_)]), "it took too long");
    traveller.reconnect();
    traveller.hear(Control::Resumed(4));
    assert_eq!(traveller.take().1, [Event::Resumed]);
}

#[test]
fn what_a_server_says_about_an_epoch_must_make_sense() {
    for control in [Control::Resumed(0), Control::Ack(1000)] {
        let mut traveller = Traveller::enabled();

        traveller.hear(control);

        match traveller.take().1.as_slice() {
            [Event::Ended(error)] => assert_eq!(error.code, ErrorCode::ProtocolError),
            other => panic!("the end, not {other:?}"),
        }
    }
}

#[test]
fn a_server_that_has_more_than_was_sent_begins_anew_the_next_time() {
    let mut traveller = Traveller::enabled();
    traveller.lose();
    traveller.reconnect();
    traveller.take();

    traveller.hear(Control::Resumed(1000));

    assert!(matches!(traveller.take().1.as_slice(), [Event::Lost(_)]));
    assert_eq!(traveller.session.resume_query().as_deref(), Some("new"));
}

#[test]
fn only_a_lost_connection_is_made_again() {
    let mut traveller = Traveller::enabled();
    let error = traveller.command(Session::reconnect).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidArgument);
}

#[test]
fn the_queue_has_an_end() {
    let config = Config { max_queued_messages: 3, max_queued_bytes: 1000, ..Config::default() };
    let mut traveller = Traveller::enabled_with(config);
    let say = |attachment: &'static [u8]| {
        move |session: &mut Session, now| {
            session.send(now, &"ada".into(), outgoing("chat", "{}", attachment))
        }
    };
    traveller
        .receive(ServerFrame::Response { id: room_proto::MessageId(2), content: Content::Empty });
    traveller.command(say(&[0; 5000])).expect("one is always taken");
    let full = traveller.command(say(b"")).unwrap_err();
    assert_eq!(full.code, ErrorCode::QueueFull);

    traveller
        .receive(ServerFrame::Response { id: room_proto::MessageId(3), content: Content::Empty });
    for _ in 0..3 {
        traveller.command(say(b"")).expect("there is room");
    }
    let full = traveller.command(say(b"")).unwrap_err();
    assert_eq!(full.code, ErrorCode::QueueFull);
    traveller.receive(delivered("ada", "chat", "{}", b""));
}

#[test]
fn time_stands_still_while_nothing_can_be_answered() {
    let mut traveller = Traveller::enabled();
    let say =
        |session: &mut Session, now| session.send(now, &"ada".into(), outgoing("chat", "{}", b""));
    let request = traveller.command(say).unwrap();
    let stream = traveller
        .command(|session, now| session.open_stream(now, &"ada".into(), "s1", json("{}")))
        .unwrap();
    traveller.wait(Duration::from_secs(20));
    traveller.lose();
    traveller.take();

    traveller.wait(Duration::from_secs(29));
    assert_eq!(traveller.take().1, []);
    traveller.reconnect();
    traveller.hear(Control::Resumed(4));
    traveller.wait(Duration::from_secs(9));
    assert_eq!(traveller.take().1, [Event::Resumed]);
    traveller.hear(Control::Pong);
    traveller.wait(Duration::from_secs(1));

    let (_, events) = traveller.take();
    let late = events.iter().filter(|event| match event {
        Event::Answered { request: late, result: Err(error) } => {
            *late == request && error.code == ErrorCode::Timeout
        }
        Event::StreamOpened { stream: late, result: Err(error) } => {
            *late == stream && error.code == ErrorCode::Timeout
        }
        _ => false,
    });
    assert_eq!(late.count(), 2, "{events:?}");
}

#[test]
fn who_waits_for_messaging_is_answered_when_it_cannot_be_restored() {
    let mut traveller = Traveller::opened(Config::default());
    traveller.join("one");
    let request = traveller.command(Session::enable).unwrap();
    traveller.lose();
    traveller.reconnect();
    traveller.take();

    traveller.receive(connected());
    let ServerFrame::RoomReady { room_name, room_url, session_id, extensions } = ready(None) else {
        panic!("it is ready");
    };
    let extensions =
        extensions.map(|extensions| Extensions { max_attribute_bytes: Some(1), ..extensions });
    traveller.receive(ServerFrame::RoomReady { room_name, room_url, session_id, extensions });

    let (_, events) = traveller.take();
    match events.as_slice() {
        [
            Event::Discontinuity(_),
            Event::Answered { request: answered, result },
            Event::Ended(error),
        ] => {
            assert_eq!(*answered, request);
            assert_eq!(result.as_ref().unwrap_err().code, ErrorCode::TooLarge);
            assert_eq!(error.code, ErrorCode::TooLarge);
        }
        other => panic!("an answer and the end, not {other:?}"),
    }
}

#[test]
fn whoever_does_not_reconnect_does_not_come_back_however_able_the_server_is() {
    let mut session = Session::new(Config { reconnect: false, ..Config::default() });
    let mut now = Duration::from_secs(1);
    let receive = |session: &mut Session, now, id, frame: ServerFrame| {
        let message = frame.encode(room_proto::MessageId(id), BodyForm::Packed);
        for packet in message.packets(usize::MAX) {
            session.handle_input(now, Input::Received(&packet));
        }
    };
    session.handle_input(now, Input::Opened);
    receive(&mut session, now, 1, connected());
    receive(&mut session, now, 2, ready(Some("one")));
    while session.poll_output().is_some() {}

    session.suspend(now);
    assert_eq!(session.poll_output(), None);
    assert!(session.reconnect(now).is_err());

    // Silence is noticed only where there is a way back; the socket's own end is enough here.
    now += Duration::from_secs(1000);
    session.handle_input(now, Input::Woken);
    assert_eq!(session.poll_output(), None);
    assert_eq!(session.next_wakeup(), None);
}
