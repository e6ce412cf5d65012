//! The opener's end of streams.

use std::time::Duration;

use room_proto::{Config, ErrorCode, Event, Input, StreamKey};

use crate::bench::{Bench, disabled, json};

const WINDOW: usize = 1000;

fn bench() -> Bench {
    Bench::enabled_with(Config { stream_window_bytes: WINDOW, ..Config::default() })
}

fn write(bench: &mut Bench, key: StreamKey, bytes: usize) {
    // The header costs two bytes.
    let data = vec![7; bytes - 2];
    bench.session.write_stream(bench.now, key, &json("{}"), &data).unwrap();
}

fn writable(bench: &mut Bench, key: StreamKey) -> usize {
    bench.session.writable_bytes(key).unwrap()
}

/// The code and the words with which the stream closed.
fn closed(bench: &mut Bench) -> (ErrorCode, String) {
    match bench.events().as_slice() {
        [Event::StreamClosed { result: Err(error), .. }] => (error.code, error.message.clone()),
        other => panic!("the end of the stream, not {other:?}"),
    }
}

/// The code and the words with which the offer failed.
fn not_opened(bench: &mut Bench) -> (ErrorCode, String) {
    match bench.events().as_slice() {
        [Event::StreamOpened { result: Err(error), .. }] => (error.code, error.message.clone()),
        other => panic!("a failed offer, not {other:?}"),
    }
}

fn offer(bench: &mut Bench) -> StreamKey {
    let key = bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}")).unwrap();
    bench.answer_all();
    key
}

