//! Messages of the application, and attributes of our own.

use bytes::Bytes;
use room_proto::{
    ClientFrame, Content, Delivered, ErrorCode, Event, Family, JsonText, MessageId, Request,
};

use crate::bench::{Bench, Server, json, outgoing};

#[test]
fn messages_arrive_with_and_without_attachment() {
    let mut bench = Bench::joined(Server::Official);

    bench.deliver("ada", "chat", r#"{"text":"\ud800"}"#, b"");
    bench.deliver("bob", "photo", "{}", b"\x00\xff");

    let message = |from: &str, kind: &str, text: &str, attachment: &'static [u8]| {
        Event::Message(Delivered {
            from: from.into(),
            kind: kind.to_owned(),
            message: json(text),
            attachment: Bytes::from_static(attachment),
            trace: None,
        })
    };
    let expected = [
        message("ada", "chat", r#"{"text":"\ud800"}"#, b""),
        message("bob", "photo", "{}", b"\x00\xff"),
    ];
    assert_eq!(bench.events(), expected);
}

#[test]
fn a_message_is_sent_and_answered_without_enabling() {
    let mut bench = Bench::joined(Server::Official);

    let outgoing = outgoing("chat", r#"{"text":"hi"}"#, b"data");
    let request = bench.session.send(bench.now, &"ada".into(), outgoing.clone()).unwrap();

    let (id, asked) = bench.asked();
    assert_eq!(id, MessageId(1));
    assert_eq!(asked, Request::Send { to: "ada".into(), outgoing });
    assert_eq!(bench.events(), []);

    bench.answer(id, Content::Empty);
    assert_eq!(bench.events(), [Event::Answered { request, result: Ok(()) }]);

    bench.answer(id, Content::Empty);
    assert_eq!(bench.events(), [], "a second answer concerns nobody");
}

#[test]
fn a_broadcast_is_sent_and_answered() {
    let mut bench = Bench::joined(Server::Ours);

    let outgoing = outgoing("news", "{}", b"");
    let request = bench.session.broadcast(bench.now, outgoing.clone()).unwrap();

    let (id, asked) = bench.asked();
    assert_eq!(asked, Request::Broadcast { outgoing });
    bench.answer(id, Content::Text(String::from("fine")));
    assert_eq!(bench.events(), [Event::Answered { request, result: Ok(()) }]);
}

#[test]
fn what_is_sent_at_once_is_gathered_until_it_is_much() {
    let mut bench = Bench::joined(Server::Ours);
    let send = |bench: &mut Bench, attachment| {
        let message = outgoing("chat", "{}", attachment);
        bench.session.send(bench.now, &"ada".into(), message).unwrap();
        bench.session.is_full()
    };

    assert!(!send(&mut bench, b"little"));
    assert!(send(&mut bench, &[7; 20_000]), "nothing is put behind something large");
    bench.said();
    assert!(!send(&mut bench, b"little"), "what was there has left");
    assert!((0..256).any(|_| send(&mut bench, b"little")));
}

#[test]
fn attributes_over_the_servers_limit_are_refused_before_they_are_sent() {
    let mut bench = Bench::joined(Server::Ours);
    let large = |bytes: usize| json(&format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes)));

    let error = bench.session.set_attributes(large(1000)).unwrap_err();
    assert_eq!(error.code, ErrorCode::TooLarge);
    assert!(bench.said().is_empty());
    assert!(!bench.session.local_attributes().as_str().contains('x'));

    bench.session.set_attributes(large(900)).unwrap();
    let error = bench.session.set_attributes(json(r#"{"b":"it is all of them that count, not only what changes, and this is enough, all in all"}"#));
    assert_eq!(error.unwrap_err().code, ErrorCode::TooLarge);
}

#[test]
fn request_ids_count_from_one_over_all_kinds() {
    let mut bench = Bench::joined(Server::Official);

    bench.session.set_attributes(json(r#"{"mood":"good"}"#)).unwrap();
    bench.session.enable(bench.now).unwrap();
    bench.session.broadcast(bench.now, outgoing("news", "{}", b"")).unwrap();

    let ids: Vec<_> = bench.said().iter().map(|said| id(&said.frame)).collect();
    assert_eq!(bench.announcements, 1, "it has a number too");
    assert_eq!(ids, [MessageId(1), MessageId(3), MessageId(4)]);
}

fn id(frame: &ClientFrame) -> MessageId {
    match frame {
        ClientFrame::Request { id, .. } | ClientFrame::SetAttributes { id, .. } => *id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_server_decides_words_and_packets() {
    let cases = [
        (Server::Plain, Family::Direct, 1024),
        (Server::Official, Family::Toolkit, 1024),
        (Server::Ours, Family::Direct, 1024 * 1024),
    ];
    for (server, family, packet_bytes) in cases {
        let mut bench = Bench::joined(server);

        let outgoing = outgoing("photo", "{}", &[7; 5000]);
        bench.session.send(bench.now, &"ada".into(), outgoing).unwrap();

        let said = bench.said();
        let kind = match family {
            Family::Direct => "messaging.send",
            Family::Toolkit => "room.invoke_tool",
        };
        assert_eq!(said[0].kind, kind, "{server:?}");
        assert_eq!(said[0].packets, 1 + said[0].body.len().div_ceil(packet_bytes));
    }
}

#[test]
fn every_tool_call_has_a_name_of_its_own() {
    let mut bench = Bench::joined(Server::Official);

    for _ in 0..2 {
        bench.session.broadcast(bench.now, outgoing("news", "{}", b"")).unwrap();
    }

    let said = bench.said();
    let name = |index: usize| {
        let text = String::from_utf8_lossy(&said[index].body).into_owned();
        text.split_once("\"tool_call_id\"").expect("the call has a name").1.to_owned()
    };
    assert_ne!(name(0), name(1));
}

#[test]
fn arguments_that_cannot_be_sent_change_nothing() {
    let mut bench = Bench::joined(Server::Ours);
    let cases = [
        (outgoing("messaging.enabled", "{}", b""), ErrorCode::InvalidArgument),
        (outgoing("stream.chunk", "{}", b""), ErrorCode::InvalidArgument),
        (outgoing("chat", "[]", b""), ErrorCode::InvalidArgument),
        (outgoing("chat", "{}", &[0; 16 * 1024 * 1024]), ErrorCode::TooLarge),
    ];

    for (outgoing, code) in cases {
        let error = bench.session.broadcast(bench.now, outgoing).unwrap_err();
        assert_eq!(error.code, code, "{error}");
    }
    assert!(bench.said().is_empty());

    bench.session.broadcast(bench.now, outgoing("chat", "{}", b"")).unwrap();
    assert_eq!(bench.asked().0, MessageId(1));
}

#[test]
fn attributes_are_merged_here_and_sent() {
    for (server, is_plain) in [(Server::Plain, true), (Server::Official, false)] {
        let mut bench = Bench::joined(server);

        bench.session.set_attributes(json(r#"{"mood":"good"}"#)).unwrap();

        assert_eq!(bench.session.local_attributes(), &json(r#"{"name":"Mia","mood":"good"}"#));
        let said = bench.said();
        assert_eq!(said[0].body.starts_with(b"{"), is_plain);
        match &said[0].frame {
            ClientFrame::SetAttributes { attributes, .. } => {
                assert_eq!(attributes, &json(r#"{"mood":"good"}"#));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(bench.session.next_wakeup(), None, "nobody answers attributes");
    }
}

#[test]
fn attributes_that_are_no_object_are_refused() {
    let mut bench = Bench::joined(Server::Ours);

    let error = bench.session.set_attributes(json("[1]")).unwrap_err();

    assert_eq!(error.code, ErrorCode::InvalidArgument);
    assert_eq!(bench.session.local_attributes(), &json(r#"{"name":"Mia"}"#));
    assert!(bench.said().is_empty());
}

#[test]
fn our_attributes_may_be_empty() {
    let mut bench = Bench::joined(Server::Ours);

    bench.session.set_attributes(JsonText::empty_object()).unwrap();

    assert_eq!(bench.session.local_attributes(), &json(r#"{"name":"Mia"}"#));
}
