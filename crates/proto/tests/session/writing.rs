//! The opener's end of streams.

use std::time::Duration;

use bytes::Bytes;
use room_proto::{
    ClientFrame, Config, Content, ErrorCode, Event, Input, MessageId, SessionError, StreamKey,
};

use crate::bench::{Bench, Server, disabled, json};

const WINDOW: usize = 1000;

fn bench() -> Bench {
    Bench::enabled_with(Config { stream_window_bytes: WINDOW, ..Config::default() })
}

fn write(bench: &mut Bench, key: StreamKey, bytes: usize) {
    // The header costs two bytes.
    let data = vec![7; bytes - 2];
    bench.session.write_stream(bench.now, key, &json("{}"), data.into()).unwrap();
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
    bench.answer(id, Content::Empty);
    assert_eq!(bench.events(), []);

    bench.deliver("ada", "stream.accept", r#"{"stream_id":"s1"}"#, b"");
    assert_eq!(bench.events(), [Event::StreamOpened { stream: key, result: Ok(()) }]);

    bench.session.write_stream(bench.now, key, &json("null"), Bytes::from_static(b"data")).unwrap();
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

    bench.answer(close_id, Content::Empty);
    assert_eq!(bench.events(), [], "the chunk has not been answered");
    bench.answer(chunk_id, Content::Empty);
    let expected = [
        Event::Answered { request, result: Ok(()) },
        Event::StreamClosed { stream: key, result: Ok(()) },
    ];
    assert_eq!(bench.events(), expected);
}

#[test]
fn a_writer_that_waited_long_for_credit_says_so_once() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    let credit = r#"{"stream_id":"s1","bytes":500}"#;
    let mut waits = |ms| {
        write(&mut bench, key, WINDOW);
        bench.now += Duration::from_millis(ms);
        bench.deliver("ada", "stream.credit", credit, b"");
        bench.deliver("ada", "stream.credit", credit, b"");
        let said = |bench: &mut Bench| bench.sent().2.message.as_str().contains("starved");
        said(&mut bench);
        write(&mut bench, key, 2);
        let first = said(&mut bench);
        write(&mut bench, key, 2);
        let then = said(&mut bench);
        bench.deliver("ada", "stream.credit", credit, b"");
        bench.answer_all();
        (first, then)
    };

    assert_eq!(waits(1), (false, false));
    assert_eq!(waits(10), (true, false));
    assert_eq!(waits(9), (false, false));
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
    let error = bench
        .session
        .write_stream(bench.now, key, &json("{}"), Bytes::from_static(b""))
        .unwrap_err();
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

fn credit(bench: &mut Bench, from: &str, bytes: &str) {
    let credit = format!(r#"{{"stream_id":"s1","bytes":{bytes}}}"#);
    bench.deliver(from, "stream.credit", &credit, b"");
}

fn failed(stream: StreamKey, error: SessionError) -> Event {
    Event::StreamClosed { stream, result: Err(error) }
}

#[test]
fn only_an_accepted_stream_can_be_written_and_closed() {
    let mut bench = bench();
    let key = offer(&mut bench);

    let write =
        bench.session.write_stream(bench.now, key, &json("{}"), Bytes::from_static(b"early"));
    assert_eq!(write.unwrap_err().code, ErrorCode::StreamClosed);
    let close = bench.session.close_stream(bench.now, key);
    assert_eq!(close.unwrap_err().code, ErrorCode::StreamClosed);
    assert_eq!(writable(&mut bench, key), 0);
    assert!(bench.said().is_empty());
}

#[test]
fn a_stream_needs_messaging() {
    let mut bench = Bench::joined(Server::Ours);
    let open = bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}"));
    assert_eq!(open.unwrap_err().code, ErrorCode::NotEnabled);
    assert!(bench.said().is_empty());
}

#[test]
fn a_closed_stream_takes_nothing_more() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    bench.session.close_stream(bench.now, key).unwrap();
    bench.said();

    let write =
        bench.session.write_stream(bench.now, key, &json("{}"), Bytes::from_static(b"late"));
    assert_eq!(write.unwrap_err().code, ErrorCode::StreamClosed);
    let close = bench.session.close_stream(bench.now, key);
    assert_eq!(close.unwrap_err().code, ErrorCode::StreamClosed);
    assert_eq!(bench.session.writable_bytes(key).unwrap_err().code, ErrorCode::StreamClosed);
    assert!(bench.said().is_empty());
    assert_eq!(bench.events(), []);
}

#[test]
fn the_close_is_answered_when_the_last_of_all_is() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    let mut ids: Vec<MessageId> = Vec::new();
    for _ in 0..2 {
        write(&mut bench, key, 10);
        ids.push(bench.sent().0);
    }
    let request = bench.session.close_stream(bench.now, key).unwrap();
    ids.push(bench.sent().0);

    for id in &ids[..2] {
        bench.answer(*id, Content::Empty);
        assert_eq!(bench.events(), []);
    }
    bench.answer(ids[2], Content::Empty);

    let expected = [
        Event::Answered { request, result: Ok(()) },
        Event::StreamClosed { stream: key, result: Ok(()) },
    ];
    assert_eq!(bench.events(), expected);
    assert_eq!(bench.session.next_wakeup(), None);
}