#[test]
fn a_stream_is_offered_written_and_closed_in_the_words_of_generation_1() {
    let mut bench = bench();
    let header = json(r#"{"name":"a"}"#);
    let key = bench.session.open_stream(bench.now, &"ada".into(), "s1", header).unwrap();
    let (id, kind, open) = bench.sent();
    assert_eq!(kind, "ada");
    assert_eq!(open.kind, "stream.open");
    let expected = r#"{"stream_id":"s1","header":{"name":"a"},"room_messaging":{"credit":true}}"#;
    assert_eq!(open.message.as_str(), expected);
    bench.answer(id, room_proto::Content::Empty);
    assert_eq!(bench.events(), []);

    bench.deliver("ada", "stream.accept", r#"{"stream_id":"s1"}"#, b"");
    assert_eq!(bench.events(), [Event::StreamOpened { stream: key, result: Ok(()) }]);

    bench.session.write_stream(bench.now, key, &json("null"), b"data").unwrap();
    let (chunk_id, _, chunk) = bench.sent();
    assert_eq!(chunk.kind, "stream.chunk");
    assert_eq!(chunk.message.as_str(), r#"{"stream_id":"s1","header":null}"#);
    assert_eq!(chunk.attachment.as_ref(), b"data");

    let request = bench.session.close_stream(bench.now, key).unwrap();
    let (close_id, _, close) = bench.sent();
    assert_eq!(
        (close.kind.as_str(), close.message.as_str()),
        ("stream.close", r#"{"stream_id":"s1"}"#,)
    );

    bench.answer(close_id, room_proto::Content::Empty);
    assert_eq!(bench.events(), [], "the chunk has not been answered");
    bench.answer(chunk_id, room_proto::Content::Empty);
    let expected = [
        Event::Answered { request, result: Ok(()) },
        Event::StreamClosed { stream: key, result: Ok(()) },
    ];
    assert_eq!(bench.events(), expected);
}

#[test]
fn credit_is_counted_exactly_and_its_return_is_told_once() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    assert_eq!(writable(&mut bench, key), WINDOW);

    write(&mut bench, key, 400);
    assert_eq!(writable(&mut bench, key), 600);
    write(&mut bench, key, 900);
    assert_eq!(writable(&mut bench, key), 0, "a large chunk may go below zero");
    bench.answer_all();
    assert_eq!(bench.events(), [], "the server's answers give no credit");

    bench.deliver("ada", "stream.credit", r#"{"stream_id":"s1","bytes":300}"#, b"");
    assert_eq!(bench.events(), [], "0 is not more than 0");
    bench.deliver("ada", "stream.credit", r#"{"stream_id":"s1","bytes":1}"#, b"");
    assert_eq!(bench.events(), [Event::StreamWritable(key)]);
    assert_eq!(writable(&mut bench, key), 1);
    bench.deliver("ada", "stream.credit", r#"{"stream_id":"s1","bytes":999999}"#, b"");
    assert_eq!(bench.events(), [], "nobody waits");
    assert_eq!(writable(&mut bench, key), WINDOW, "never more than the window");
}

#[test]
fn without_credit_the_servers_answers_limit_what_is_under_way() {
    let mut bench = bench();
    let key = bench.open_writer(None);
    write(&mut bench, key, 600);
    write(&mut bench, key, 600);
    assert_eq!(writable(&mut bench, key), 0);

    bench.answer_all();

    assert_eq!(bench.events(), [Event::StreamWritable(key)]);
    assert_eq!(writable(&mut bench, key), WINDOW);
}

#[test]
fn a_rejection_has_the_reason() {
    let cases = [
        (r#"{"stream_id":"s1","error":"not now"}"#, "not now"),
        (r#"{"stream_id":"s1"}"#, "the stream was rejected by the remote client"),
    ];
    for (reject, text) in cases {
        let mut bench = bench();
        let key = offer(&mut bench);

        bench.deliver("ada", "stream.reject", reject, b"");

        assert_eq!(not_opened(&mut bench), (ErrorCode::StreamRejected, text.to_owned()));
        assert!(bench.session.writable_bytes(key).is_err());
        assert_eq!(bench.session.next_wakeup(), None);
    }
}

#[test]
fn an_offer_that_nobody_answers_runs_out_of_time_and_a_late_acceptance_is_told() {
    let mut bench = bench();
    offer(&mut bench);

    bench.wait(Duration::from_millis(29_999));
    assert_eq!(bench.events(), []);
    bench.wait(Duration::from_millis(1));
    assert_eq!(not_opened(&mut bench).0, ErrorCode::Timeout);
    let (_, _, withdrawal) = bench.sent();
    assert_eq!(withdrawal.kind, "stream.close");
    assert!(withdrawal.message.as_str().contains("error"));
    bench.answer_all();

    bench.deliver("ada", "stream.accept", r#"{"stream_id":"s1"}"#, b"");
    let (_, _, close) = bench.sent();
    assert_eq!(close.kind, "stream.close");
    assert!(close.message.as_str().contains("withdrawn"), "{:?}", close.message);
    assert_eq!(bench.events(), []);
}

#[test]
fn an_abort_tells_the_reader_why() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));

    bench.session.abort_stream(bench.now, key, "the disk is full");

    let (_, _, close) = bench.sent();
    assert_eq!(close.message.as_str(), r#"{"stream_id":"s1","error":"the disk is full"}"#);
    assert_eq!(closed(&mut bench), (ErrorCode::Aborted, String::from("the disk is full")));
    let error = bench.session.write_stream(bench.now, key, &json("{}"), b"").unwrap_err();
    assert_eq!(error.code, ErrorCode::StreamClosed);
}

#[test]
fn a_reader_that_cancels_fails_the_writer_even_while_it_closes() {
    for is_closing in [false, true] {
        let mut bench = bench();
        let key = bench.open_writer(Some(WINDOW));
        if is_closing {
            bench.session.close_stream(bench.now, key).unwrap();
        }

        bench.deliver("ada", "stream.close", r#"{"stream_id":"s1","error":"enough"}"#, b"");

        let last = bench.events().pop().unwrap();
        match last {
            Event::StreamClosed { stream, result: Err(error) } => {
                assert_eq!(stream, key);
                assert_eq!(error.code, ErrorCode::StreamAborted);
                assert_eq!(error.message, "enough");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_late_close_of_the_reader_does_no_harm() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    bench.session.close_stream(bench.now, key).unwrap();

    bench.deliver("ada", "stream.close", r#"{"stream_id":"s1"}"#, b"");
    assert_eq!(bench.events(), []);
    bench.answer_all();
    assert!(bench.events().contains(&Event::StreamClosed { stream: key, result: Ok(()) }));
}

#[test]
fn a_peer_that_leaves_fails_the_stream_at_every_stage() {
    let mut offered = bench();
    offer(&mut offered);
    offered.receive(disabled("ada"));
    let failed = offered.events().into_iter().any(|event| match event {
        Event::StreamOpened { result: Err(error), .. } => error.code == ErrorCode::PeerLeft,
        _ => false,
    });
    assert!(failed);

    let mut open = bench();
    open.open_writer(Some(WINDOW));
    open.receive(disabled("ada"));
    let failed = open.events().into_iter().any(|event| match event {
        Event::StreamClosed { result: Err(error), .. } => error.code == ErrorCode::PeerLeft,
        _ => false,
    });
    assert!(failed);
}

#[test]
fn a_lost_connection_fails_the_stream_before_the_session_ends() {
    let mut bench = bench();
    bench.open_writer(Some(WINDOW));

    bench.input(Input::Closed { code: None, reason: "" });

    match bench.events().as_slice() {
        [Event::StreamClosed { result: Err(error), .. }, Event::Ended(_)] => {
            assert_eq!(error.code, ErrorCode::ConnectionLost);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_chunk_that_the_server_refuses_ends_the_stream_at_both_ends() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    write(&mut bench, key, 10);
    let (id, _, _) = bench.sent();

    bench.fail(id, 1008, "disk full");

    assert_eq!(closed(&mut bench), (ErrorCode::ServerError, String::from("disk full")));
    let (_, _, close) = bench.sent();
    assert_eq!(close.message.as_str(), r#"{"stream_id":"s1","error":"disk full"}"#);
}

#[test]
fn a_stream_to_somebody_unknown_is_refused_at_once() {
    let mut bench = bench();
    let open = bench.session.open_stream(bench.now, &"nobody".into(), "s1", json("{}"));
    assert_eq!(open.unwrap_err().code, ErrorCode::ParticipantNotFound);
    assert!(bench.said().is_empty());
}
