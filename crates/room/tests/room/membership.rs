//! Coming in and going out.

use room::{Grants, JoinError, Joining, RoomLimits, Traits};
use room_proto::{
    ClientFrame, Content, Delivered, MessageId, ServerFrame, content::codes, frame::FrameError,
};

use crate::bench::{Bench, DUPLEX, OLD, OURS, code, joining, json};

#[test]
fn a_member_is_greeted_with_its_id_its_attributes_and_the_room() {
    let mut bench = Bench::new();
    let attributes = json(r#"{"mood":"good"}"#);

    let member = bench.try_join(Joining { attributes, ..joining("ada") });

    match bench.told(member.expect("there is a place")).as_slice() {
        [
            ServerFrame::Connected { participant_id, attributes },
            ServerFrame::RoomReady { room_name, room_url, session_id, extensions },
        ] => {
            assert_eq!(participant_id.as_str(), "ada");
            assert_eq!(attributes, &json(r#"{"name":"ada","mood":"good"}"#));
            assert_eq!(room_name, "lobby");
            assert_eq!(room_url, "ws://example.org/rooms/lobby");
            assert_eq!(session_id, "run-1");
            assert!(extensions.is_some());
        }
        other => panic!("the greeting, not {other:?}"),
    }
}

#[test]
fn only_our_own_client_hears_of_extensions() {
    let mut bench = Bench::new();
    let member = bench.try_join(Joining { traits: DUPLEX, ..joining("ada") });

    let told = bench.told(member.expect("there is a place"));
    assert!(matches!(told[1], ServerFrame::RoomReady { extensions: None, .. }), "{told:?}");
}

/// What is said to a member that is to be enabled with its coming, and to others.
fn enabled_with_coming(traits: Traits, grants: Grants) -> (Vec<ServerFrame>, Vec<ServerFrame>) {
    let mut bench = Bench::new();
    let ada = bench.enabled("ada", OURS);
    let joining = Joining { enables: true, traits, grants, ..joining("bob") };
    let bob = bench.try_join(joining).expect("there is a place");
    (bench.told(bob), bench.told(ada))
}

#[test]
fn a_member_of_ours_can_be_enabled_with_its_coming() {
    let (to_bob, to_ada) = enabled_with_coming(OURS, Grants::ALL);

    let [_, ServerFrame::RoomReady { extensions: Some(extensions), .. }, listed] = &to_bob[..]
    else {
        panic!("the greeting and the list, not {to_bob:?}");
    };
    assert!(extensions.enabled);
    assert_eq!(kinds(std::slice::from_ref(listed)), ["messaging.enabled"]);
    assert_eq!(kinds(&to_ada), ["participant.enabled"]);
}

#[test]
fn whoever_may_not_or_would_not_know_is_not_enabled_with_its_coming() {
    let denied = Grants { messaging: false, ..Grants::ALL };
    for (traits, grants) in [(OURS, denied), (DUPLEX, Grants::ALL), (OLD, Grants::ALL)] {
        let (to_bob, to_ada) = enabled_with_coming(traits, grants);

        assert_eq!(kinds(&to_bob), ["connected", "room_ready"], "{traits:?}");
        assert!(to_ada.is_empty(), "{traits:?}");
        let announced = to_bob.iter().any(|frame| {
            matches!(frame, ServerFrame::RoomReady { extensions: Some(said), .. } if said.enabled)
        });
        assert!(!announced, "{traits:?}");
    }
}

fn kinds(frames: &[ServerFrame]) -> Vec<&str> {
    frames.iter().map(kind).collect()
}

fn kind(frame: &ServerFrame) -> &str {
    match frame {
        ServerFrame::Connected { .. } => "connected",
        ServerFrame::RoomReady { .. } => "room_ready",
        ServerFrame::Message(Delivered { kind, .. }) => kind,
        other => panic!("a greeting or a message, not {other:?}"),
    }
}

#[test]
fn a_full_room_and_a_taken_id_are_refused() {
    let mut bench = Bench::with_limits(RoomLimits { max_members: 2, ..RoomLimits::default() });
    bench.join("ada", OURS);

    assert_eq!(bench.try_join(joining("ada")), Err(JoinError::IdInUse));
    let bob = bench.join("bob", OURS);
    assert_eq!(bench.try_join(joining("eve")), Err(JoinError::Full { limit: 2 }));

    bench.leave(bob);
    bench.leave(bob);
    assert_eq!(bench.room.len(), 1);
    bench.join("bob", OURS);
}

#[test]
fn whoever_has_left_is_not_heard() {
    let mut bench = Bench::new();
    let ada = bench.join("ada", OURS);
    bench.leave(ada);
    assert!(bench.room.is_empty());

    bench.ask(ada, room_proto::Request::Enable);

    assert_eq!(bench.told(ada), []);
}

#[test]
fn what_cannot_be_read_is_answered_if_anybody_waits_and_logged_if_not() {
    let mut bench = Bench::new();
    let ada = bench.join("ada", OURS);
    let error = |answerable| FrameError {
        id: MessageId(0),
        answerable,
        code: codes::INVALID_REQUEST,
        text: String::from("nonsense"),
    };

    bench.room.handle(ada, Err(error(true)));
    bench.drain();
    let answer = bench.answer(ada, MessageId(0));
    assert_eq!(code(&answer), Some(1002));
    assert_eq!(answer, Content::Error { text: String::from("nonsense"), code: Some(1002) });

    bench.room.handle(ada, Err(error(false)));
    bench.drain();
    assert_eq!(bench.told(ada), [], "an answer could complete another request");
    assert_eq!(bench.refused, [(ada, String::from("nonsense"))]);
}

#[test]
fn attributes_are_bounded() {
    let limits = RoomLimits { max_attribute_bytes: 40, ..RoomLimits::default() };
    let mut bench = Bench::with_limits(limits);
    let ada = bench.join("ada", OURS);
    let attributes = json(&format!(r#"{{"x":"{}"}}"#, "y".repeat(40)));

    bench.say(ada, ClientFrame::SetAttributes { id: MessageId(1), attributes });

    assert_eq!(bench.closed.len(), 1);
    assert_eq!((bench.closed[0].0, bench.closed[0].1), (ada, 4002));
}
