//! Enabling, finding out which words a server understands, and who is there.

use std::time::Duration;

use room_proto::{
    ClientFrame, Config, Content, ErrorCode, Event, Extensions, Family, ParticipantId, Request,
    RequestId, SessionError,
    session::{Participant, Read},
};

use crate::bench::{
    Bench, Server, connected, delivered, disabled, enabled, entry, extensions, json, outgoing,
    room_ready_saying,
};

fn enable(bench: &mut Bench) -> RequestId {
    bench.session.enable(bench.now).unwrap()
}

/// The words of the one request that was sent since the last look.
fn family(bench: &mut Bench) -> Family {
    match bench.said().as_slice() {
        [said] if said.kind == "room.invoke_tool" => Family::Toolkit,
        [said] if said.kind == "messaging.enable" => Family::Direct,
        other => panic!("one request to enable, not {other:?}"),
    }
}

fn succeeded(request: RequestId) -> Event {
    Event::Answered { request, result: Ok(()) }
}

fn added(id: &str) -> Event {
    Event::ParticipantAdded(ParticipantId::new(id))
}

fn removed(id: &str) -> Event {
    let (role, attributes) = (String::from("user"), json("{}"));
    Event::ParticipantRemoved(Participant { id: id.into(), role, attributes })
}

/// The code with which enabling failed.
fn failure(bench: &mut Bench) -> ErrorCode {
    match bench.events().as_slice() {
        [Event::Answered { result: Err(error), .. }] => error.code,
        other => panic!("a failure, not {other:?}"),
    }
}

#[test]
fn the_list_is_success_whenever_the_answer_comes() {
    for is_answer_first in [true, false] {
        let mut bench = Bench::joined(Server::Official);
        let request = enable(&mut bench);
        let (id, asked) = bench.asked();
        assert_eq!(asked, Request::Enable);

        if is_answer_first {
            bench.answer(id, Content::Empty);
            assert_eq!(bench.events(), [], "the answer alone says nothing");
        }
        bench.receive(enabled(&[entry("ada", "{}")]));
        let expected = [added("ada"), Event::MessagingEnabled, succeeded(request)];
        assert_eq!(bench.events(), expected);
        assert!(bench.session.is_enabled());
        if !is_answer_first {
            bench.answer(id, Content::Empty);
        }
        assert_eq!(bench.events(), []);
        assert_eq!(bench.session.next_wakeup(), None);
    }
}

#[test]
fn servers_that_say_what_they_are_get_the_direct_form_at_once() {
    for server in [Server::Ours, Server::Plain] {
        let mut bench = Bench::joined(server);
        enable(&mut bench);
        assert_eq!(family(&mut bench), Family::Direct, "{server:?}");
    }
}

#[test]
fn a_server_that_does_not_know_tool_calls_gets_the_direct_form() {
    let mut bench = Bench::joined(Server::Official);
    let request = enable(&mut bench);
    let (id, _) = bench.asked();

    bench.fail(id, 1002, "unknown request");
    assert_eq!(family(&mut bench), Family::Direct);

    bench.receive(enabled(&[]));
    assert_eq!(bench.events(), [Event::MessagingEnabled, succeeded(request)]);
    bench.session.broadcast(bench.now, outgoing("news", "{}", b"")).unwrap();
    assert_eq!(bench.said()[0].kind, "messaging.broadcast", "and stays with it");
}

#[test]
fn a_server_that_stays_silent_gets_the_direct_form() {
    let mut bench = Bench::joined(Server::Official);
    enable(&mut bench);
    assert_eq!(family(&mut bench), Family::Toolkit);

    bench.wait(Duration::from_millis(3999));
    assert!(bench.said().is_empty());
    bench.wait(Duration::from_millis(1));
    assert_eq!(family(&mut bench), Family::Direct);

    bench.receive(enabled(&[]));
    assert!(bench.session.is_enabled());
}

