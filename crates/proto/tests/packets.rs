//! Properties of packets, messages and frames: any split is the same message, any bytes are taken.

#![expect(clippy::expect_used, reason = "a test may panic")]

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use room_proto::{
    Assembler, ClientFrame, DecodeError, Input, JsonText, Limits, Message, MessageId, Outgoing,
    Request, ServerFrame, Session, frame::ClientDialect, packet::Packet,
};

fn message(id: u64, kind: &str, body: &[u8]) -> Message {
    Message::new(MessageId(id), kind.to_owned(), Bytes::copy_from_slice(body))
}

fn any_message() -> impl Strategy<Value = Message> {
    (any::<u64>(), ".{0,40}", vec(any::<u8>(), 0..5000))
        .prop_map(|(id, kind, body)| message(id, &kind, &body))
}

/// Pushes packets; gives the messages and the errors.
fn push_all(
    assembler: &mut Assembler,
    packets: impl IntoIterator<Item = Bytes>,
) -> (Vec<Message>, Vec<DecodeError>) {
    let (mut messages, mut errors) = (Vec::new(), Vec::new());
    for packet in packets {
        match assembler.push(&packet, &packet) {
            Ok(message) => messages.extend(message),
            Err(error) => errors.push(error),
        }
    }
    (messages, errors)
}

