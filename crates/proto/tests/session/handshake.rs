//! From the open socket to the room that is ready, and the ways not to get there.

use std::time::Duration;

use bytes::Bytes;
use room_proto::{
    Config, ErrorCode, Event, Input, JsonText, Message, MessageId, ServerFrame, Session,
    body::BodyForm,
};

use crate::bench::{Bench, Server, connected, json, room_ready};

fn ended(bench: &mut Bench) -> (ErrorCode, String) {
    match bench.events().as_slice() {
        [Event::Ended(error)] => (error.code, error.message.clone()),
        other => panic!("the end, not {other:?}"),
    }
}

#[test]
fn the_room_is_ready_when_both_halves_have_come_in_either_order() {
    let (first, second) = (connected(), room_ready(Server::Official));
    for frames in [[first.clone(), second.clone()], [second, first]] {
        let mut bench = Bench::opened(Config::default());
        let [first, second] = frames;

        bench.receive(first);
        assert_eq!(bench.events(), []);
        assert_eq!(bench.session.participant_id(), None);

        bench.receive(second);
        assert_eq!(bench.events(), [Event::Ready]);
        assert_eq!(bench.session.participant_id(), Some(&"me".into()));
        assert_eq!(bench.session.room_name(), Some("lobby"));
        assert_eq!(bench.session.room_url(), Some("ws://example.org/rooms/lobby"));
        assert_eq!(bench.session.session_id(), Some("run-1"));
        assert_eq!(bench.session.local_attributes(), &json(r#"{"name":"Mia"}"#));
        assert_eq!(bench.session.extensions(), None);
        assert_eq!(bench.session.next_wakeup(), None);
        assert!(bench.said().is_empty(), "the client waits and says nothing");
    }
}

#[test]
fn every_body_form_is_understood() {
    for form in [BodyForm::Packed, BodyForm::Plain, BodyForm::Padded] {
        let mut bench = Bench::opened(Config::default());

        bench.receive_as(connected(), form);
        bench.receive_as(room_ready(Server::Official), form);

        assert_eq!(bench.events(), [Event::Ready], "{form:?}");
    }
}

#[test]
fn what_else_comes_before_the_room_is_ready_does_no_harm() {
    let mut bench = Bench::opened(Config::default());

    let status = ServerFrame::RoomStatus { status: "starting".into(), message: "…".into() };
    bench.receive(status);
    let body = packed(r#"{"sky":"blue"}"#);
    bench.receive_message(&Message::new(MessageId(9), "room.weather", body));
    bench.receive(connected());
    bench.receive(room_ready(Server::Ours));

    assert_eq!(bench.events(), [Event::Ready]);
    assert!(bench.session.extensions().unwrap().raw_attachments);
}

#[test]
fn silence_ends_the_handshake() {
    let mut bench = Bench::opened(Config::default());
    bench.receive(connected());

    bench.wait(Duration::from_millis(14_999));
    assert_eq!(bench.events(), []);

    bench.wait(Duration::from_millis(1));
    assert_eq!(ended(&mut bench).0, ErrorCode::Timeout);
    assert_eq!(bench.closed().unwrap().0, 4008);
    assert_eq!(bench.session.next_wakeup(), None);
}

#[test]
fn the_first_input_starts_the_clock_even_before_the_socket_opens() {
    let mut session = Session::new(Config::default());
    assert_eq!(session.next_wakeup(), None);

    session.handle_input(Duration::from_secs(7), Input::Woken);
    session.handle_input(Duration::from_secs(9), Input::Opened);

    assert_eq!(session.next_wakeup(), Some(Duration::from_secs(7 + 15)));
}

#[test]
fn a_close_before_the_room_is_ready_is_a_refusal() {
    for (code, text) in [(Some(1000), "code 1000: bad token"), (None, "no close code: bad token")] {
        let mut bench = Bench::opened(Config::default());
        bench.receive(connected());

        bench.input(Input::Closed { code, reason: "bad token" });

        let (code, message) = ended(&mut bench);
        assert_eq!(code, ErrorCode::ConnectionRefused);
        assert!(message.contains(text), "{message}");
        assert_eq!(bench.closed(), None, "there is nothing left to close");
    }
}

#[test]
fn the_close_code_tells_whether_a_ready_room_is_over_for_good() {
    let cases = [
        (Some(1000), ErrorCode::Dismissed),
        (Some(1001), ErrorCode::ConnectionLost),
        (Some(4000), ErrorCode::ConnectionLost),
        (None, ErrorCode::ConnectionLost),
    ];
    for (code, expected) in cases {
        let mut bench = Bench::joined(Server::Official);

        bench.input(Input::Closed { code, reason: "" });

        assert_eq!(ended(&mut bench).0, expected, "{code:?}");
    }
}

#[test]
fn a_dismissal_is_delivered_and_final() {
    let mut bench = Bench::joined(Server::Official);

    bench.deliver("room", "dismiss", "{}", b"");

    match bench.events().as_slice() {
        [Event::Message(message), Event::Ended(error)] => {
            assert_eq!(message.kind, "dismiss");
            assert_eq!(error.code, ErrorCode::Dismissed);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.closed().unwrap().0, 1000);
}

#[test]
fn closing_is_final_and_happens_once() {
    let mut bench = Bench::joined(Server::Official);

    bench.session.close();
    bench.session.close();
    bench.input(Input::Closed { code: Some(1000), reason: "" });
    bench.receive(enabled_frame());

    assert_eq!(ended(&mut bench).0, ErrorCode::Closed);
    assert_eq!(bench.closed(), Some((1000, String::new())));
    assert_eq!(bench.session.enable(bench.now).unwrap_err().code, ErrorCode::Closed);
    assert_eq!(bench.session.room_name(), Some("lobby"), "what was known stays known");
}

fn enabled_frame() -> ServerFrame {
    crate::bench::enabled(&[])
}

#[test]
fn commands_before_the_room_is_ready_fail() {
    let mut bench = Bench::opened(Config::default());
    let (now, ada) = (bench.now, "ada".into());

    let session = &mut bench.session;
    let failures = [
        session.enable(now).unwrap_err(),
        session.disable(now).unwrap_err(),
        session.send(now, &ada, crate::bench::outgoing("chat", "{}", b"")).unwrap_err(),
        session.broadcast(now, crate::bench::outgoing("chat", "{}", b"")).unwrap_err(),
        session.set_attributes(JsonText::empty_object()).unwrap_err(),
        session.open_stream(now, &ada, "s", JsonText::empty_object()).unwrap_err(),
    ];

    for error in failures {
        assert_eq!(error.code, ErrorCode::NotConnected);
    }
    assert!(bench.said().is_empty());
}

#[test]
fn bytes_that_cannot_be_read_end_the_session() {
    let body = packed(&"x".repeat(3000));
    let whole = Message::new(MessageId(5), "messaging.send", body);
    let packets: Vec<_> = whole.packets(1024);
    let short = Bytes::from_static(b"short");
    let cases: [&[&Bytes]; 4] = [
        &[&short],
        &[&packets[0], &packets[2]],
        &[&packets[1]],
        &[&packets[0], &packets[1], &packets[2], &packets[3]],
    ];
    for packets in cases {
        let mut bench = Bench::joined(Server::Official);

        for packet in packets {
            bench.input(Input::Received(packet));
        }

        assert_eq!(ended(&mut bench).0, ErrorCode::ProtocolError, "{packets:?}");
        let (code, reason) = bench.closed().unwrap();
        assert_eq!(code, 4001);
        assert!(!reason.is_empty() && reason.len() <= 123);
    }
}

/// A body of this JSON alone.
fn packed(json: &str) -> Bytes {
    [&(json.len() as u64).to_be_bytes(), json.as_bytes()].concat().into()
}
