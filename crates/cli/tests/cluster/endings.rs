//! How nodes end, and do not begin.

use std::process::Command;

use room_proto::{Event, Request, frame::system};

use crate::{
    guest::Guest,
    harness::{Client, Kind, SECRET, Server, outgoing, within},
    nats::Nats,
    nodes::{come_back, is_message, lost, nodes},
    spread::added,
};

#[tokio::test]
async fn an_edge_that_shuts_down_tells_its_members_and_they_go_on_elsewhere() {
    let Some(nats) = Nats::start().await else { return };
    let [owner, edge, third] = nodes(&nats).await;
    let mut bob = Client::join(&owner, Kind::Npm0_39_9, "lobby", "bob").await;
    let mut ann = Guest::join(&edge, "lobby", "ann").await;
    let mut old = Client::join(&edge, Kind::Npm0_39_9, "lobby", "old").await;
    added(&mut ann, &bob.id).await;

    let running = edge.stop();
    lost(&mut ann).await;
    assert_eq!(old.ending().await, None, "others come back after a loss, not after a close");
    let events = come_back(&mut ann, &third).await;
    within(running).await.unwrap().unwrap();

    assert!(matches!(events.last(), Some(Event::Resumed)), "{events:?}");
    assert_eq!(bob.delivered(system::PARTICIPANT_DISABLED).await.from, old.id);
    bob.request(Request::Broadcast { outgoing: outgoing("hi", "{}", 0) }).await;
    ann.until(is_message("hi")).await;
}

#[tokio::test]
async fn the_rooms_of_an_owner_that_shuts_down_are_free_at_once() {
    let Some(nats) = Nats::start().await else { return };
    let [owner, other] = nodes(&nats).await;
    let mut ann = Guest::join(&owner, "lobby", "ann").await;
    let mut bob = Guest::join(&other, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;

    let running = owner.stop();
    lost(&mut ann).await;
    lost(&mut bob).await;
    come_back(&mut ann, &other).await;
    come_back(&mut bob, &other).await;
    within(running).await.unwrap().unwrap();

    bob.until(|event| *event == Event::MessagingEnabled).await;
    let said = outgoing("again", "{}", 10);
    bob.command(|session, now| session.broadcast(now, said)).await.unwrap();
    ann.until(is_message("again")).await;
}

#[tokio::test]
async fn nodes_can_begin_at_the_same_moment() {
    let Some(nats) = Nats::start().await else { return };
    let nodes: [Server; 8] = nodes(&nats).await;

    let mut ann = Client::join(&nodes[0], Kind::Ours, "lobby", "ann").await;
    for node in &nodes {
        let mut bob = Client::join(node, Kind::Ours, "lobby", "bob").await;
        bob.request(Request::Broadcast { outgoing: outgoing("hi", "{}", 0) }).await;
        assert_eq!(ann.delivered("hi").await.from, bob.id);
    }
}

#[test]
fn a_node_that_cannot_meet_the_others_says_why_and_does_not_run() {
    let serve = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_room"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let output = command.env("ROOM_SECRET", SECRET).env_remove("RUST_LOG").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };

    let address = "127.0.0.1:1"; // Nobody listens there.
    let (code, text) = serve(&["--cluster", &format!("nats://ann:geheim@{address}")]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(&format!("cannot connect to NATS at {address}")), "{text}");
    assert!(!text.contains("geheim"), "{text}");

    let (code, text) = serve(&["--cluster", "http://localhost"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("--cluster") && text.contains("nats://"), "{text}");
    let (code, text) = serve(&["--cluster", "nats://localhost", "--cluster-lease", "0"]);
    assert_eq!(code, Some(2), "{text}");
}

#[tokio::test]
async fn a_node_with_another_lease_does_not_run() {
    let Some(nats) = Nats::start().await else { return };
    let [one] = nodes(&nats).await;
    // The first has made the buckets when somebody can come in.
    drop(Client::join(&one, Kind::Ours, "lobby", "ann").await);

    let output = Command::new(env!("CARGO_BIN_EXE_room"))
        .args(["serve", "--listen", "127.0.0.1:0", "--cluster", &nats.url()])
        .args(["--cluster-lease", "9"])
        .env("ROOM_SECRET", SECRET)
        .output()
        .unwrap();

    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("lease of 30s") && text.contains("9s"), "{text}");
}