proptest! {
    #[test]
    fn any_split_into_packets_is_the_same_message(
        message in any_message(),
        packet_bytes in 1_usize..6000,
    ) {
        let mut assembler = Assembler::new(Limits::default());
        let (messages, errors) = push_all(&mut assembler, message.packets(packet_bytes));

        prop_assert_eq!(messages, vec![message]);
        prop_assert_eq!(errors, vec![]);
    }

    #[test]
    fn uneven_packets_are_the_same_message(
        sizes in vec(1_usize..600, 1..20),
        id in any::<u64>(),
    ) {
        let body: Vec<u8> = (0..sizes.iter().sum::<usize>()).map(|n| n as u8).collect();
        let mut rest = body.as_slice();
        let count = sizes.len() as u32;
        let first = Packet::First { id: MessageId(id), count, kind: "x" };
        let data = sizes.iter().zip(1..).map(|(size, index)| {
            let (slice, more) = rest.split_at(*size);
            rest = more;
            Packet::Data { id: MessageId(id), index, body: slice }
        });
        let packets: Vec<_> = std::iter::once(first).chain(data).map(|packet| {
            let mut bytes = Vec::new();
            packet.encode(&mut bytes);
            Bytes::from(bytes)
        }).collect();

        let mut assembler = Assembler::new(Limits::default());
        let (messages, _) = push_all(&mut assembler, packets);
        prop_assert_eq!(messages, vec![message(id, "x", &body)]);
    }

    #[test]
    fn after_an_interrupted_message_the_next_whole_one_arrives_intact(
        broken in any_message(),
        keep in 0_usize..8,
        next in any_message(),
        packet_bytes in 1_usize..900,
    ) {
        let packets: Vec<_> = broken.packets(packet_bytes);
        let keep = keep.min(packets.len() - 1);
        let mut assembler = Assembler::new(Limits::default());
        push_all(&mut assembler, packets.into_iter().take(keep));

        let (first, _) = push_all(&mut assembler, next.packets(packet_bytes));
        let (second, errors) = push_all(&mut assembler, next.packets(packet_bytes));
        // The gap is reported with the message that reveals it; a bodiless one is lost with it.
        prop_assert!(first.is_empty() && next.body.is_empty() || first == vec![next.clone()]);
        prop_assert_eq!(second, vec![next]);
        prop_assert_eq!(errors, vec![]);
    }

    #[test]
    fn after_a_missing_packet_the_next_whole_message_arrives_intact(
        broken in any_message(),
        lost in 0_usize..8,
        next in any_message(),
    ) {
        let mut packets: Vec<_> = broken.packets(700);
        let lost = lost.min(packets.len() - 1);
        packets.remove(lost);
        let mut assembler = Assembler::new(Limits::default());
        push_all(&mut assembler, packets);
        push_all(&mut assembler, message(1, "between", b"").packets(1));

        let (messages, errors) = push_all(&mut assembler, next.packets(700));
        prop_assert_eq!(messages, vec![next]);
        prop_assert_eq!(errors, vec![]);
    }

    #[test]
    fn no_bytes_panic(packets in vec(vec(any::<u8>(), 0..80), 0..12)) {
        let mut session = Session::new(room_proto::Config::default());
        let mut assembler = Assembler::new(Limits::default());
        for packet in packets.into_iter().map(Bytes::from) {
            session.handle_input(std::time::Duration::ZERO, Input::Received(&packet));
            if let Ok(Some(message)) = assembler.push(&packet, &packet) {
                let _ = ClientFrame::decode(&message, &Limits::default());
                let _ = ServerFrame::decode(&message, &Limits::default());
            }
        }
    }

    #[test]
    fn no_body_of_a_known_type_panics(
        kind in prop::sample::select(KINDS.to_vec()),
        body in vec(any::<u8>(), 0..80),
        json in "\\PC{0,60}",
    ) {
        let packed = [&(json.len() as u64).to_be_bytes()[..], json.as_bytes(), &body].concat();
        for body in [body, packed] {
            let message = message(1, kind, &body);
            let _ = ClientFrame::decode(&message, &Limits::default());
            let _ = ServerFrame::decode(&message, &Limits::default());
        }
    }

    #[test]
    fn what_is_written_in_packets_is_what_is_cut_into_packets(
        attachment in vec(any::<u8>(), 0..9000),
        dialect in prop::sample::select(dialects()),
        packet_bytes in prop::sample::select(vec![10, 1024, 20_000]),
    ) {
        let json = JsonText::object("{}").expect("JSON");
        let outgoing = Outgoing { kind: "x".into(), message: json, attachment: attachment.into() };
        let request = Request::Send { to: "someone".into(), outgoing };
        let written = ClientFrame::Request { id: MessageId(7), request }.encode(&dialect);

        let cut = message(7, &written.kind, &written.body);
        prop_assert_eq!(written.packets(packet_bytes), cut.packets(packet_bytes));
    }

    #[test]
    fn what_one_client_writes_every_reader_reads(
        kind in "\\PC{0,20}",
        text in "\\PC{0,60}",
        attachment in vec(any::<u8>(), 0..3000),
        dialect in prop::sample::select(dialects()),
    ) {
        let text = JsonText::from_value(&text);
        let message = JsonText::object(&format!("{{\"text\":{}}}", text.as_str())).expect("JSON");
        let outgoing = Outgoing { kind, message, attachment: attachment.into() };
        let request = Request::Send { to: "someone".into(), outgoing };
        let frame = ClientFrame::Request { id: MessageId(0), request };

        let read = ClientFrame::decode(&frame.encode(&dialect), &Limits::default());
        let again = read.expect("it was written well").encode(&dialect);
        prop_assert_eq!(again, frame.encode(&dialect));
    }
}

fn dialects() -> Vec<ClientDialect> {
    vec![
        ClientDialect::py_0_0_21(),
        ClientDialect::npm_0_35_8(),
        ClientDialect::npm_0_39_9(),
        ClientDialect::py_0_56_0(),
        ClientDialect::ours_direct(),
        ClientDialect::ours_toolkit(),
    ]
}

const KINDS: [&str; 16] = [
    "connected",
    "room_ready",
    "room.status",
    "__response__",
    "__responses__",
    "messaging.enable",
    "messaging.disable",
    "messaging.send",
    "messaging.broadcast",
    "set_attributes",
    "room.invoke_tool",
    "room.tool_call_request_chunk",
    "room.tool_call_response",
    "room.tool_call_response_chunk",
    "room.tool_call.messaging",
    "room.tool_call_request_chunk.messaging",
];

