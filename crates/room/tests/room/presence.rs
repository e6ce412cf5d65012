//! Who is told of whom.

use room::Grants;
use room_proto::{ClientFrame, Content, MessageId, Request, ServerFrame};

use crate::bench::{Bench, OLD, OURS, json, triple};

const ADA: &str = r#"{"id":"ada","role":"user","attributes":{"name":"ada"}}"#;

#[test]
fn enabling_is_answered_lists_the_others_and_is_announced_to_them() {
    let mut bench = Bench::new();
    let (ada, guest) = (bench.enabled("ada", OURS), bench.join("guest", OURS));
    let bob = bench.join("bob", OURS);

    let asked = bench.ask(bob, Request::Enable);

    let told = bench.told(bob);
    let answer = ServerFrame::Response { id: asked, content: Content::Empty };
    assert_eq!(told[0], answer, "the answer comes first");
    match &told[1..] {
        [ServerFrame::Message(list)] => {
            assert_eq!((list.from.as_str(), list.kind.as_str()), ("room", "messaging.enabled"));
            assert_eq!(list.message, json(&format!(r#"{{"participants":[{ADA}]}}"#)));
        }
        other => panic!("the list, not {other:?}"),
    }
    let entry = r#"{"id":"bob","role":"user","attributes":{"name":"bob"}}"#;
    assert_eq!(bench.messages(ada), [triple("bob", "participant.enabled", entry)]);
    assert_eq!(bench.told(guest), [], "who has not enabled is not told");
}

#[test]
fn enabling_twice_lists_again_and_announces_once() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    bench.told(ada);

    bench.ask(bob, Request::Enable);

    assert_eq!(bench.messages(bob)[0].1, "messaging.enabled");
    assert_eq!(bench.told(ada), []);
}

#[test]
fn disabling_and_leaving_are_announced_once() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    bench.told(ada);
    let gone = triple("bob", "participant.disabled", r#"{"id":"bob"}"#);

    let asked = bench.ask(bob, Request::Disable);
    assert_eq!(bench.answer(bob, asked), Content::Empty);
    assert_eq!(bench.messages(ada), std::slice::from_ref(&gone));

    bench.ask(bob, Request::Disable);
    assert_eq!(bench.told(ada), []);

    bench.ask(bob, Request::Enable);
    bench.told(ada);
    bench.leave(bob);
    assert_eq!(bench.messages(ada), [gone]);
}

#[test]
fn attributes_are_merged_and_told_to_enabled_others() {
    let mut bench = Bench::new();
    let (ada, guest) = (bench.enabled("ada", OURS), bench.join("guest", OURS));
    let bob = bench.join("bob", OURS);
    let set = |text: &str| ClientFrame::SetAttributes { id: MessageId(7), attributes: json(text) };

    bench.say(bob, set(r#"{"mood":"good"}"#));
    assert_eq!(bench.told(ada), [], "bob is not there yet");
    bench.ask(bob, Request::Enable);
    let entry = r#"{"id":"bob","role":"user","attributes":{"name":"bob","mood":"good"}}"#;
    assert_eq!(bench.messages(ada), [triple("bob", "participant.enabled", entry)]);
    bench.told(bob);

    bench.say(bob, set(r#"{"mood":null}"#));
    let changed = triple("bob", "participant.attributes", r#"{"attributes":{"mood":null}}"#);
    assert_eq!(bench.messages(ada), [changed]);
    assert_eq!(bench.told(bob), [], "nobody answers this");
    assert_eq!(bench.told(guest), []);
}

#[test]
fn without_the_grant_to_list_nobody_is_seen_but_one_is_seen() {
    let mut bench = Bench::new();
    let ada = bench.enabled("ada", OURS);
    let blind = bench.join_with("blind", OURS, Grants { list: false, ..Grants::ALL });

    bench.ask(blind, Request::Enable);
    let empty = triple("room", "messaging.enabled", r#"{"participants":[]}"#);
    assert_eq!(bench.messages(blind), [empty]);
    assert_eq!(bench.messages(ada)[0].1, "participant.enabled");

    bench.ask(ada, Request::Disable);
    bench.ask(ada, Request::Enable);
    assert_eq!(bench.messages(blind), []);
}

#[test]
fn who_only_merges_is_told_who_left_meanwhile() {
    let mut bench = Bench::new();
    let old = bench.enabled("old", OLD);
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    bench.ask(old, Request::Disable);
    bench.told(old);
    bench.leave(bob);
    assert_eq!(bench.told(old), []);

    bench.ask(old, Request::Enable);

    let list = format!(r#"{{"participants":[{ADA}]}}"#);
    let expected = [
        triple("bob", "participant.disabled", r#"{"id":"bob"}"#),
        triple("room", "messaging.enabled", &list),
    ];
    assert_eq!(bench.messages(old), expected);

    bench.ask(old, Request::Disable);
    bench.ask(old, Request::Enable);
    let told = bench.messages(old);
    assert_eq!(told, [triple("room", "messaging.enabled", &list)], "bob is told of once");
    bench.told(ada);
}
