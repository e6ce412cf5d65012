//! Two sessions and a relay: whatever is written arrives, in order and once.

use std::time::Duration;

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use room_proto::{Config, ErrorCode, Event, StreamKey, session::Read};

use crate::bench::{Pair, Relay, Server, id, json};

const WINDOW: usize = 2000;

fn relays() -> Vec<Relay> {
    let mut relays = Vec::new();
    for server in [Server::Plain, Server::Official, Server::Ours] {
        for rewrites_json in [false, true] {
            relays.push(Relay { server, rewrites_json, latency: Duration::from_millis(20) });
        }
    }
    relays
}

/// A stream from `a` to `b`, open at both ends.
fn open(relay: Relay) -> (Pair, StreamKey, StreamKey) {
    let config = Config { stream_window_bytes: WINDOW, ..Config::default() };
    let mut pair = Pair::enabled(relay, config);
    let writer = pair
        .with(0, |session, now| session.open_stream(now, &id(1), "s", json("{}")))
        .expect("b is there");
    pair.run();
    let reader = match pair.events(1).as_slice() {
        [Event::StreamRequested { stream, .. }] => *stream,
        other => panic!("an offer, not {other:?}"),
    };
    pair.with(1, |session, now| session.accept_stream(now, reader)).expect("it is fresh");
    pair.run();
    assert_eq!(pair.events(0), [Event::StreamOpened { stream: writer, result: Ok(()) }]);
    (pair, writer, reader)
}