#[test]
fn a_server_that_took_the_tool_call_is_slow_and_not_old() {
    let mut bench = Bench::joined(Server::Official);
    enable(&mut bench);
    let (id, _) = bench.asked();
    bench.answer(id, Content::Empty);

    bench.wait(Duration::from_secs(20));
    assert!(bench.said().is_empty());
    bench.receive(enabled(&[]));
    bench.events();
    bench.session.broadcast(bench.now, outgoing("news", "{}", b"")).unwrap();
    assert_eq!(bench.said()[0].kind, "room.invoke_tool");
}

#[test]
fn the_words_that_a_server_understands_are_known_when_it_has() {
    for (server, before, after) in [
        (Server::Ours, Some(Family::Direct), Family::Direct),
        (Server::Plain, Some(Family::Direct), Family::Direct),
        (Server::Official, None, Family::Toolkit),
    ] {
        let mut bench = Bench::joined(server);
        assert_eq!(bench.session.family(), before, "{server:?}");

        enable(&mut bench);
        bench.receive(enabled(&[]));

        assert_eq!(bench.session.family(), Some(after), "{server:?}");
    }
}

#[test]
fn a_refusal_is_final() {
    let mut bench = Bench::joined(Server::Official);
    enable(&mut bench);
    let (id, _) = bench.asked();

    bench.fail(id, 1001, "no");

    assert_eq!(failure(&mut bench), ErrorCode::PermissionDenied);
    assert!(bench.said().is_empty(), "there is no second attempt");
    assert!(!bench.session.is_enabled());
}

#[test]
fn silence_in_both_forms_fails() {
    let mut bench = Bench::joined(Server::Official);
    enable(&mut bench);

    bench.wait(Duration::from_secs(60));

    assert_eq!(failure(&mut bench), ErrorCode::Timeout);
    assert_eq!(bench.said().len(), 2);
    enable(&mut bench);
    assert_eq!(family(&mut bench), Family::Toolkit, "the next attempt begins anew");
}

#[test]
fn enabling_twice_asks_once() {
    let mut bench = Bench::joined(Server::Ours);
    let (first, second) = (enable(&mut bench), enable(&mut bench));
    bench.asked();
    bench.receive(enabled(&[]));
    assert_eq!(bench.events(), [Event::MessagingEnabled, succeeded(first), succeeded(second)]);

    let third = enable(&mut bench);
    assert_eq!(bench.events(), [succeeded(third)]);
    assert!(bench.said().is_empty());
}

#[test]
fn disabling_takes_everybody_off_the_list() {
    let mut bench = Bench::enabled();

    let request = bench.session.disable(bench.now).unwrap();
    assert_eq!(bench.events(), [removed("ada"), removed("bob")]);
    assert_eq!(bench.session.participants().count(), 0);
    let (id, asked) = bench.asked();
    assert_eq!(asked, Request::Disable);
    bench.answer(id, Content::Empty);
    assert_eq!(bench.events(), [succeeded(request)]);

    bench.receive(delivered("ada", "participant.enabled", &entry("ada", "{}"), b""));
    bench.receive(enabled(&[entry("ada", "{}")]));
    assert_eq!(bench.events(), [], "what comes late or unasked is ignored");
    assert!(!bench.session.is_enabled());
}

#[test]
fn disabling_while_enabling_answers_both() {
    let mut bench = Bench::joined(Server::Ours);
    enable(&mut bench);
    bench.session.disable(bench.now).unwrap();

    assert_eq!(failure(&mut bench), ErrorCode::Aborted);
    bench.receive(enabled(&[entry("ada", "{}")]));
    assert_eq!(bench.events(), []);
}

