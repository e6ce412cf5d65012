//! Which kinds of streams the others take, as they announce it.

use room_proto::{Content, ErrorCode, MessageId, ServerFrame, session::StreamForm};

use crate::bench::{Bench, Server, connected, enabled, entry, json, outgoing, room_ready};

/// A room with `ada`, who has these attributes.
fn room_with(attributes: &str) -> Bench {
    let mut bench = Bench::joined(Server::Ours);
    bench.session.enable(bench.now).unwrap();
    bench.answer_all();
    bench.receive(enabled(&[entry("ada", attributes)]));
    bench.events();
    bench
}

fn form(attributes: &str) -> Result<StreamForm, ErrorCode> {
    room_with(attributes).session.stream_form(&"ada".into()).map_err(|error| error.code)
}

#[test]
fn the_streams_that_we_take_are_announced_once_and_before_we_are_listed() {
    for server in [Server::Plain, Server::Official, Server::Ours] {
        let mut bench = Bench::joined(server);
        bench.session.enable(bench.now).unwrap();
        let (id, _) = bench.asked();
        assert_eq!((bench.announcements, id), (1, MessageId(2)), "{server:?}");
        let attributes = bench.session.local_attributes().as_str();
        assert!(attributes.contains(r#""streams":["duplex","v1"]"#), "{attributes}");

        bench.receive(enabled(&[]));
        bench.session.disable(bench.now).unwrap();
        bench.answer(id, Content::Empty);
        bench.session.enable(bench.now).unwrap();
        bench.said();
        assert_eq!(bench.announcements, 1, "{server:?}");
    }
}

#[test]
fn an_application_with_an_attribute_of_that_name_keeps_it() {
    let mut bench = Bench::joined(Server::Ours);
    bench.session.set_attributes(json(r#"{"streams":"Rhine, Danube"}"#)).unwrap();

    bench.session.enable(bench.now).unwrap();

    assert_eq!(bench.said().len(), 2);
    assert_eq!(bench.announcements, 0);
}

#[test]
fn what_the_token_announces_is_not_announced_again() {
    let mut bench = Bench::opened(room_proto::Config::default());
    let ServerFrame::Connected { participant_id, .. } = connected() else { panic!() };
    let attributes = json(r#"{"streams":["v1"]}"#);
    bench.receive(ServerFrame::Connected { participant_id, attributes });
    bench.receive(room_ready(Server::Ours));

    bench.session.enable(bench.now).unwrap();

    bench.asked();
    assert_eq!(bench.announcements, 0);
}

#[test]
fn a_stream_has_the_form_that_the_other_side_announces() {
    for (attributes, expected) in [
        (r#"{"streams":["duplex","v1"]}"#, Ok(StreamForm::V1)),
        (r#"{"streams":["v1","v9"]}"#, Ok(StreamForm::V1)),
        (r#"{"streams":["duplex"]}"#, Ok(StreamForm::Duplex)),
        (r#"{"streams":["v9", 7]}"#, Err(ErrorCode::StreamUnsupported)),
        (r#"{"streams":[]}"#, Err(ErrorCode::StreamUnsupported)),
        (r#"{"streams":"v1"}"#, Ok(StreamForm::V1)),
        ("{}", Ok(StreamForm::V1)),
    ] {
        assert_eq!(form(attributes), expected, "{attributes}");
    }
}

#[test]
fn what_the_other_side_does_not_take_is_refused_at_once() {
    let mut bench = room_with(r#"{"streams":["duplex"]}"#);
    let error = bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}")).unwrap_err();
    assert_eq!(error.code, ErrorCode::StreamUnsupported);
    bench.session.open_call(bench.now, &"ada".into(), &outgoing("a", "{}", b"")).unwrap();

    let mut bench = room_with(r#"{"streams":["v1"]}"#);
    let first = outgoing("a", "{}", b"");
    let error = bench.session.open_call(bench.now, &"ada".into(), &first).unwrap_err();
    assert_eq!(error.code, ErrorCode::StreamUnsupported);
    bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}")).unwrap();
}

#[test]
fn whoever_announces_nothing_is_tried_in_both_forms() {
    let mut bench = room_with("{}");

    bench.session.open_stream(bench.now, &"ada".into(), "s1", json("{}")).unwrap();
    bench.session.open_call(bench.now, &"ada".into(), &outgoing("a", "{}", b"")).unwrap();
}

#[test]
fn an_announcement_that_changes_counts_from_then_on() {
    let mut bench = room_with(r#"{"streams":["v1"]}"#);

    bench.deliver("ada", "participant.attributes", r#"{"attributes":{"streams":[]}}"#, b"");

    let error = bench.session.stream_form(&"ada".into()).unwrap_err();
    assert_eq!(error.code, ErrorCode::StreamUnsupported);
}