#[test]
fn limits_are_kept_and_named() {
    let limits =
        Limits { max_message_bytes: 100, max_packets: 3, max_header_bytes: 50, max_kind_bytes: 10 };
    let errors = |message: &Message, packet_bytes| {
        let mut assembler = Assembler::new(limits);
        let (messages, errors) = push_all(&mut assembler, message.packets(packet_bytes));
        assert!(messages.is_empty());
        errors
    };

    let long_kind = errors(&message(1, "elevenbytes", b"x"), 10);
    assert_eq!(long_kind, [DecodeError::KindTooLong { limit: 10, have: 11 }]);
    let many = errors(&message(1, "x", &[0; 40]), 10);
    assert_eq!(many, [DecodeError::TooManyPackets { limit: 3, have: 4 }]);
    let large = errors(&message(1, "x", &[0; 150]), 60);
    assert_eq!(large, [DecodeError::MessageTooLong { limit: 100 }], "once for each message");

    let header = [&51_u64.to_be_bytes()[..], &[b' '; 51]].concat();
    let error = ClientFrame::decode(&message(1, "messaging.enable", &header), &limits);
    assert_eq!(
        error.expect_err("it is too long").text,
        DecodeError::HeaderTooLong { limit: 50, have: 51 }.to_string()
    );
}

#[test]
fn requests_that_mean_nothing_say_whether_they_are_answered() {
    let packed = |json: &str| [&(json.len() as u64).to_be_bytes()[..], json.as_bytes()].concat();
    let cases = [
        ("room.weather", "{}", true),
        ("messaging.send", r#"{"type":"chat"}"#, true),
        ("messaging.send", r#"{"type":"chat","message":NaN,"to_participant_id":"x"}"#, true),
        ("messaging.send", r#"{"type":"chat","message":[],"to_participant_id":"x"}"#, true),
        ("messaging.broadcast", "[", true),
        ("room.invoke_tool", r#"{"toolkit":"storage","tool":"list"}"#, true),
        ("room.invoke_tool", r#"{"toolkit":"messaging","tool":"fly"}"#, true),
        ("room.invoke_tool", r#"{"toolkit":"messaging","tool":"send"}"#, true),
        (
            "room.invoke_tool",
            r#"{"toolkit":"messaging","tool":"stream","arguments":{"type":"control","method":"open"}}"#,
            true,
        ),
        (
            "room.invoke_tool",
            r#"{"toolkit":"messaging","tool":"broadcast","arguments":{"type":"json","json":{"type":"x","message_json":"{}","attachment_base64":"*"}}}"#,
            true,
        ),
        ("set_attributes", "[]", false),
        ("room.tool_call_response", "{}", false),
        ("room.tool_call_response_chunk", "{}", false),
    ];
    for (kind, json, answerable) in cases {
        let error = ClientFrame::decode(&message(0, kind, &packed(json)), &Limits::default())
            .expect_err("it means nothing");
        assert_eq!((error.id, error.code), (MessageId(0), 1002), "{kind} {json}");
        assert_eq!(error.answerable, answerable, "{kind} {json}");
        assert!(!error.text.is_empty());
    }
}

#[test]
fn lone_surrogates_pass_and_a_hostile_type_ends_nothing() {
    let packed = |json: &str| [&(json.len() as u64).to_be_bytes()[..], json.as_bytes()].concat();
    let json = r#"{"type":"chat","message":{"text":"\ud800"},"to_participant_id":"x"}"#;
    let frame =
        ClientFrame::decode(&message(1, "messaging.send", &packed(json)), &Limits::default());
    let again = frame.expect("it is JSON").encode(&ClientDialect::ours_direct());
    assert_eq!(again.body, packed(json));

    let json = r#"{"from_participant_id":"x","type":"\udfff!","message":{}}"#;
    let frame =
        ServerFrame::decode(&message(1, "messaging.send", &packed(json)), &Limits::default());
    match frame {
        Ok(ServerFrame::Message(delivered)) => assert!(delivered.kind.ends_with('!')),
        other => panic!("a message, not {other:?}"),
    }
}
