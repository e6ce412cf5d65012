//! Members of one room that are connected to different nodes.

use std::time::Duration;

use futures_util::StreamExt as _;
use room_proto::{Event, JsonText, ParticipantId, Request, frame::system};
use room_server::Incident;
use tokio_tungstenite::connect_async;

use crate::{
    guest::Guest,
    harness::{Client, Kind, Server, ending, outgoing, within},
    nats::Nats,
    nodes::{come_back, is_message, nodes, nodes_with},
};

#[tokio::test]
async fn everything_arrives_wherever_its_recipient_is_connected() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two, three] = nodes(&nats).await;
    let mut ann = Guest::join(&one, "lobby", "ann").await;
    let mut bob = Guest::join(&two, "lobby", "bob").await;
    let mut cyd = Client::join(&three, Kind::Npm0_39_9, "lobby", "cyd").await;
    added(&mut ann, &cyd.id).await;
    added(&mut bob, &cyd.id).await;
    assert!(bob.session.participant(ann.id().as_str()).is_some());

    // Direct, with an attachment that is a lot of parts.
    let big = outgoing("big", r#"{"n":1}"#, 5 * 1024 * 1024);
    let expected = big.attachment.clone();
    bob.command(|session, now| session.send(now, &ann.id(), big)).await.unwrap();
    let events = ann.until(is_message("big")).await;
    let Some(Event::Message(got)) = events.last() else { panic!("{events:?}") };
    assert_eq!((got.from.clone(), &got.attachment), (bob.id(), &expected));

    // To everybody, from a client of others.
    cyd.request(Request::Broadcast { outgoing: outgoing("all", "{}", 10) }).await;
    ann.until(is_message("all")).await;
    bob.until(is_message("all")).await;

    // Many small ones, in order.
    for number in 0..200 {
        let said = outgoing("count", &format!(r#"{{"number":{number}}}"#), 10);
        ann.command(|session, now| session.broadcast(now, said)).await.unwrap();
    }
    for number in 0..200 {
        let got = cyd.delivered("count").await;
        assert_eq!(got.message.as_str(), format!(r#"{{"number":{number}}}"#));
    }

    // Attributes.
    let mood = JsonText::object(r#"{"mood":"fine"}"#).unwrap();
    ann.command(|session, _| session.set_attributes(mood)).await.unwrap();
    let updated = |event: &Event| matches!(event, Event::ParticipantUpdated { .. });
    bob.until(updated).await;
    let seen = bob.session.participant(ann.id().as_str()).unwrap();
    assert!(seen.attributes.as_str().contains("fine"));

    // Leaving.
    let left = cyd.id.clone();
    drop(cyd);
    let gone = |event: &Event| matches!(event, Event::ParticipantRemoved(one) if one.id == left);
    ann.until(gone).await;
    bob.until(gone).await;
}

#[tokio::test]
async fn every_kind_of_client_is_served_over_a_line_as_it_is_without() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two] = nodes(&nats).await;
    let mut ann = Client::join(&one, Kind::Ours, "lobby", "ann").await;

    for kind in Kind::ALL {
        let mut guest = Client::join(&two, kind, "lobby", "guest").await;
        ann.request(Request::Send { to: guest.id.clone(), outgoing: outgoing("hi", "{}", 50_000) })
            .await;
        let got = guest.delivered("hi").await;
        assert_eq!(got.attachment.len(), 50_000, "{kind:?}");
        guest.request(Request::Broadcast { outgoing: outgoing("ho", "{}", 20_000) }).await;
        assert_eq!(ann.delivered("ho").await.from, guest.id, "{kind:?}");
        guest.socket.close(None).await.unwrap();
        while guest.socket.next().await.is_some() {}
        assert_eq!(ann.delivered(system::PARTICIPANT_DISABLED).await.from, guest.id, "{kind:?}");
    }
}

#[tokio::test]
async fn a_session_goes_on_at_another_node_and_loses_nothing() {
    let Some(nats) = Nats::start().await else { return };
    let nodes: [Server; 3] = nodes(&nats).await;
    let mut ann = Guest::join(&nodes[0], "lobby", "ann").await;
    let mut bob = Client::join(&nodes[1], Kind::Npm0_39_9, "lobby", "bob").await;
    added(&mut ann, &bob.id).await;
    let id = ann.id();

    // From the owner away, on, and back to it.
    for at in [1, 2, 0, 2] {
        ann.cut();
        let to = Request::Send { to: id.clone(), outgoing: outgoing("to", "{}", 100_000) };
        bob.request(to).await;
        for number in 0..50 {
            let said = outgoing("from", &format!(r#"{{"number":{number}}}"#), 10);
            ann.command(|session, now| session.send(now, &bob.id, said)).await.unwrap();
        }

        let events = come_back(&mut ann, &nodes[at]).await;
        assert!(matches!(events.last(), Some(Event::Resumed)), "node {at}: {events:?}");
        ann.until(is_message("to")).await;
        assert_eq!(ann.id(), id);
        for number in 0..50 {
            let got = bob.delivered("from").await;
            assert_eq!(got.message.as_str(), format!(r#"{{"number":{number}}}"#));
        }
    }

    // Nothing but what was expected came to him: nobody left, nothing came twice.
    ann.command(|session, now| session.broadcast(now, outgoing("end", "{}", 0))).await.unwrap();
    let next = bob.frame().await;
    assert!(format!("{next:?}").contains("end"), "{next:?}");
}

#[tokio::test]
async fn a_room_that_is_full_says_so_at_every_node() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two] = nodes_with(&nats, |config| config.room_limits.max_members = 1).await;
    let _ann = Client::join(&one, Kind::Py0_56_0, "lobby", "ann").await;

    let request = Kind::Ours.upgrade(&two, "lobby", &two.token("lobby", "bob"));
    let (mut socket, _) = within(connect_async(request)).await.unwrap();
    let (code, reason) = ending(&mut socket).await.unwrap();
    let request = Kind::Py0_56_0.upgrade(&two, "lobby", &two.token("lobby", "cyd"));
    let refused = within(connect_async(request)).await.unwrap_err();

    assert_eq!((code, reason.contains('1')), (1000, true), "{reason}");
    assert!(refused.to_string().contains("503"), "{refused}");
    assert_eq!(two.counted(), [(Incident::RoomFull, 2)]);
}

#[tokio::test]
async fn what_is_not_in_the_protocol_ends_a_connection_over_a_line_too() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two] = nodes_with(&nats, |config| config.limits.max_message_bytes = 64 * 1024).await;
    let mut ann = Client::join(&one, Kind::Ours, "lobby", "ann").await;

    // A little too large is found by the protocol, much too large by the WebSocket at the edge.
    for bytes in [65 * 1024, 512 * 1024] {
        let mut bob = Client::join(&two, Kind::Ours, "lobby", "bob").await;
        bob.say(Request::Broadcast { outgoing: outgoing("large", "{}", bytes) }).await;

        let (code, reason) = bob.ending().await.unwrap();
        assert_eq!(code, 4002, "{reason}");
        assert_eq!(ann.delivered(system::PARTICIPANT_DISABLED).await.from, bob.id);
    }
    assert_eq!(one.counted(), [(Incident::MessageTooLarge, 2)]);
}

#[tokio::test]
async fn who_does_not_read_is_disconnected_over_a_line_too() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two] = nodes_with(&nats, |config| config.max_queued_bytes = 256 * 1024).await;
    let mut ann = Client::join(&one, Kind::Ours, "lobby", "ann").await;
    let mut slow = Client::join(&two, Kind::Ours, "lobby", "slow").await;

    for sent in 0.. {
        assert!(sent < 10_000, "nobody disconnects the slow one");
        ann.request(Request::Broadcast { outgoing: outgoing("count", "{}", 64 * 1024) }).await;
        if one.counted() == [(Incident::TooSlow, 1)] {
            break;
        }
    }

    assert_eq!(slow.ending().await, Some((4000, String::from("too slow"))));
    assert_eq!(ann.delivered(system::PARTICIPANT_DISABLED).await.from, slow.id);
}

#[tokio::test]
async fn a_member_is_enabled_with_its_connection_over_a_line_too() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two] = nodes(&nats).await;
    let mut ann = Client::join(&one, Kind::Ours, "lobby", "ann").await;

    let (mut bob, _) = Client::connect_asking(&two, Kind::Ours, "v1").await;

    let listed = bob.delivered(system::ENABLED).await;
    assert!(listed.message.as_str().contains(ann.id.as_str()), "{listed:?}");
    let seen = ann.delivered(system::PARTICIPANT_ENABLED).await;
    assert!(seen.message.as_str().contains(r#""streams":["v1"]"#), "{seen:?}");
}

#[tokio::test]
async fn an_empty_room_is_given_back_and_can_be_anywhere_next() {
    let Some(nats) = Nats::start().await else { return };
    let [one, two] = nodes(&nats).await;
    drop(Client::join(&one, Kind::Ours, "lobby", "ann").await);
    let owners = owners(&nats).await;

    within(async {
        while owners.stream.get_info().await.unwrap().state.messages > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let mut bob = Client::join(&two, Kind::Ours, "lobby", "bob").await;
    let mut cyd = Client::join(&one, Kind::Ours, "lobby", "cyd").await;

    cyd.request(Request::Broadcast { outgoing: outgoing("hi", "{}", 0) }).await;
    assert_eq!(bob.delivered("hi").await.from, cyd.id);
    assert_eq!(owners.stream.get_info().await.unwrap().state.messages, 1);
}

pub(crate) async fn owners(nats: &Nats) -> async_nats::jetstream::kv::Store {
    let client = async_nats::connect(nats.url()).await.unwrap();
    async_nats::jetstream::new(client).get_key_value("room-owners").await.unwrap()
}

pub(crate) async fn added(guest: &mut Guest, id: &ParticipantId) {
    if guest.session.participant(id.as_str()).is_none() {
        guest.until(|event| matches!(event, Event::ParticipantAdded(added) if added == id)).await;
    }
}