#[test]
fn credit_that_makes_no_sense_or_is_anothers_gives_no_room() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    write(&mut bench, key, WINDOW);
    bench.answer_all();

    for bytes in ["-5", "0", "1.5", r#""7""#, "null", "{}"] {
        credit(&mut bench, "ada", bytes);
    }
    credit(&mut bench, "bob", "500");
    bench.deliver("ada", "stream.credit", r#"{"stream_id":"s2","bytes":500}"#, b"");
    assert_eq!(bench.events(), []);
    assert_eq!(writable(&mut bench, key), 0);

    credit(&mut bench, "ada", "18446744073709551615");
    assert_eq!(bench.events(), [Event::StreamWritable(key)]);
    assert_eq!(writable(&mut bench, key), WINDOW);
}

#[test]
fn a_second_acceptance_gives_no_second_credit() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    write(&mut bench, key, 600);

    let accept = r#"{"stream_id":"s1","room_messaging":{"credit":1000}}"#;
    bench.deliver("ada", "stream.accept", accept, b"");

    assert_eq!(bench.events(), []);
    assert_eq!(writable(&mut bench, key), 400);
}

#[test]
fn an_acceptance_whose_credit_makes_no_sense_is_one_without() {
    for extension in ["5", "{}", r#"{"credit":true}"#, r#"{"credit":-1}"#] {
        let mut bench = bench();
        let key = offer(&mut bench);
        let accept = format!(r#"{{"stream_id":"s1","room_messaging":{extension}}}"#);

        bench.deliver("ada", "stream.accept", &accept, b"");

        assert_eq!(bench.events(), [Event::StreamOpened { stream: key, result: Ok(()) }]);
        write(&mut bench, key, WINDOW);
        assert_eq!(writable(&mut bench, key), 0);
        bench.answer_all();
        assert_eq!(bench.events(), [Event::StreamWritable(key)], "{extension}");
    }
}

#[test]
fn whoever_did_not_look_for_room_is_not_told_of_it() {
    let mut bench = bench();
    let key = bench.open_writer(None);
    write(&mut bench, key, 999);

    bench.answer_all();

    assert_eq!(bench.events(), [], "there was room all the time");
}

#[test]
fn many_small_chunks_wait_for_the_server_whatever_the_credit() {
    let mut bench = bench();
    let key = bench.open_writer(Some(1024 * 1024));
    for _ in 0..1023 {
        write(&mut bench, key, 2);
    }
    assert_ne!(writable(&mut bench, key), 0);
    write(&mut bench, key, 2);
    assert_eq!(writable(&mut bench, key), 0);

    bench.answer_all();

    assert_eq!(bench.events(), [Event::StreamWritable(key)]);
    assert_eq!(writable(&mut bench, key), 1024 * 1024 - 2 * 1024);
}

#[test]
fn a_chunk_that_is_too_large_changes_nothing() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));

    let data = vec![7; 16 * 1024 * 1024];
    let write = bench.session.write_stream(bench.now, key, &json("{}"), data.into());

    assert_eq!(write.unwrap_err().code, ErrorCode::TooLarge);
    assert_eq!(writable(&mut bench, key), WINDOW);
    assert!(bench.said().is_empty());
    assert_eq!(bench.events(), []);
}

