//! Nodes that are killed.

use std::time::Instant;

use room_proto::Event;
use tokio::time::{sleep, timeout};

use crate::{
    guest::Guest,
    harness::outgoing,
    nats::Nats,
    nodes::{LEASE, Process, come_back, is_message, lost},
    spread::{added, owners},
};

#[tokio::test]
async fn an_edge_that_is_killed_costs_nobody_a_message() {
    let Some(nats) = Nats::start().await else { return };
    let [owner, mut edge, third] = [(); 3].map(|()| Process::start(&nats));
    let mut bob = Guest::join(&owner.server, "lobby", "bob").await;
    let mut ann = Guest::join(&edge.server, "lobby", "ann").await;
    added(&mut ann, &bob.id()).await;
    added(&mut bob, &ann.id()).await;
    let (id, to) = (ann.id(), bob.id());

    let (mut said, mut heard) = (Vec::new(), Vec::new());
    for number in 0..50 {
        let message = format!(r#"{{"number":{number}}}"#);
        if number == 25 {
            edge.kill();
            heard = lost(&mut ann).await;
        }
        let from = outgoing("from", &message, 1000);
        ann.command(|session, now| session.send(now, &to, from)).await.unwrap();
        let back = outgoing("to", &message, 1000);
        bob.command(|session, now| session.send(now, &id, back)).await.unwrap();
        said.push(message);
    }
    let events = come_back(&mut ann, &third.server).await;

    assert!(events.contains(&Event::Resumed), "{events:?}");
    assert_eq!(ann.id(), id);
    assert_eq!(received(&mut bob, "from", said.len()).await, said);
    heard.extend(events);
    let mut heard: Vec<_> = heard.iter().filter_map(text_of("to")).collect();
    heard.extend(received(&mut ann, "to", said.len() - heard.len()).await);
    assert_eq!(heard, said);
}

#[tokio::test]
async fn the_rooms_of_an_owner_that_is_killed_are_taken_over() {
    let Some(nats) = Nats::start().await else { return };
    let [mut owner, second, third] = [(); 3].map(|()| Process::start(&nats));
    let mut cyd = Guest::join(&owner.server, "lobby", "cyd").await;
    let mut ann = Guest::join(&second.server, "lobby", "ann").await;
    let mut bob = Guest::join(&third.server, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;
    added(&mut ann, &cyd.id()).await;
    let ids = [ann.id(), bob.id(), cyd.id()];

    owner.kill();
    let begun = Instant::now();
    for guest in [&mut ann, &mut bob, &mut cyd] {
        lost(guest).await;
    }
    // Everybody is told of the gap, and is in the same room again.
    for guest in [&mut ann, &mut bob, &mut cyd] {
        let events = come_back(guest, &second.server).await;
        assert!(matches!(events.last(), Some(Event::Discontinuity(_))), "{events:?}");
    }
    assert!(begun.elapsed() < LEASE * 4, "it takes {:?}", begun.elapsed());
    cyd.until(|event| *event == Event::MessagingEnabled).await;
    assert!(!ids.contains(&cyd.id()));
    let said = outgoing("again", "{}", 10);
    cyd.command(|session, now| session.broadcast(now, said)).await.unwrap();
    ann.until(is_message("again")).await;
    bob.until(is_message("again")).await;
}

#[tokio::test]
async fn an_owner_that_slept_for_too_long_gives_up_its_rooms() {
    let Some(nats) = Nats::start().await else { return };
    let [owner, other] = [(); 2].map(|()| Process::start(&nats));
    let mut ann = Guest::join(&owner.server, "lobby", "ann").await;
    let mut bob = Guest::join(&other.server, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;

    owner.signal("-STOP");
    lost(&mut bob).await;
    let events = come_back(&mut bob, &other.server).await;
    assert!(matches!(events.last(), Some(Event::Discontinuity(_))), "{events:?}");
    owner.signal("-CONT");
    lost(&mut ann).await;
    // The node is one of the others again, and leads to where the room is now.
    let events = come_back(&mut ann, &owner.server).await;
    assert!(matches!(events.last(), Some(Event::Discontinuity(_))), "{events:?}");

    ann.until(|event| *event == Event::MessagingEnabled).await;
    let said = outgoing("again", "{}", 10);
    ann.command(|session, now| session.broadcast(now, said)).await.unwrap();
    bob.until(is_message("again")).await;
}

#[tokio::test]
async fn a_room_to_which_nobody_comes_back_is_forgotten() {
    let Some(nats) = Nats::start().await else { return };
    let [mut owner, other] = [(); 2].map(|()| Process::start(&nats));
    drop(Guest::join(&other.server, "other", "bob").await);
    let ann = Guest::join(&owner.server, "lobby", "ann").await;
    let owners = owners(&nats).await;
    assert!(owners.get("lobby").await.unwrap().is_some());

    owner.kill();
    drop(ann);

    // Nodes look every five leases, and once more if they could not.
    let forgotten = async {
        while owners.get("lobby").await.unwrap().is_some() {
            sleep(LEASE / 10).await;
        }
    };
    timeout(LEASE * 12, forgotten).await.expect("the room is forgotten");
}

async fn received(guest: &mut Guest, kind: &str, count: usize) -> Vec<String> {
    let mut received = Vec::new();
    for _ in 0..count {
        let events = guest.until(is_message(kind)).await;
        received.extend(events.last().and_then(text_of(kind)));
    }
    received
}

fn text_of(kind: &str) -> impl Fn(&Event) -> Option<String> {
    move |event| match event {
        Event::Message(got) if got.kind == kind => Some(got.message.as_str().to_owned()),
        _ => None,
    }
}
