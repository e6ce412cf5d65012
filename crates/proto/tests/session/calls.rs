//! Duplex streams: what a peer or a server may get wrong. What goes right is tested with the room.

use room_proto::{
    ClientFrame, Content, ErrorCode, Event, MessageId, Request, ServerFrame, session::CallRead,
};

use crate::bench::{Bench, json, outgoing};

const NUMBER: MessageId = MessageId(77);

fn call(bench: &mut Bench) {
    bench.receive(ServerFrame::ToolCall {
        call: NUMBER,
        tool_call_id: String::from("x"),
        caller_id: "ada".into(),
    });
}

fn chunk(bench: &mut Bench, text: &str) {
    let chunk = Content::Json(json(text));
    bench.receive(ServerFrame::CallChunk { tool_call_id: String::from("x"), chunk });
}

/// The words with which the call was refused, under the server's number.
fn refusal(bench: &mut Bench) -> String {
    match bench.said().remove(0).frame {
        ClientFrame::ToolCallResponse { call, content: Content::Error { text, .. } } => {
            assert_eq!(call, NUMBER);
            text
        }
        other => panic!("a refusal, not {other:?}"),
    }
}

const FIRST: &str = r#"{"type":"ask","message_json":"{}","from_participant_id":"ada"}"#;

#[test]
fn a_first_chunk_that_makes_no_sense_is_refused() {
    for (text, expected) in [
        (r#"{"type":"ask","message_json":"{}"}"#, "from_participant_id"),
        (r#"{"message_json":"{}","from_participant_id":"ada"}"#, "type"),
        (r#"{"type":"ask","message_json":"[]","from_participant_id":"ada"}"#, "message_json"),
        (
            r#"{"type":"ask","message_json":"{}","from_participant_id":"ada","attachment_base64":"*"}"#,
            "base64",
        ),
        (r#"{"type":5}"#, "wrong type"),
    ] {
        let mut bench = Bench::enabled();
        call(&mut bench);
        chunk(&mut bench, text);

        assert!(refusal(&mut bench).contains(expected), "{text}");
        assert_eq!(bench.events(), []);
    }
}

#[test]
fn a_chunk_or_a_close_before_the_acceptance_is_refused() {
    let mut early = Bench::enabled();
    call(&mut early);
    chunk(&mut early, FIRST);
    early.events();
    chunk(&mut early, r#"{"type":"more","message_json":"{}"}"#);
    assert!(refusal(&mut early).contains("before acceptance"));
    assert!(matches!(early.events()[..], [Event::CallWithdrawn { .. }]));

    let mut closed = Bench::enabled();
    call(&mut closed);
    let chunk = Content::Close { status_code: 1000, message: None };
    closed.receive(ServerFrame::CallChunk { tool_call_id: String::from("x"), chunk });
    assert_eq!(refusal(&mut closed), "messaging stream closed before acceptance");
}

#[test]
fn a_name_that_is_in_use_is_refused() {
    let mut bench = Bench::enabled();
    call(&mut bench);
    assert!(bench.said().is_empty());
    call(&mut bench);
    assert_eq!(refusal(&mut bench), "messaging stream tool_call_id is already active");
}

#[test]
fn the_callers_first_chunk_must_say_that_it_is_accepted() {
    let mut bench = Bench::enabled();
    let first = outgoing("ask", "{}", b"");
    let key = bench.session.open_call(bench.now, &"ada".into(), &first).unwrap();
    let said = bench.said();
    let ClientFrame::Request { id, request: Request::OpenCall { tool_call_id } } = &said[0].frame
    else {
        panic!("{said:?}");
    };
    bench.answer(*id, Content::Open);
    assert_eq!(bench.events(), [], "the answer alone opens nothing");

    let chunk = Content::Json(json(r#"{"kind":"message","type":"x","message":{}}"#));
    bench.receive(ServerFrame::ResponseChunk { tool_call_id: tool_call_id.clone(), chunk });

    match bench.events().as_slice() {
        [Event::CallOpened { call, result: Err(error) }] => {
            assert_eq!((*call, error.code), (key, ErrorCode::StreamAborted));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_failure_of_the_callee_is_told_in_its_words() {
    let mut bench = Bench::enabled();
    let first = outgoing("ask", "{}", b"");
    let key = bench.session.open_call(bench.now, &"ada".into(), &first).unwrap();
    let said = bench.said();
    let ClientFrame::Request { request: Request::OpenCall { tool_call_id }, .. } = &said[0].frame
    else {
        panic!("{said:?}");
    };
    let say = |bench: &mut Bench, chunk| {
        bench.receive(ServerFrame::ResponseChunk { tool_call_id: tool_call_id.clone(), chunk });
    };
    say(&mut bench, Content::Json(json(r#"{"kind":"accepted","stream_id":"s"}"#)));
    say(&mut bench, Content::Json(json(r#"{"kind":"client_disconnected","participant_id":"a"}"#)));
    let opened = Event::CallOpened { call: key, result: Ok(String::from("s")) };
    assert_eq!(bench.events(), [opened]);

    say(&mut bench, Content::Error { text: String::from("it broke"), code: None });

    match bench.session.read_call(key) {
        CallRead::Failed(error) => {
            assert_eq!(
                (error.code, error.message.as_str()),
                (ErrorCode::StreamAborted, "it broke")
            );
        }
        other => panic!("{other:?}"),
    }
}
