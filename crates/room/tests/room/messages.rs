//! Direct messages and broadcasts.

use bytes::Bytes;
use room::{Grants, Joining};
use room_proto::{Content, Delivered, Request, ServerFrame};

use crate::bench::{Bench, DUPLEX, OLD, OURS, code, joining, json, outgoing, send};

#[test]
fn a_message_arrives_as_it_was_sent_and_is_answered() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OLD));
    bench.told(ada);

    let asked = bench.ask(ada, send("bob", "chat"));

    assert_eq!(bench.answer(ada, asked), Content::Empty);
    let expected = ServerFrame::Message(Delivered {
        from: "ada".into(),
        kind: String::from("chat"),
        message: json(r#"{"text":"\ud800"}"#),
        attachment: Bytes::from_static(b"\x01\x02"),
        trace: None,
    });
    assert_eq!(bench.told(bob), [expected]);
}

#[test]
fn who_is_unknown_or_not_enabled_is_not_found_in_exactly_these_words() {
    let mut bench = Bench::new();
    let ada = bench.enabled("ada", OURS);
    let bob = bench.join("bob", OURS);

    for to in ["bob", "nobody"] {
        let asked = bench.ask(ada, send(to, "chat"));
        let text = String::from("the participant was not found");
        assert_eq!(bench.answer(ada, asked), Content::Error { text, code: Some(1003) });
    }
    assert_eq!(bench.told(bob), []);
}

#[test]
fn one_can_write_to_oneself_and_without_enabling() {
    let mut bench = Bench::new();
    let ada = bench.enabled("ada", OURS);
    let guest = bench.join("guest", OURS);

    bench.ask(ada, send("ada", "note"));
    assert_eq!(bench.messages(ada)[0].1, "note");

    let asked = bench.ask(guest, send("ada", "chat"));
    assert_eq!(bench.answer(guest, asked), Content::Empty);
    assert_eq!(bench.messages(ada)[0].0, "guest");
}

#[test]
fn a_broadcast_reaches_all_enabled_others() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OLD));
    let (eve, guest) = (bench.enabled("eve", DUPLEX), bench.join("guest", OURS));
    bench.told(ada);
    bench.told(bob);

    let asked = bench.ask(ada, Request::Broadcast { outgoing: outgoing("news") });

    assert_eq!(bench.answer(ada, asked), Content::Empty);
    for member in [bob, eve] {
        assert_eq!(bench.messages(member)[0].1, "news");
    }
    assert_eq!(bench.told(guest), []);
}

#[test]
fn a_broadcast_to_nobody_succeeds() {
    let mut bench = Bench::new();
    let ada = bench.join("ada", OURS);

    let asked = bench.ask(ada, Request::Broadcast { outgoing: outgoing("news") });

    assert_eq!(bench.answer(ada, asked), Content::Empty);
}

#[test]
fn grants_deny_with_1001() {
    let denials = [
        (Grants { send: false, ..Grants::ALL }, send("bob", "chat")),
        (
            Grants { broadcast: false, ..Grants::ALL },
            Request::Broadcast { outgoing: outgoing("x") },
        ),
        (Grants::NONE, send("bob", "chat")),
        (Grants::NONE, Request::Broadcast { outgoing: outgoing("x") }),
        (Grants::NONE, Request::Enable),
        (
            Grants { send: false, ..Grants::ALL },
            Request::OpenCall { tool_call_id: String::from("t") },
        ),
    ];
    for (grants, request) in denials {
        let mut bench = Bench::new();
        let bob = bench.enabled("bob", OURS);
        let ada = bench.join_with("ada", OURS, grants);

        let asked = bench.ask(ada, request.clone());

        assert_eq!(code(&bench.answer(ada, asked)), Some(1001), "{grants:?} {request:?}");
        assert_eq!(bench.told(bob), [], "{grants:?} {request:?}");
    }
}

#[test]
fn only_the_room_says_who_is_there() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    bench.told(ada);

    for kind in [
        "messaging.enabled",
        "participant.enabled",
        "participant.disabled",
        "participant.attributes",
    ] {
        let asked = bench.ask(ada, send("bob", kind));
        assert_eq!(code(&bench.answer(ada, asked)), Some(1002), "{kind}");
        let asked = bench.ask(ada, Request::Broadcast { outgoing: outgoing(kind) });
        assert_eq!(code(&bench.answer(ada, asked)), Some(1002), "{kind}");
    }
    assert_eq!(bench.told(bob), []);
}

#[test]
fn users_cannot_dismiss_others_and_services_can() {
    let mut bench = Bench::new();
    let bob = bench.enabled("bob", OURS);
    let ada = bench.join("ada", OURS);
    let agent = Joining { role: String::from("agent"), ..joining("agent") };
    let agent = bench.try_join(agent).expect("there is a place");
    bench.told(agent);

    let asked = bench.ask(ada, send("bob", "dismiss"));
    assert_eq!(code(&bench.answer(ada, asked)), Some(1001));
    let asked = bench.ask(agent, send("bob", "dismiss"));
    assert_eq!(bench.answer(agent, asked), Content::Empty);
    assert_eq!(bench.messages(bob).len(), 1);
}

#[test]
fn each_receiver_hears_each_sender_in_order() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    let eve = bench.enabled("eve", OURS);

    for number in 0..100 {
        bench.ask(ada, send("eve", &format!("ada-{number}")));
        bench.ask(bob, Request::Broadcast { outgoing: outgoing(&format!("bob-{number}")) });
    }

    let kinds: Vec<_> = bench.messages(eve).into_iter().map(|(_, kind, _)| kind).collect();
    for sender in ["ada", "bob"] {
        let heard: Vec<_> = kinds.iter().filter(|kind| kind.starts_with(sender)).collect();
        let expected: Vec<_> = (0..100).map(|number| format!("{sender}-{number}")).collect();
        assert_eq!(heard, expected.iter().collect::<Vec<_>>());
    }
}