/// Reads all there is.
fn read_all(pair: &mut Pair, reader: StreamKey, into: &mut Vec<(String, Vec<u8>)>) -> Read {
    loop {
        match pair.with(1, |session, now| session.read_stream(now, reader)) {
            Read::Chunk { header, data } => into.push((header.as_str().to_owned(), data.to_vec())),
            other => return other,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_is_written_arrives_in_order_and_once(
        chunks in vec((0_u32..100, vec(any::<u8>(), 0..1500)), 0..40),
        relay in prop::sample::select(relays()),
        pause in 0_usize..30,
    ) {
        let (mut pair, writer, reader) = open(relay);
        let mut arrived = Vec::new();
        let mut unread_steps = 0;
        for (number, data) in &chunks {
            let header = json(&number.to_string());
            while pair.with(0, |session, _| session.writable_bytes(writer)).expect("open") == 0 {
                if !pair.step() {
                    // Everything has been carried: only the reader can help now.
                    read_all(&mut pair, reader, &mut arrived);
                }
            }
            pair.with(0, |session, now| session.write_stream(now, writer, &header, data.clone().into()))
                .expect("open");
            unread_steps += 1;
            if unread_steps > pause {
                unread_steps = 0;
                read_all(&mut pair, reader, &mut arrived);
            }
        }
        pair.with(0, |session, now| session.close_stream(now, writer)).expect("open");
        while pair.step() {
            read_all(&mut pair, reader, &mut arrived);
        }
        let end = read_all(&mut pair, reader, &mut arrived);
        pair.run();

        let written: Vec<_> =
            chunks.iter().map(|(number, data)| (number.to_string(), data.clone())).collect();
        prop_assert_eq!(arrived, written);
        // The end was told by the last read but one, or is told now.
        let was_told = matches!(end, Read::End)
            || matches!(&end, Read::Failed(error) if error.code == ErrorCode::StreamClosed);
        prop_assert!(was_told, "{:?}", end);
        let closed = Event::StreamClosed { stream: writer, result: Ok(()) };
        prop_assert!(pair.events(0).contains(&closed));
        let closed = Event::StreamClosed { stream: reader, result: Ok(()) };
        prop_assert!(pair.events(1).contains(&closed));
    }
}

#[test]
fn a_reader_that_stands_still_bounds_what_is_under_way() {
    for relay in relays() {
        let (mut pair, writer, _) = open(relay);
        let mut written = 0;
        for _ in 0..1000 {
            while pair.with(0, |session, _| session.writable_bytes(writer)).unwrap() > 0 {
                pair.with(0, |session, now| {
                    session.write_stream(now, writer, &json("{}"), Bytes::from_static(&[7; 500]))
                })
                .unwrap();
                written += 502;
            }
            pair.run();
        }
        assert!(written < WINDOW + 502 * 2, "{relay:?}: {written}");
        assert!(pair.most_in_flight_bytes < 3 * WINDOW, "{relay:?}");
    }
}

#[test]
fn a_loss_in_the_middle_is_an_error_at_both_ends() {
    for relay in relays() {
        let (mut pair, writer, reader) = open(relay);
        pair.with(0, |session, now| {
            session.write_stream(now, writer, &json("{}"), Bytes::from_static(b"part"))
        })
        .unwrap();
        pair.run();

        pair.lose(0);
        pair.run();

        let mut arrived = Vec::new();
        match read_all(&mut pair, reader, &mut arrived) {
            Read::Failed(error) => assert_eq!(error.code, ErrorCode::PeerLeft),
            other => panic!("{relay:?}: an error, not {other:?}"),
        }
        let failed = pair.events(0).into_iter().any(|event| match event {
            Event::StreamClosed { stream, result: Err(error) } => {
                stream == writer && error.code == ErrorCode::ConnectionLost
            }
            _ => false,
        });
        assert!(failed, "{relay:?}");
    }
}

#[test]
fn a_reader_that_is_lost_fails_the_writer_too() {
    for relay in relays() {
        let (mut pair, writer, reader) = open(relay);
        pair.with(0, |session, now| {
            session.write_stream(now, writer, &json("{}"), Bytes::from_static(b"part"))
        })
        .unwrap();
        pair.run();
        pair.events(1);

        pair.lose(1);
        pair.run();

        let failures = |events: Vec<Event>, key: StreamKey| -> Vec<ErrorCode> {
            let failures = events.into_iter().filter_map(|event| match event {
                Event::StreamClosed { stream, result: Err(error) } if stream == key => {
                    Some(error.code)
                }
                _ => None,
            });
            failures.collect()
        };
        assert_eq!(failures(pair.events(0), writer), [ErrorCode::PeerLeft], "{relay:?}");
        assert_eq!(failures(pair.events(1), reader), [ErrorCode::ConnectionLost], "{relay:?}");
        match read_all(&mut pair, reader, &mut Vec::new()) {
            Read::Failed(error) => assert_eq!(error.code, ErrorCode::ConnectionLost),
            other => panic!("{relay:?}: an error, not {other:?}"),
        }
    }
}

#[test]
fn what_was_written_whole_can_be_read_though_both_are_gone() {
    for relay in relays() {
        let (mut pair, writer, reader) = open(relay);
        pair.with(0, |session, now| {
            session.write_stream(now, writer, &json("1"), Bytes::from_static(b"all"))
        })
        .unwrap();
        pair.with(0, |session, now| session.close_stream(now, writer)).unwrap();
        pair.run();

        pair.lose(0);
        pair.run();
        pair.lose(1);

        let mut arrived = Vec::new();
        assert_eq!(read_all(&mut pair, reader, &mut arrived), Read::End, "{relay:?}");
        assert_eq!(arrived, [(String::from("1"), b"all".to_vec())]);
    }
}

/// The next chunk, with what it costs.
fn read_one(pair: &mut Pair, reader: StreamKey) -> Option<usize> {
    match pair.with(1, |session, now| session.read_stream(now, reader)) {
        Read::Chunk { header, data } => Some(header.as_str().len() + data.len()),
        Read::Pending | Read::End => None,
        Read::Failed(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The reader takes one chunk only when the writer can do nothing more.
    #[test]
    fn a_slow_reader_gets_everything_and_never_holds_much_more_than_its_window(
        sizes in vec(0_usize..1500, 1..60),
        relay in prop::sample::select(relays()),
    ) {
        let (mut pair, writer, reader) = open(relay);
        let (mut written, mut read, mut count) = (0, 0, 0);
        for size in &sizes {
            while pair.with(0, |session, _| session.writable_bytes(writer)).expect("open") == 0 {
                pair.run();
                // The writer may have been told of room that it did not see.
                if pair.with(0, |session, _| session.writable_bytes(writer)).expect("open") == 0 {
                    let cost = read_one(&mut pair, reader);
                    prop_assert!(cost.is_some(), "both wait for each other");
                    read += cost.unwrap_or(0);
                    count += 1;
                }
            }
            pair.with(0, |session, now| {
                session.write_stream(now, writer, &json("{}"), vec![7; *size].into())
            })
            .expect("open");
            written += size + 2;
            prop_assert!(written - read < WINDOW + 1502, "{} are under way", written - read);
        }
        pair.with(0, |session, now| session.close_stream(now, writer)).expect("open");
        pair.run();
        while let Some(cost) = read_one(&mut pair, reader) {
            read += cost;
            count += 1;
        }
        prop_assert_eq!((count, read), (sizes.len(), written));
    }

    /// What a server may do to the text of a header, it may not do to its value.
    #[test]
    fn headers_keep_their_values_and_streams_do_not_mix(
        headers in vec(("[a-zé\"\\\\]{0,8}", any::<i32>(), any::<bool>()), 0..30),
        relay in prop::sample::select(relays()),
    ) {
        let (mut pair, writer, reader) = open(relay);
        let back_header = json("[]");
        let back = pair
            .with(1, |session, now| session.open_stream(now, &id(0), "s", back_header.clone()))
            .expect("a is there");
        pair.run();
        let offered = pair.events(0).into_iter().find_map(|event| match event {
            Event::StreamRequested { stream, .. } => Some(stream),
            _ => None,
        });
        let back_reader = offered.expect("an offer with the same id the other way");
        pair.with(0, |session, now| session.accept_stream(now, back_reader)).expect("it is fresh");
        pair.run();

        let mut arrived = Vec::new();
        let mut written = Vec::new();
        for (name, number, is_nested) in &headers {
            let inner = serde_json::json!({ name.as_str(): number });
            let header = if *is_nested { serde_json::json!([inner, null]) } else { inner };
            let text = json(&header.to_string());
            pair.with(0, |session, now| session.write_stream(now, writer, &text, Bytes::from_static(b"there")))
                .expect("open");
            pair.with(1, |session, now| session.write_stream(now, back, &text, Bytes::from_static(b"back")))
                .expect("open");
            pair.run();
            read_all(&mut pair, reader, &mut arrived);
            written.push(header);
        }
        pair.with(0, |session, now| session.close_stream(now, writer)).expect("open");
        pair.run();

        prop_assert_eq!(read_all(&mut pair, reader, &mut arrived), Read::End);
        prop_assert!(arrived.iter().all(|(_, data)| data == b"there"));
        let values: Vec<serde_json::Value> = arrived
            .iter()
            .map(|(header, _)| serde_json::from_str(header).expect("a header is JSON"))
            .collect();
        prop_assert_eq!(&values, &written);
        for expected in written {
            match pair.with(0, |session, now| session.read_stream(now, back_reader)) {
                Read::Chunk { header, data } => {
                    let value: serde_json::Value =
                        serde_json::from_str(header.as_str()).expect("a header is JSON");
                    prop_assert_eq!(value, expected);
                    prop_assert_eq!(data.as_ref(), b"back");
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        let rest = pair.with(0, |session, now| session.read_stream(now, back_reader));
        prop_assert_eq!(rest, Read::Pending, "only the other one was closed");
    }
}
