//! Clients of every generation in one room.

use room_proto::{Extensions, Limits, Request, ServerFrame, frame::system};

use crate::harness::{Client, Kind, Server, outgoing};

#[tokio::test]
async fn every_client_gets_the_handshake_it_can_read() {
    let server = Server::start().await;

    for kind in Kind::ALL {
        let (client, [connected, ready]) = Client::connect(&server, kind, "lobby", "ann").await;

        for message in [&connected, &ready] {
            let padded = message.body.starts_with(b"        {");
            assert_eq!(padded, kind == Kind::Py0_0_21, "{kind:?}");
        }

        let ready = ServerFrame::decode(&ready, &Limits::default()).unwrap();
        let ServerFrame::RoomReady { room_name, room_url, session_id, extensions } = ready else {
            panic!("room_ready comes second, not {ready:?}");
        };
        assert_eq!(room_name, "lobby");
        assert_eq!(room_url, format!("ws://{}/rooms/lobby", server.address));
        assert!(!session_id.is_empty());
        let announced = (kind == Kind::Ours).then_some(Extensions {
            version: 1,
            raw_attachments: true,
            batches: true,
            enabled: false,
            max_packet_bytes: Some(1024 * 1024),
            max_message_bytes: Some(32 * 1024 * 1024),
            max_attribute_bytes: Some(64 * 1024),
            resume: None,
        });
        assert_eq!(extensions, announced, "{kind:?}");
        assert!(!client.id.as_str().is_empty());
    }
}

#[tokio::test]
async fn our_client_can_be_enabled_with_its_connection() {
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    let (mut bob, [_, ready]) = Client::connect_asking(&server, Kind::Ours, "duplex,v1").await;

    let ready = ServerFrame::decode(&ready, &Limits::default()).unwrap();
    assert!(
        matches!(&ready, ServerFrame::RoomReady { extensions: Some(said), .. } if said.enabled)
    );
    let listed = bob.delivered(system::ENABLED).await;
    assert!(listed.message.as_str().contains(ann.id.as_str()), "{listed:?}");
    let seen = ann.delivered(system::PARTICIPANT_ENABLED).await;
    assert!(seen.message.as_str().contains(r#""streams":["duplex","v1"]"#), "{seen:?}");
    let request = Request::Send { to: bob.id.clone(), outgoing: outgoing("note", "{}", 0) };
    ann.request(request).await;
    assert_eq!(bob.delivered("note").await.from, ann.id);
}

#[tokio::test]
async fn what_a_url_says_of_streams_cannot_be_large_and_breaks_nothing() {
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    let (_bob, [_, ready]) = Client::connect_asking(&server, Kind::Ours, &"a,".repeat(33)).await;
    let ready = ServerFrame::decode(&ready, &Limits::default()).unwrap();
    assert!(
        matches!(&ready, ServerFrame::RoomReady { extensions: Some(said), .. } if !said.enabled)
    );

    for (given, kinds) in [("", "[]"), (",,", "[]"), ("%22,v%01", r#"["\"","v\u0001"]"#)] {
        let (bob, _) = Client::connect_asking(&server, Kind::Ours, given).await;
        let seen = ann.delivered(system::PARTICIPANT_ENABLED).await;
        assert_eq!(seen.from, bob.id);
        let streams = format!(r#""streams":{kinds}"#);
        assert!(seen.message.as_str().contains(&streams), "{given:?}: {seen:?}");
    }
}

#[tokio::test]
async fn others_are_not_enabled_with_their_connection() {
    let server = Server::start().await;

    for kind in [Kind::Npm0_39_9, Kind::Py0_56_0] {
        let (mut client, _) = Client::connect_asking(&server, kind, "v1").await;
        // Whatever came of the connection would come before the answer.
        let asked = client.say(Request::Broadcast { outgoing: outgoing("note", "{}", 0) }).await;
        let first = client.frame().await;
        let is_answer = matches!(&first, ServerFrame::Response { id, .. } if *id == asked);
        assert!(is_answer, "{kind:?} hears {first:?}");
    }
}

#[tokio::test]
async fn every_client_reaches_every_other() {
    let server = Server::start().await;

    for from in Kind::ALL {
        for to in Kind::ALL {
            let mut ann = Client::join(&server, from, "lobby", "ann").await;
            let mut bob = Client::join(&server, to, "lobby", "bob").await;
            let seen = ann.delivered(system::PARTICIPANT_ENABLED).await;
            assert_eq!(seen.from, bob.id, "{from:?} sees {to:?}");

            for attachment in [0, 1, 1023, 1024, 1025, 5000, 100_000] {
                let sent = outgoing("note", r#"{"a":["é","\ud800"]}"#, attachment);
                let request = Request::Send { to: bob.id.clone(), outgoing: sent.clone() };
                ann.request(request).await;

                let got = bob.delivered("note").await;
                assert_eq!(got.from, ann.id, "{from:?} to {to:?}");
                assert_eq!(got.attachment, sent.attachment, "{from:?} to {to:?}");
                assert!(got.message.as_str().contains("\\ud800"), "{from:?} to {to:?}");
            }

            let whole = to == Kind::Ours;
            assert_eq!(bob.largest_packet > 100_000, whole, "{to:?}");
            assert!(whole || bob.largest_packet <= 16 * 1024 + 12, "{to:?}");
        }
    }
}

#[tokio::test]
async fn a_burst_arrives_in_order_and_a_broadcast_everywhere() {
    const BURST: usize = 500;
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let mut listeners = Vec::new();
    for kind in Kind::ALL {
        listeners.push(Client::join(&server, kind, "lobby", "listener").await);
    }

    for number in 0..BURST {
        let message = format!(r#"{{"number":{number}}}"#);
        ann.say(Request::Broadcast { outgoing: outgoing("count", &message, 100) }).await;
    }

    for listener in &mut listeners {
        for number in 0..BURST {
            let message: serde_json::Value =
                serde_json::from_str(listener.delivered("count").await.message.as_str()).unwrap();
            assert_eq!(message["number"], number);
        }
    }
}

#[tokio::test]
async fn rooms_do_not_hear_each_other_and_end_with_their_last_member() {
    let server = Server::start().await;
    let session = async |room: &'static str| {
        let (client, [_, ready]) = Client::connect(&server, Kind::Ours, room, "ann").await;
        match ServerFrame::decode(&ready, &Limits::default()).unwrap() {
            ServerFrame::RoomReady { session_id, .. } => (client, session_id),
            other => panic!("{other:?}"),
        }
    };

    let (_one, first) = session("one").await;
    let (mut again, same) = session("one").await;
    let (_two, other) = session("two").await;
    assert_eq!(first, same);
    assert_ne!(first, other);

    let (mut three, before) = session("three").await;
    three.socket.close(None).await.unwrap();
    three.ending().await;
    let (_three, after) = session("three").await;
    assert_ne!(before, after);

    again.request(Request::Enable).await;
    let list = again.delivered(system::ENABLED).await;
    assert!(list.message.as_str().contains(r#""participants":[]"#), "{:?}", list.message);
}
