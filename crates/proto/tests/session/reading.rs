//! The acceptor's end of streams.

use bytes::Bytes;
use room_proto::{Config, ErrorCode, Event, Input, SessionError, StreamKey, session::Read};

use crate::bench::{Bench, disabled, json};

const WINDOW: usize = 100;

fn bench() -> Bench {
    let config =
        Config { stream_window_bytes: WINDOW, max_unpaced_bytes: WINDOW, ..Config::default() };
    Bench::enabled_with(config)
}

fn read(bench: &mut Bench, key: StreamKey) -> Read {
    bench.session.read_stream(bench.now, key)
}

fn data(read: Read) -> Vec<u8> {
    match read {
        Read::Chunk { data, .. } => data.to_vec(),
        other => panic!("a chunk, not {other:?}"),
    }
}

fn failure(read: &Read) -> ErrorCode {
    match read {
        Read::Failed(error) => error.code,
        other => panic!("a failure, not {other:?}"),
    }
}

/// An offer of `ada` that has not been answered.
fn offered(bench: &mut Bench) -> StreamKey {
    bench.deliver("ada", "stream.open", r#"{"stream_id":"r1","header":{"a":[1]}}"#, b"");
    match bench.events().as_slice() {
        [Event::StreamRequested { stream, stream_id, from, header }] => {
            assert_eq!((stream_id.as_str(), from.as_str()), ("r1", "ada"));
            assert_eq!(header, &json(r#"{"a":[1]}"#));
            *stream
        }
        other => panic!("an offer, not {other:?}"),
    }
}

#[test]
fn an_offer_is_accepted_and_read_to_its_end() {
    let mut bench = bench();
    let key = offered(&mut bench);
    bench.session.accept_stream(bench.now, key).unwrap();
    let (_, to, accept) = bench.sent();
    assert_eq!((to.as_str(), accept.kind.as_str()), ("ada", "stream.accept"));
    assert_eq!(accept.message.as_str(), r#"{"stream_id":"r1"}"#, "the opener knows no credit");

    bench.chunk(b"one");
    assert_eq!(bench.events(), [Event::StreamReadable(key)]);
    bench.chunk(b"two");
    assert_eq!(bench.events(), [], "it has not looked yet");
    assert_eq!(data(read(&mut bench, key)), b"one");
    assert_eq!(data(read(&mut bench, key)), b"two");
    assert_eq!(read(&mut bench, key), Read::Pending);

    bench.deliver("ada", "stream.close", r#"{"stream_id":"r1"}"#, b"");
    assert_eq!(bench.events(), [Event::StreamReadable(key)]);
    assert_eq!(read(&mut bench, key), Read::End);
    assert_eq!(bench.events(), [Event::StreamClosed { stream: key, result: Ok(()) }]);
    assert_eq!(failure(&read(&mut bench, key)), ErrorCode::StreamClosed);
}

#[test]
fn credit_is_granted_when_half_of_the_window_has_been_read() {
    let mut bench = bench();
    bench.deliver(
        "ada",
        "stream.open",
        r#"{"stream_id":"r1","header":{},"room_messaging":{"credit":true}}"#,
        b"",
    );
    let [Event::StreamRequested { stream, .. }] = bench.events()[..] else { panic!("an offer") };
    bench.session.accept_stream(bench.now, stream).unwrap();
    let (_, _, accept) = bench.sent();
    assert_eq!(
        accept.message.as_str(),
        r#"{"stream_id":"r1","room_messaging":{"credit":100,"window":100}}"#
    );

    // Each costs 4 bytes of header and 26 of data.
    for _ in 0..3 {
        bench.chunk(b"abcdefghijklmnopqrstuvwxyz");
    }
    read(&mut bench, stream);
    assert!(bench.said().is_empty());
    read(&mut bench, stream);
    let (_, _, credit) = bench.sent();
    assert_eq!(credit.kind, "stream.credit");
    assert_eq!(credit.message.as_str(), r#"{"stream_id":"r1","bytes":60}"#);
}

#[test]
fn the_window_grows_when_both_sides_have_waited() {
    const START: usize = 1024 * 1024;
    let mut bench = Bench::enabled_with(Config::default());
    let stream = bench.open_reader(true);
    let mut half = |starved: &str| {
        let chunk = format!(r#"{{"stream_id":"r1","header":{{}}{starved}}}"#);
        bench.deliver("ada", "stream.chunk", &chunk, &[0; START / 2]);
        read(&mut bench, stream);
        let (_, _, credit) = bench.sent();
        assert_eq!(credit.kind, "stream.credit");
        let is_hungry = read(&mut bench, stream) == Read::Pending;
        assert!(is_hungry);
        credit.message.as_str().to_owned()
    };

    assert_eq!(half(""), format!(r#"{{"stream_id":"r1","bytes":{}}}"#, START / 2 + 2));
    let starved = r#","room_messaging":{"starved":true}"#;
    assert_eq!(half(starved), format!(r#"{{"stream_id":"r1","bytes":{}}}"#, START / 2 + 2));
    assert_eq!(half(starved), format!(r#"{{"stream_id":"r1","bytes":{}}}"#, START / 2 + 2 + START));
}

#[test]
fn a_writer_that_sends_more_than_it_may_is_stopped() {
    for (understands_credit, chunks) in [(false, 4), (true, 11)] {
        let mut bench = bench();
        let key = bench.open_reader(understands_credit);
        for _ in 0..chunks {
            bench.chunk(b"abcdefghijklmnopqrstuvwxyz");
        }

        let (_, _, close) = bench.sent();
        assert_eq!(close.kind, "stream.close");
        assert!(close.message.as_str().contains("error"));
        assert_eq!(failure(&read(&mut bench, key)), ErrorCode::TooLarge);
    }
}

#[test]
fn an_opener_that_aborts_or_leaves_gives_an_error_and_never_an_end() {
    let mut aborted = bench();
    let key = aborted.open_reader(true);
    aborted.chunk(b"part");
    aborted.deliver("ada", "stream.close", r#"{"stream_id":"r1","error":"full"}"#, b"");
    assert_eq!(failure(&read(&mut aborted, key)), ErrorCode::StreamAborted);

    let mut left = bench();
    let key = left.open_reader(true);
    left.chunk(b"part");
    left.receive(disabled("ada"));
    assert_eq!(failure(&read(&mut left, key)), ErrorCode::PeerLeft);

    let mut lost = bench();
    let key = lost.open_reader(true);
    lost.input(Input::Closed { code: None, reason: "" });
    assert_eq!(failure(&read(&mut lost, key)), ErrorCode::ConnectionLost);
}

#[test]
fn what_came_whole_can_be_read_after_the_opener_left_and_after_the_session() {
    let mut bench = bench();
    let key = bench.open_reader(true);
    bench.chunk(b"all");
    bench.deliver("ada", "stream.close", r#"{"stream_id":"r1"}"#, b"");
    bench.receive(disabled("ada"));
    bench.input(Input::Closed { code: None, reason: "" });
    let closed = Event::StreamClosed { stream: key, result: Ok(()) };
    assert!(bench.events().contains(&closed));

    assert_eq!(data(read(&mut bench, key)), b"all");
    assert_eq!(read(&mut bench, key), Read::End);
    assert_eq!(bench.events(), [], "it was told before");
}

#[test]
fn a_rejection_tells_the_opener_why() {
    let mut bench = bench();
    let key = offered(&mut bench);

    bench.session.reject_stream(bench.now, key, "not now").unwrap();

    let (_, _, reject) = bench.sent();
    assert_eq!(reject.kind, "stream.reject");
    assert_eq!(reject.message.as_str(), r#"{"stream_id":"r1","error":"not now"}"#);
    let error = bench.session.accept_stream(bench.now, key).unwrap_err();
    assert_eq!(error.code, ErrorCode::StreamClosed);
    assert_eq!(bench.events(), []);
}

#[test]
fn an_offer_of_somebody_unknown_is_refused() {
    let mut bench = bench();
    bench.deliver("stranger", "stream.open", r#"{"stream_id":"r1","header":{}}"#, b"");

    let (_, to, reject) = bench.sent();
    assert_eq!((to.as_str(), reject.kind.as_str()), ("stranger", "stream.reject"));
    assert_eq!(bench.events(), []);
}

#[test]
fn an_offer_that_is_withdrawn_is_told() {
    for withdraw in [true, false] {
        let mut bench = bench();
        let key = offered(&mut bench);
        if withdraw {
            bench.deliver("ada", "stream.close", r#"{"stream_id":"r1","error":"never mind"}"#, b"");
        } else {
            bench.receive(disabled("ada"));
        }

        let events = bench.events();
        let expected = if withdraw { ErrorCode::StreamAborted } else { ErrorCode::PeerLeft };
        let withdrawn = events.iter().any(|event| match event {
            Event::StreamWithdrawn { stream, error } => *stream == key && error.code == expected,
            _ => false,
        });
        assert!(withdrawn, "{events:?}");
        assert!(bench.session.accept_stream(bench.now, key).is_err());
    }
}

#[test]
fn a_cancel_tells_the_writer_why() {
    let mut bench = bench();
    let key = bench.open_reader(true);

    bench.session.abort_stream(bench.now, key, "enough");

    let (_, _, close) = bench.sent();
    assert_eq!(close.message.as_str(), r#"{"stream_id":"r1","error":"enough"}"#);
    match bench.events().as_slice() {
        [Event::StreamClosed { stream, result: Err(error) }] => {
            assert_eq!((*stream, error.code), (key, ErrorCode::Aborted));
        }
        other => panic!("{other:?}"),
    }
    bench.chunk(b"late");
    assert_eq!(bench.events(), []);
}

#[test]
fn chunks_before_the_acceptance_and_of_unknown_streams_are_ignored() {
    let mut bench = bench();
    let key = offered(&mut bench);
    bench.chunk(b"early");
    bench.deliver("bob", "stream.chunk", r#"{"stream_id":"r1","header":null}"#, b"forged");
    bench.deliver("ada", "stream.close", r#"{"stream_id":"other"}"#, b"");
    bench.deliver("ada", "stream.chunk", r#"{"no":"id"}"#, b"x");
    assert_eq!(bench.events(), []);

    bench.session.accept_stream(bench.now, key).unwrap();
    assert_eq!(read(&mut bench, key), Read::Pending);
}

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// The one stream that was offered since the last look.
fn requested(bench: &mut Bench) -> StreamKey {
    match bench.events().as_slice() {
        [Event::StreamRequested { stream, .. }] => *stream,
        other => panic!("an offer, not {other:?}"),
    }
}

fn close(bench: &mut Bench) {
    bench.deliver("ada", "stream.close", r#"{"stream_id":"r1"}"#, b"");
}

#[test]
fn a_writer_that_sends_just_what_it_may_is_read_to_the_end() {
    for (understands_credit, chunks) in [(false, 3), (true, 10)] {
        let mut bench = bench();
        let key = bench.open_reader(understands_credit);
        for _ in 0..chunks {
            bench.chunk(ALPHABET);
        }
        close(&mut bench);

        assert_eq!(bench.events(), [Event::StreamReadable(key)], "told once");
        for _ in 0..chunks {
            assert_eq!(data(read(&mut bench, key)), ALPHABET);
        }
        assert_eq!(read(&mut bench, key), Read::End);
    }
}

#[test]
fn what_was_read_makes_room_for_a_writer_without_credit() {
    let mut bench = bench();
    let key = bench.open_reader(false);
    for _ in 0..20 {
        bench.chunk(ALPHABET);
        assert_eq!(data(read(&mut bench, key)), ALPHABET);
    }
    assert_eq!(read(&mut bench, key), Read::Pending);
    assert!(bench.said().is_empty(), "it would not understand credit");
}

#[test]
fn all_that_is_read_is_granted_in_the_end_and_nothing_after_the_close() {
    let mut bench = bench();
    let key = bench.open_reader(true);
    let mut granted = Vec::new();
    for _ in 0..6 {
        bench.chunk(ALPHABET);
        read(&mut bench, key);
        for said in bench.answer_all() {
            granted.push(format!("{:?}", said.frame));
        }
    }
    assert_eq!(granted.len(), 3);
    assert!(granted.iter().all(|credit| credit.contains("60")), "{granted:?}");

    bench.chunk(ALPHABET);
    bench.chunk(ALPHABET);
    close(&mut bench);
    read(&mut bench, key);
    read(&mut bench, key);
    assert_eq!(read(&mut bench, key), Read::End);
    assert!(bench.said().is_empty(), "the writer has closed");
}

#[test]
fn an_acceptance_or_credit_that_does_not_get_through_fails_the_reader() {
    let mut accepting = bench();
    let key = offered(&mut accepting);
    accepting.session.accept_stream(accepting.now, key).unwrap();
    let (id, _, _) = accepting.sent();
    accepting.fail(id, 1008, "it broke");
    assert_eq!(failure(&read(&mut accepting, key)), ErrorCode::ServerError);
    let (_, _, close) = accepting.sent();
    assert_eq!(close.message.as_str(), r#"{"stream_id":"r1","error":"it broke"}"#);

    let mut granting = bench();
    let key = granting.open_reader(true);
    for _ in 0..3 {
        granting.chunk(ALPHABET);
    }
    read(&mut granting, key);
    read(&mut granting, key);
    let (id, _, _) = granting.sent();
    granting.fail(id, 1003, "gone");
    assert_eq!(failure(&read(&mut granting, key)), ErrorCode::ParticipantNotFound);
    assert!(granting.said().is_empty(), "nobody is there to be told");
}

#[test]
fn what_came_in_part_cannot_be_read_after_the_session() {
    let mut bench = bench();
    let key = bench.open_reader(true);
    bench.chunk(b"part");
    bench.events();

    bench.input(Input::Closed { code: None, reason: "" });

    match bench.events().as_slice() {
        [Event::StreamClosed { stream, result: Err(error) }, Event::Ended(_)] => {
            assert_eq!((*stream, error.code), (key, ErrorCode::ConnectionLost));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(failure(&read(&mut bench, key)), ErrorCode::ConnectionLost);
}

#[test]
fn a_reader_that_waits_is_woken_by_the_failure_and_told_once() {
    let mut bench = bench();
    let key = bench.open_reader(true);
    assert_eq!(read(&mut bench, key), Read::Pending);

    bench.deliver("ada", "stream.close", r#"{"stream_id":"r1","error":"full"}"#, b"");
    let error = SessionError::new(ErrorCode::StreamAborted, "full");
    let closed = Event::StreamClosed { stream: key, result: Err(error.clone()) };
    assert_eq!(bench.events(), [Event::StreamReadable(key), closed]);

    bench.receive(disabled("ada"));
    assert_eq!(bench.events().len(), 1, "only the participant is gone now");
    assert_eq!(read(&mut bench, key), Read::Failed(error), "the first reason stays");
    assert_eq!(failure(&read(&mut bench, key)), ErrorCode::StreamClosed);
}

#[test]
fn nothing_follows_the_end() {
    let mut bench = bench();
    let key = bench.open_reader(true);
    bench.chunk(b"all");
    close(&mut bench);
    bench.events();

    bench.chunk(b"late");
    bench.deliver("ada", "stream.close", r#"{"stream_id":"r1","error":"late"}"#, b"");

    assert_eq!(bench.events(), []);
    assert_eq!(data(read(&mut bench, key)), b"all");
    assert_eq!(read(&mut bench, key), Read::End);
}

#[test]
fn a_lost_connection_withdraws_the_offer() {
    let mut bench = bench();
    let key = offered(&mut bench);

    bench.input(Input::Closed { code: None, reason: "" });

    match bench.events().as_slice() {
        [Event::StreamWithdrawn { stream, error }, Event::Ended(_)] => {
            assert_eq!((*stream, error.code), (key, ErrorCode::ConnectionLost));
        }
        other => panic!("{other:?}"),
    }
    let accept = bench.session.accept_stream(bench.now, key);
    assert_eq!(accept.unwrap_err().code, ErrorCode::ConnectionLost);
}

#[test]
fn an_offer_that_is_aborted_here_is_rejected() {
    let mut bench = bench();
    let key = offered(&mut bench);

    bench.session.abort_stream(bench.now, key, "not now");

    let (_, _, reject) = bench.sent();
    assert_eq!(reject.kind, "stream.reject");
    assert_eq!(reject.message.as_str(), r#"{"stream_id":"r1","error":"not now"}"#);
    assert_eq!(bench.events(), []);
}

#[test]
fn a_stream_is_answered_once_and_not_by_its_writer() {
    let mut bench = bench();
    let reader = bench.open_reader(true);
    let writer = bench.open_writer(None);
    for key in [reader, writer] {
        let accept = bench.session.accept_stream(bench.now, key);
        assert_eq!(accept.unwrap_err().code, ErrorCode::StreamClosed);
        let reject = bench.session.reject_stream(bench.now, key, "no");
        assert_eq!(reject.unwrap_err().code, ErrorCode::StreamClosed);
    }
    assert!(bench.said().is_empty());
    let write =
        bench.session.write_stream(bench.now, reader, &json("{}"), Bytes::from_static(b"x"));
    assert_eq!(write.unwrap_err().code, ErrorCode::StreamClosed, "a reader does not write");
}

#[test]
fn the_same_id_of_another_opener_is_another_stream() {
    let mut bench = bench();
    let of_ada = offered(&mut bench);
    bench.deliver("bob", "stream.open", r#"{"stream_id":"r1","header":{}}"#, b"");
    let of_bob = requested(&mut bench);
    for key in [of_ada, of_bob] {
        bench.session.accept_stream(bench.now, key).unwrap();
    }
    bench.answer_all();

    bench.chunk(b"of ada");
    bench.deliver("bob", "stream.close", r#"{"stream_id":"r1"}"#, b"");

    assert_eq!(data(read(&mut bench, of_ada)), b"of ada");
    assert_eq!(read(&mut bench, of_ada), Read::Pending);
    assert_eq!(read(&mut bench, of_bob), Read::End);
}

#[test]
fn an_id_that_is_in_use_is_not_offered_again_until_its_stream_is_over() {
    let mut bench = bench();
    let first = offered(&mut bench);
    bench.deliver("ada", "stream.open", r#"{"stream_id":"r1","header":{}}"#, b"");
    assert_eq!(bench.events(), []);
    assert!(bench.said().is_empty());

    bench.session.accept_stream(bench.now, first).unwrap();
    bench.chunk(b"first");
    close(&mut bench);
    bench.events();
    bench.deliver("ada", "stream.open", r#"{"stream_id":"r1"}"#, b"");
    let second = match bench.events().as_slice() {
        [Event::StreamRequested { stream, header, .. }] => {
            assert_eq!(header, &json("null"), "an offer without a header has null");
            *stream
        }
        other => panic!("an offer, not {other:?}"),
    };
    bench.session.accept_stream(bench.now, second).unwrap();
    bench.chunk(b"second");

    assert_eq!(data(read(&mut bench, first)), b"first");
    assert_eq!(read(&mut bench, first), Read::End);
    assert_eq!(data(read(&mut bench, second)), b"second");
}

#[test]
fn an_abort_of_what_came_whole_tells_the_writer_nothing() {
    let mut bench = bench();
    let key = bench.open_reader(true);
    bench.chunk(b"all");
    close(&mut bench);
    bench.events();

    bench.session.abort_stream(bench.now, key, "enough");

    assert!(bench.said().is_empty(), "it has closed");
    let error = SessionError::new(ErrorCode::Aborted, "enough");
    assert_eq!(bench.events(), [Event::StreamClosed { stream: key, result: Err(error) }]);
    assert_eq!(failure(&read(&mut bench, key)), ErrorCode::StreamClosed);
}

#[test]
fn the_limit_without_credit_counts_every_byte() {
    let mut bench = bench();
    let key = bench.open_reader(false);
    for _ in 0..3 {
        bench.chunk(ALPHABET);
    }
    bench.chunk(b"123456");
    assert_eq!(bench.events(), [Event::StreamReadable(key)], "{WINDOW} bytes are not too many");

    // Even without data the header costs something.
    bench.chunk(b"");

    assert_eq!(failure(&read(&mut bench, key)), ErrorCode::TooLarge);
}
