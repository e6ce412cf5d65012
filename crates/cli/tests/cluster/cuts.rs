//! Nodes that are cut from NATS, and a NATS that is gone for a while.

use std::time::Instant;

use room_proto::{Event, Request};
use room_server::Incident;
use tokio_tungstenite::connect_async;

use crate::{
    guest::Guest,
    harness::{Client, Kind, Server, ending, outgoing, within},
    nats::Nats,
    nodes::{LEASE, come_back, hasty_nodes, is_message, lost, node_behind_proxy, nodes},
    proxy::Way,
    spread::added,
};

#[tokio::test]
async fn an_edge_that_is_cut_lets_its_members_go_on_elsewhere() {
    let Some(nats) = Nats::start().await else { return };
    for way in [Way::Cut, Way::Stalled] {
        let [owner, third] = hasty_nodes(&nats).await;
        let mut bob = Client::join(&owner, Kind::Ours, "lobby", "bob").await;
        let (edge, proxy) = node_behind_proxy(&nats).await;
        let mut ann = Guest::join(&edge, "lobby", "ann").await;
        added(&mut ann, &bob.id).await;
        let id = ann.id();

        proxy.set(way);
        for number in 0..20 {
            let said = outgoing("from", &format!(r#"{{"number":{number}}}"#), 1000);
            ann.command(|session, now| session.send(now, &bob.id, said)).await.unwrap();
        }
        let to = Request::Send { to: id.clone(), outgoing: outgoing("to", "{}", 100_000) };
        bob.request(to).await;
        let begun = Instant::now();
        lost(&mut ann).await;
        assert!(begun.elapsed() < LEASE * 2, "{way:?}: it takes {:?}", begun.elapsed());

        let events = come_back(&mut ann, &third).await;
        assert!(matches!(events.last(), Some(Event::Resumed)), "{way:?}: {events:?}");
        ann.until(is_message("to")).await;
        assert_eq!(ann.id(), id);
        for number in 0..20 {
            let got = bob.delivered("from").await;
            assert_eq!(got.message.as_str(), format!(r#"{{"number":{number}}}"#));
        }
    }
}

#[tokio::test]
async fn an_owner_that_is_cut_gives_up_its_rooms_and_others_take_them() {
    let Some(nats) = Nats::start().await else { return };
    for way in [Way::Cut, Way::Stalled] {
        let (owner, proxy) = node_behind_proxy(&nats).await;
        let [other] = hasty_nodes(&nats).await;
        let mut bob = Guest::join(&owner, "lobby", "bob").await;
        let mut ann = Guest::join(&other, "lobby", "ann").await;
        added(&mut bob, &ann.id()).await;
        let ids = [ann.id(), bob.id()];

        proxy.set(way);
        let begun = Instant::now();
        // Who is connected to the owner itself is let go of before others have the room.
        let given_up = async {
            lost(&mut bob).await;
            Instant::now()
        };
        let taken_over = async {
            lost(&mut ann).await;
            let events = come_back(&mut ann, &other).await;
            assert!(matches!(events.last(), Some(Event::Discontinuity(_))), "{way:?}: {events:?}");
            Instant::now()
        };
        let (given_up, taken_over) = tokio::join!(given_up, taken_over);
        assert!(given_up < taken_over, "{way:?}");
        assert!(taken_over - begun < LEASE * 4, "{way:?}: {:?}", taken_over - begun);
        come_back(&mut bob, &other).await;

        // They are in one room again, as others than before.
        bob.until(|event| *event == Event::MessagingEnabled).await;
        let now = [ann.id(), bob.id()];
        assert!(now.iter().all(|id| !ids.contains(id)), "{now:?}");
        let said = outgoing("again", "{}", 10);
        bob.command(|session, now| session.broadcast(now, said)).await.unwrap();
        ann.until(is_message("again")).await;

        // And the node that was cut is one of the others when it is back.
        proxy.set(Way::Open);
        let mut cyd = came_back(&owner, "lobby", "cyd").await;
        let said = outgoing("back", "{}", 10);
        cyd.command(|session, now| session.broadcast(now, said)).await.unwrap();
        ann.until(is_message("back")).await;
    }
}

#[tokio::test]
async fn without_nats_nobody_comes_in_and_with_it_everybody_does() {
    let Some(mut nats) = Nats::start().await else { return };
    let [one, two] = hasty_nodes(&nats).await;
    let mut ann = Guest::join(&one, "lobby", "ann").await;
    let mut bob = Guest::join(&two, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;

    nats.kill();
    lost(&mut bob).await;
    lost(&mut ann).await;
    // Ours are told to try again, others see a status that says so.
    let request = Kind::Ours.upgrade(&two, "other", &two.token("other", "cyd"));
    let (mut socket, _) = within(connect_async(request)).await.unwrap();
    let (code, reason) = ending(&mut socket).await.unwrap();
    let request = Kind::Py0_56_0.upgrade(&two, "other", &two.token("other", "dan"));
    let refused = within(connect_async(request)).await.unwrap_err();
    assert_eq!((code, reason.starts_with("cluster-unavailable")), (1013, true), "{reason}");
    assert!(refused.to_string().contains("503"), "{refused}");
    assert_eq!(two.counted(), [(Incident::ClusterUnavailable, 2)]);

    nats.start_again().await;
    come_back(&mut ann, &two).await;
    come_back(&mut bob, &one).await;
    bob.until(|event| *event == Event::MessagingEnabled).await;
    let said = outgoing("again", "{}", 10);
    bob.command(|session, now| session.broadcast(now, said)).await.unwrap();
    ann.until(is_message("again")).await;
}

#[tokio::test]
async fn a_restart_of_nats_that_is_short_costs_nobody_a_message() {
    let Some(mut nats) = Nats::start().await else { return };
    let [one, two] = nodes(&nats).await;
    let mut ann = Guest::join(&one, "lobby", "ann").await;
    let mut bob = Guest::join(&two, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;
    let (to, id) = (ann.id(), bob.id());

    nats.kill();
    for number in 0..20 {
        let said = outgoing("count", &format!(r#"{{"number":{number}}}"#), 1000);
        bob.command(|session, now| session.send(now, &to, said)).await.unwrap();
    }
    nats.start_again().await;
    lost(&mut bob).await;
    let events = come_back(&mut bob, &two).await;

    // The owner was not away for long enough to lose its rooms.
    assert!(matches!(events.last(), Some(Event::Resumed)), "{events:?}");
    assert_eq!(bob.id(), id);
    for number in 0..20 {
        let events = ann.until(is_message("count")).await;
        let Some(Event::Message(got)) = events.last() else { panic!("{events:?}") };
        assert_eq!(got.message.as_str(), format!(r#"{{"number":{number}}}"#));
    }
}

#[tokio::test]
async fn rooms_that_the_store_has_forgotten_stay_with_whoever_has_them() {
    let Some(nats) = Nats::start().await else { return };
    let (one, proxy) = node_behind_proxy(&nats).await;
    let [two] = hasty_nodes(&nats).await;
    let mut ann = Guest::join(&one, "lobby", "ann").await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let owners = context.get_key_value("room-owners").await.unwrap();
    owners.stream.purge().await.unwrap();

    // It looks when its connection is a new one.
    within(proxy.interrupt()).await;
    within(async {
        while owners.stream.get_info().await.unwrap().state.messages == 0 {
            tokio::time::sleep(LEASE / 40).await;
        }
    })
    .await;
    let mut bob = Guest::join(&two, "lobby", "bob").await;

    let said = outgoing("hi", "{}", 10);
    bob.command(|session, now| session.broadcast(now, said)).await.unwrap();
    ann.until(is_message("hi")).await;
}

/// A member of a node that may not be ready yet.
async fn came_back(server: &Server, room: &str, name: &str) -> Guest {
    loop {
        let request = Kind::Py0_56_0.upgrade(server, room, &server.token(room, name));
        if within(connect_async(request)).await.is_ok() {
            return Guest::join(server, room, name).await;
        }
    }
}
