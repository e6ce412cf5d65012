//! What the admin address tells.

use std::time::Duration;

use room_proto::Request;

use crate::{
    guest::Guest,
    harness::{Client, Kind, Server, outgoing},
    limits::refused,
};

#[tokio::test]
async fn what_passes_through_is_counted() {
    let server = Server::start().await;
    let mut bob = Client::join(&server, Kind::Py0_56_0, "lobby", "bob").await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let _eve = Client::join(&server, Kind::Npm0_39_9, "other", "eve").await;
    let before = server.metrics().await;
    for (name, value) in [
        ("room_rooms", 2),
        ("room_members", 3),
        ("room_connections", 3),
        ("room_kept_seats", 0),
        ("room_joins_total", 3),
        ("room_resumes_total", 0),
    ] {
        assert_eq!(before.of(name), value, "{name}");
    }

    for number in 0..10 {
        ann.request(Request::Broadcast { outgoing: outgoing("n", "{}", 50_000) }).await;
        assert_eq!(bob.delivered("n").await.attachment.len(), 50_000, "{number}");
    }

    let after = server.metrics().await;
    let more = |name: &str| after.of(name) - before.of(name);
    assert_eq!(more("room_messages_received_total"), 10);
    // Each is delivered and answered.
    assert_eq!(more("room_messages_sent_total"), 20);
    for name in ["room_received_bytes_total", "room_sent_bytes_total"] {
        assert!((500_000..520_000).contains(&more(name)), "{name}: {}", more(name));
    }
}

#[tokio::test]
async fn who_is_away_has_a_kept_seat_and_comes_back_once() {
    let server = Server::start().await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;

    ann.cut();
    let away = server.metrics_when("room_kept_seats", 1).await;
    assert_eq!((away.of("room_connections"), away.of("room_members")), (0, 1));

    ann.come_back(&server).await;
    let back = server.metrics_when("room_kept_seats", 0).await;
    assert_eq!((back.of("room_connections"), back.of("room_members")), (1, 1));
    assert_eq!((back.of("room_resumes_total"), back.of("room_joins_total")), (1, 1));
}

#[tokio::test]
async fn who_leaves_is_counted_no_more() {
    let server = Server::start_with(|config| config.resume_grace = Duration::ZERO).await;
    let ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    drop(ann);

    let after = server.metrics_when("room_connections", 0).await;
    assert_eq!((after.of("room_rooms"), after.of("room_members")), (0, 0));
    assert_eq!(after.of("room_joins_total"), 1);
}

#[tokio::test]
async fn refusals_have_their_reason() {
    let server = Server::start().await;
    for _ in 0..2 {
        refused(Kind::Py0_56_0.upgrade(&server, "lobby", "nonsense")).await;
    }

    let answer = server.admin("/metrics").await;

    assert_eq!(answer.status, 200);
    let kind = Some("text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("content-type"), kind);
    let line = "room_refused_total{reason=\"permission-denied\"} 2\n";
    assert!(answer.body.contains(line), "{}", answer.body);
    assert!(answer.body.contains("room_refused_total{reason=\"room-full\"} 0\n"));
    // Neither names of rooms nor of members: whoever joins would make new series.
    assert!(!answer.body.contains("lobby"), "{}", answer.body);
}

#[tokio::test]
async fn metrics_are_on_the_admin_address_and_rooms_on_the_other() {
    let server = Server::start_with(|config| config.dev = true).await;

    assert_eq!(server.http("GET", "/metrics", "").await.status, 404);
    for path in ["/rooms/lobby", "/dev/token", "/"] {
        assert_eq!(server.admin(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn health_is_told_on_both() {
    let server = Server::start().await;

    for answer in [server.admin("/healthz").await, server.http("GET", "/healthz", "").await] {
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }
    for answer in [server.admin("/readyz").await, server.http("GET", "/readyz", "").await] {
        assert_eq!((answer.status, answer.body.as_str()), (200, "ready"));
    }
}