#[test]
fn a_new_list_is_told_as_exactly_what_changed() {
    let mut bench = Bench::enabled();

    bench.receive(enabled(&[entry("bob", r#"{"mood":"good"}"#), entry("cid", "{}")]));

    let changed = json(r#"{"mood":"good"}"#);
    let expected = [
        removed("ada"),
        Event::ParticipantUpdated { id: "bob".into(), changed },
        added("cid"),
        Event::MessagingEnabled,
    ];
    assert_eq!(bench.events(), expected);
    let ids: Vec<_> = bench.session.participants().map(|one| one.id.to_string()).collect();
    assert_eq!(ids, ["bob", "cid"]);
}

#[test]
fn participants_come_change_and_go_and_we_are_none_of_them() {
    let mut bench = Bench::enabled();

    bench.receive(delivered("me", "participant.enabled", &entry("me", "{}"), b""));
    assert_eq!(bench.events(), []);

    bench.receive(delivered("cid", "participant.enabled", &entry("cid", r#"{"a":1}"#), b""));
    assert_eq!(bench.events(), [added("cid")]);
    bench.receive(delivered("cid", "participant.enabled", &entry("cid", r#"{"a":1}"#), b""));
    assert_eq!(bench.events(), [], "nothing has changed");

    let change = r#"{"attributes":{"b":2}}"#;
    bench.receive(delivered("cid", "participant.attributes", change, b""));
    bench.receive(delivered("nobody", "participant.attributes", change, b""));
    let updated = Event::ParticipantUpdated { id: "cid".into(), changed: json(r#"{"b":2}"#) };
    assert_eq!(bench.events(), [updated]);
    let cid = bench.session.participant("cid").unwrap();
    assert_eq!(cid.attributes, json(r#"{"a":1,"b":2}"#));

    bench.receive(disabled("cid"));
    bench.receive(disabled("cid"));
    assert_eq!(bench.events().len(), 1);
}

#[test]
fn whoever_is_not_found_is_taken_off_the_list() {
    for (code, text) in [(Some(1003), "gone"), (None, "the participant was not found")] {
        let mut bench = Bench::enabled();
        bench.session.send(bench.now, &"ada".into(), outgoing("chat", "{}", b"")).unwrap();
        let (id, _, _) = bench.sent();

        bench.answer(id, Content::Error { text: text.to_owned(), code });

        match bench.events().as_slice() {
            [Event::Answered { result: Err(error), .. }, gone] => {
                assert_eq!(error.code, ErrorCode::ParticipantNotFound);
                assert_eq!(*gone, removed("ada"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_list_that_nobody_asked_for_is_ignored() {
    let mut bench = Bench::joined(Server::Official);

    bench.receive(enabled(&[entry("ada", "{}")]));

    assert_eq!(bench.events(), []);
    assert!(!bench.session.is_enabled());
    assert_eq!(bench.session.participants().count(), 0);
}

/// The room is ready, and the server says that messaging was asked for with the connection.
fn asked_with_the_connection() -> Bench {
    let mut bench = Bench::opened(Config::default());
    bench.receive(connected());
    bench.receive(room_ready_saying(Some(Extensions { enabled: true, ..extensions() })));
    assert_eq!(bench.events(), [Event::Ready]);
    bench
}

#[test]
fn what_was_asked_for_with_the_connection_is_not_asked_for_again() {
    let mut bench = asked_with_the_connection();
    let before = enable(&mut bench);
    bench.receive(enabled(&[entry("ada", "{}")]));
    let after = enable(&mut bench);

    let events = [added("ada"), Event::MessagingEnabled, succeeded(before), succeeded(after)];
    assert_eq!(bench.events(), events);
    assert!(bench.said().is_empty());
    assert_eq!(bench.announcements, 0, "the server has said what we take");
}

#[test]
fn what_was_asked_for_with_the_connection_and_does_not_come_is_late() {
    let mut bench = asked_with_the_connection();
    enable(&mut bench);
    bench.wait(Config::default().request_timeout);
    assert_eq!(failure(&mut bench), ErrorCode::Timeout);

    // Where nobody waits, who is to know? The connection is to blame.
    let mut bench = asked_with_the_connection();
    bench.wait(Config::default().request_timeout);
    let events = bench.events();
    assert!(matches!(&events[..], [Event::Ended(error)] if error.code == ErrorCode::Timeout));
}

#[test]
fn a_tool_call_that_is_answered_late_is_understood_all_the_same() {
    let mut bench = Bench::joined(Server::Official);
    let request = enable(&mut bench);
    let (tool_call, _) = bench.asked();
    bench.wait(Duration::from_secs(4));
    let (direct, _) = bench.asked();

    bench.answer(tool_call, Content::Empty);
    bench.fail(direct, 1002, "unknown message");
    assert_eq!(bench.events(), [], "it was only the attempt in the other form");

    bench.receive(enabled(&[]));
    assert_eq!(bench.events(), [Event::MessagingEnabled, succeeded(request)]);
    bench.session.broadcast(bench.now, outgoing("news", "{}", b"")).unwrap();
    assert_eq!(bench.said()[0].kind, "room.invoke_tool");
}

#[test]
fn errors_in_both_forms_fail_with_the_last_one() {
    let mut bench = Bench::joined(Server::Official);
    enable(&mut bench);
    let (tool_call, _) = bench.asked();
    bench.fail(tool_call, 1002, "unknown request");
    let (direct, _) = bench.asked();
    assert_eq!(bench.events(), []);

    bench.fail(direct, 1001, "no");

    assert_eq!(failure(&mut bench), ErrorCode::PermissionDenied);
    assert_eq!(bench.session.next_wakeup(), None);
    enable(&mut bench);
    assert_eq!(family(&mut bench), Family::Toolkit, "the next attempt begins anew");
}

#[test]
fn a_server_whose_words_are_known_is_asked_once() {
    for server in [Server::Ours, Server::Plain] {
        let mut bench = Bench::joined(server);
        enable(&mut bench);
        let (id, _) = bench.asked();
        bench.wait(Duration::from_secs(10));
        assert!(bench.said().is_empty(), "{server:?}: there is no other form to try");

        bench.fail(id, 1002, "no");

        assert_eq!(failure(&mut bench), ErrorCode::InvalidRequest, "{server:?}");
        assert!(bench.said().is_empty());
    }
}

#[test]
fn disabling_ends_the_streams_at_both_ends_before_the_others_go() {
    let mut bench = Bench::enabled();
    let writer = bench.open_writer(Some(100));
    let reader = bench.open_reader(true);
    bench.chunk(b"part");
    bench.events();

    bench.session.disable(bench.now).unwrap();

    let said: Vec<_> = bench.said().into_iter().map(|said| said.frame).collect();
    let ended: Vec<_> = said
        .iter()
        .filter_map(|frame| match frame {
            ClientFrame::Request { request: Request::Send { to, outgoing }, .. } => {
                Some((to.as_str(), outgoing.kind.as_str(), outgoing.message.as_str()))
            }
            _ => None,
        })
        .collect();
    let writer_end = r#"{"stream_id":"s1","error":"messaging was disabled"}"#;
    let reader_end = r#"{"stream_id":"r1","error":"messaging was disabled"}"#;
    let expected = [("ada", "stream.close", writer_end), ("ada", "stream.close", reader_end)];
    assert_eq!(ended, expected);
    assert!(matches!(said.last(), Some(ClientFrame::Request { request: Request::Disable, .. })));

    let error = SessionError::new(ErrorCode::Aborted, "messaging was disabled");
    let expected = [
        Event::StreamClosed { stream: writer, result: Err(error.clone()) },
        Event::StreamClosed { stream: reader, result: Err(error.clone()) },
        removed("ada"),
        removed("bob"),
    ];
    assert_eq!(bench.events(), expected);
    assert_eq!(bench.session.read_stream(bench.now, reader), Read::Failed(error));
    let open = bench.session.open_stream(bench.now, &"ada".into(), "s2", json("{}"));
    assert_eq!(open.unwrap_err().code, ErrorCode::NotEnabled);
}

#[test]
fn messaging_is_enabled_again_after_it_was_disabled() {
    let mut bench = Bench::enabled();
    bench.session.disable(bench.now).unwrap();
    bench.answer_all();
    bench.events();

    let request = enable(&mut bench);
    assert_eq!(family(&mut bench), Family::Direct);
    bench.receive(enabled(&[entry("ada", "{}")]));

    let expected = [added("ada"), Event::MessagingEnabled, succeeded(request)];
    assert_eq!(bench.events(), expected);
}

#[test]
fn we_are_not_taken_from_the_servers_list() {
    let mut bench = Bench::joined(Server::Ours);
    let request = enable(&mut bench);

    bench.receive(enabled(&[entry("me", "{}"), entry("ada", "{}")]));

    let expected = [added("ada"), Event::MessagingEnabled, succeeded(request)];
    assert_eq!(bench.events(), expected);
    assert_eq!(bench.session.participant("me"), None);
}

#[test]
fn the_same_list_again_changes_nobody() {
    let mut bench = Bench::enabled();
    let list = [entry("bob", "{}"), entry("ada", r#"{"a":1,"b":[2]}"#)];
    bench.receive(enabled(&list));
    bench.events();

    bench.receive(enabled(&list));
    assert_eq!(bench.events(), [Event::MessagingEnabled]);

    bench.receive(enabled(&[entry("bob", "{}"), entry("ada", r#"{"a":1,"b":[3],"c":4}"#)]));
    let changed = json(r#"{"b":[3],"c":4}"#);
    let updated = Event::ParticipantUpdated { id: "ada".into(), changed };
    assert_eq!(bench.events(), [updated, Event::MessagingEnabled]);
}

#[test]
fn changed_attributes_go_over_the_old_ones() {
    let mut bench = Bench::enabled();
    for change in [r#"{"a":1,"b":2}"#, r#"{"a":null}"#] {
        let message = format!(r#"{{"attributes":{change}}}"#);
        bench.deliver("ada", "participant.attributes", &message, b"");
        let changed = json(change);
        let updated = Event::ParticipantUpdated { id: "ada".into(), changed };
        assert_eq!(bench.events(), [updated]);
    }
    let ada = bench.session.participant("ada").unwrap();
    assert_eq!(ada.attributes, json(r#"{"a":null,"b":2}"#));
    let bob = bench.session.participant("bob").unwrap();
    assert_eq!(bob.attributes, json("{}"));
}

#[test]
fn a_list_that_cannot_be_read_ends_the_session() {
    for list in ["{}", r#"{"participants":5}"#, r#"{"participants":[{"id":"ada"}]}"#] {
        let mut bench = Bench::joined(Server::Ours);
        enable(&mut bench);

        bench.deliver("room", "messaging.enabled", list, b"");

        match bench.events().as_slice() {
            [Event::Answered { result: Err(answer), .. }, Event::Ended(error)] => {
                assert_eq!(error.code, ErrorCode::ProtocolError, "{list}");
                assert_eq!(answer, error);
            }
            other => panic!("{list}: {other:?}"),
        }
        assert_eq!(bench.closed().unwrap().0, 4001);
    }
}

#[test]
fn only_the_one_who_was_not_found_is_taken_off_the_list() {
    let mut bench = Bench::enabled();
    bench.session.broadcast(bench.now, outgoing("news", "{}", b"")).unwrap();
    bench.session.send(bench.now, &"nobody".into(), outgoing("chat", "{}", b"")).unwrap();
    bench.session.send(bench.now, &"ada".into(), outgoing("chat", "{}", b"")).unwrap();
    let said = bench.said();
    for said in &said[..2] {
        let ClientFrame::Request { id, .. } = said.frame else { panic!("{said:?}") };
        bench.fail(id, 1003, "gone");
    }
    let ClientFrame::Request { id, .. } = said[2].frame else { panic!("{said:?}") };
    bench.fail(id, 1008, "it broke");

    assert_eq!(bench.events().len(), 3, "three answers and nothing else");
    let ids: Vec<_> = bench.session.participants().map(|one| one.id.to_string()).collect();
    assert_eq!(ids, ["ada", "bob"]);
}

#[test]
fn a_server_that_understood_the_tool_call_before_is_not_asked_in_the_other_form() {
    let mut bench = Bench::joined(Server::Official);
    enable(&mut bench);
    bench.answer_all();
    bench.receive(enabled(&[]));
    bench.session.disable(bench.now).unwrap();
    bench.answer_all();
    bench.events();

    enable(&mut bench);
    let (id, _) = bench.asked();
    bench.wait(Duration::from_secs(10));
    assert!(bench.said().is_empty(), "silence does not make it old");
    bench.fail(id, 1002, "no");

    assert_eq!(failure(&mut bench), ErrorCode::InvalidRequest);
    assert!(bench.said().is_empty());
}