#[test]
fn an_offer_that_is_aborted_is_withdrawn_and_a_late_rejection_concerns_nobody() {
    let mut bench = bench();
    let key = offer(&mut bench);

    bench.session.abort_stream(bench.now, key, "never mind");

    let (_, to, close) = bench.sent();
    assert_eq!((to.as_str(), close.kind.as_str()), ("ada", "stream.close"));
    assert_eq!(close.message.as_str(), r#"{"stream_id":"s1","error":"never mind"}"#);
    assert_eq!(not_opened(&mut bench), (ErrorCode::Aborted, String::from("never mind")));

    bench.session.abort_stream(bench.now, key, "again");
    bench.deliver("ada", "stream.reject", r#"{"stream_id":"s1","error":"no"}"#, b"");
    assert!(bench.said().is_empty());
    bench.deliver("ada", "stream.accept", r#"{"stream_id":"s1"}"#, b"");
    assert_eq!(bench.sent().2.kind, "stream.close", "she would wait");
    bench.wait(Duration::from_secs(10));
    assert_eq!(bench.events(), [], "it failed once");
}

#[test]
fn an_abort_while_closing_answers_the_close() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    let request = bench.session.close_stream(bench.now, key).unwrap();

    bench.session.abort_stream(bench.now, key, "");

    let error = SessionError::new(ErrorCode::Aborted, "the stream was aborted");
    let answered = Event::Answered { request, result: Err(error.clone()) };
    assert_eq!(bench.events(), [answered, failed(key, error)]);
    bench.answer_all();
    assert_eq!(bench.events(), [], "late answers concern nobody");
}

#[test]
fn a_reader_that_closes_without_a_word_fails_a_writer_that_has_more() {
    let mut bench = bench();
    bench.open_writer(Some(WINDOW));

    bench.deliver("ada", "stream.close", r#"{"stream_id":"s1"}"#, b"");

    let text = String::from("the other side closed the stream");
    assert_eq!(closed(&mut bench), (ErrorCode::StreamAborted, text));
    assert!(bench.said().is_empty(), "it knows");
}

#[test]
fn a_peer_that_leaves_or_a_lost_connection_answers_the_close() {
    for is_lost in [false, true] {
        let mut bench = bench();
        let key = bench.open_writer(Some(WINDOW));
        let request = bench.session.close_stream(bench.now, key).unwrap();
        bench.said();

        let code = if is_lost {
            bench.input(Input::Closed { code: None, reason: "" });
            ErrorCode::ConnectionLost
        } else {
            bench.receive(disabled("ada"));
            ErrorCode::PeerLeft
        };

        let mut events = bench.events();
        let of_session = if is_lost { events.pop() } else { Some(events.remove(0)) };
        assert!(matches!(of_session, Some(Event::Ended(_) | Event::ParticipantRemoved(_))));
        match events.as_slice() {
            [
                Event::Answered { request: answered, result: Err(answer) },
                Event::StreamClosed { stream, result: Err(error) },
            ] => {
                assert_eq!((*answered, *stream), (request, key));
                assert_eq!((answer, error.code), (error, code));
            }
            other => panic!("{other:?}"),
        }
        assert!(bench.said().is_empty(), "nobody is there to be told");
    }
}

#[test]
fn a_lost_connection_fails_the_offer() {
    let mut bench = bench();
    let key = offer(&mut bench);

    bench.input(Input::Closed { code: None, reason: "" });

    match bench.events().as_slice() {
        [Event::StreamOpened { stream, result: Err(error) }, Event::Ended(_)] => {
            assert_eq!((*stream, error.code), (key, ErrorCode::ConnectionLost));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_offer_that_the_server_refuses_fails_at_once() {
    let mut bench = bench();
    bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}")).unwrap();
    let (id, _, _) = bench.sent();

    bench.fail(id, 1001, "no streams for you");

    let text = String::from("no streams for you");
    assert_eq!(not_opened(&mut bench), (ErrorCode::PermissionDenied, text));
    assert_eq!(bench.session.next_wakeup().map(|at| at - bench.now), Some(Duration::from_secs(30)));
    bench.answer_all();
    assert_eq!(bench.session.next_wakeup(), None, "nothing but the close was waited for");
}

#[test]
fn a_chunk_to_somebody_who_is_gone_ends_the_stream_and_the_participant() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    write(&mut bench, key, 10);
    write(&mut bench, key, 10);
    let said = bench.said();
    assert_eq!(said.len(), 2);

    let ClientFrame::Request { id, .. } = said[0].frame else { panic!("{said:?}") };
    bench.fail(id, 1003, "gone");

    match bench.events().as_slice() {
        [Event::StreamClosed { result: Err(error), .. }, Event::ParticipantRemoved(gone)] => {
            assert_eq!(error.code, ErrorCode::ParticipantNotFound);
            assert_eq!(gone.id.as_str(), "ada");
        }
        other => panic!("{other:?}"),
    }
    assert!(bench.said().is_empty(), "nobody is there to be told");
}

#[test]
fn a_chunk_that_nobody_answers_ends_the_stream_at_both_ends() {
    let mut bench = bench();
    let key = bench.open_writer(Some(WINDOW));
    write(&mut bench, key, 10);
    bench.said();

    bench.wait(Duration::from_millis(29_999));
    assert_eq!(bench.events(), []);
    bench.wait(Duration::from_millis(1));

    assert_eq!(closed(&mut bench).0, ErrorCode::Timeout);
    let (_, _, close) = bench.sent();
    assert!(close.message.as_str().contains("did not answer"), "{:?}", close.message);
}

#[test]
fn whoever_accepts_an_offer_that_has_failed_here_is_told() {
    let mut bench = Bench::enabled();
    bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}")).unwrap();
    bench.answer_all();
    bench.receive(disabled("ada"));
    bench.said();

    // She had disabled messaging and enabled it again before the offer came.
    bench.deliver("ada", "stream.accept", r#"{"stream_id":"s1"}"#, b"");

    let (_, to, said) = bench.sent();
    assert_eq!((to.as_str(), said.kind.as_str()), ("ada", "stream.close"));
    assert!(said.message.as_str().contains("no such stream"), "{said:?}");
}
