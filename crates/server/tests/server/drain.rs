//! How a server is emptied before it ends.

use std::time::Duration;

use room_proto::{Event, Request};
use room_server::Incident;
use tokio_tungstenite::{connect_async, tungstenite};

use crate::{
    guest::Guest,
    harness::{Client, Kind, Server, ending, outgoing, within},
    log::Log,
};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_draining_server_lets_nobody_in_and_asks_for_another_try() {
    let log = Log::start();
    let mut server = Server::start_with(|config| config.drain_time = LONG).await;
    let _ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let token = server.token("lobby", "bob");

    server.signal();
    server.is_draining().await;

    let request = Kind::Py0_56_0.upgrade(&server, "lobby", &token);
    let Err(tungstenite::Error::Http(response)) = within(connect_async(request)).await else {
        panic!("it was let in");
    };
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    let body = String::from_utf8(response.into_body().unwrap()).unwrap();
    assert!(body.contains(r#""code":"draining""#), "{body}");

    let mut page = Kind::Npm0_39_9.upgrade(&server, "lobby", &token);
    page.headers_mut().insert("origin", "https://example.org".parse().unwrap());
    for request in [Kind::Ours.upgrade(&server, "lobby", &token), page] {
        let (mut socket, _) = within(connect_async(request)).await.unwrap();
        let reason = String::from("the server is about to end; try again");
        assert_eq!(ending(&mut socket).await, Some((1013, reason)));
    }
    assert_eq!(server.counted(), [(Incident::Draining, 3)]);
    log.one_line("draining seconds", &["INFO", "600"]);
}

#[tokio::test]
async fn a_draining_server_is_alive_but_not_ready() {
    let mut server = Server::start_with(|config| config.drain_time = LONG).await;
    let _ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    server.signal();
    server.is_draining().await;

    for answer in [server.admin("/readyz").await, server.http("GET", "/readyz", "").await] {
        assert_eq!((answer.status, answer.body.as_str()), (503, "draining"));
    }
    for answer in [server.admin("/healthz").await, server.http("GET", "/healthz", "").await] {
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn a_server_that_is_empty_does_not_wait() {
    let mut server = Server::start_with(|config| config.drain_time = LONG).await;
    let mut ann = Client::join(&server, Kind::Npm0_39_9, "lobby", "ann").await;
    server.signal();
    server.is_draining().await;

    ann.socket.close(None).await.unwrap();

    within(server.ended()).await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_that_was_answered_is_lost() {
    // More than the sockets hold.
    const COUNT: usize = 100;
    for kind in Kind::ALL {
        let mut server =
            Server::start_with(|config| config.drain_time = Duration::from_millis(400)).await;
        let mut bob = Client::join(&server, kind, "lobby", "bob").await;
        let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
        for number in 0..COUNT {
            let message = format!(r#"{{"number":{number}}}"#);
            let outgoing = outgoing("n", &message, 100_000);
            ann.request(Request::Send { to: bob.id.clone(), outgoing }).await;
        }

        server.signal();
        let going_away = Some((1001, String::from("server shutting down")));
        assert_eq!(ann.ending().await, going_away);
        drop(ann);

        for number in 0..COUNT {
            let message = bob.delivered("n").await.message;
            assert_eq!(message.as_str(), format!(r#"{{"number":{number}}}"#), "{kind:?}");
        }
        // Official clients only come back after a connection that was lost.
        let expected = if kind == Kind::Ours { going_away } else { None };
        assert_eq!(bob.ending().await, expected, "{kind:?}");
        drop(bob);
        within(server.ended()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_members_of_a_room_move_together_and_go_on_elsewhere() {
    let mut old = Server::start_with(|config| config.drain_time = Duration::from_millis(400)).await;
    let new = Server::start().await;
    let mut ann = Guest::join(&old, "lobby", "ann").await;
    let mut bob = Guest::join(&old, "lobby", "bob").await;

    old.signal();

    for guest in [&mut ann, &mut bob] {
        let events = guest.until(|event| matches!(event, Event::Lost(_))).await;
        let removed = events.iter().any(|event| matches!(event, Event::ParticipantRemoved(_)));
        assert!(!removed, "{events:?}");
        guest.come_back(&new).await;
        guest.until(|event| *event == Event::MessagingEnabled).await;
    }
    let said = outgoing("chat", "{}", 0);
    ann.command(|session, now| session.send(now, &bob.id(), said)).await.unwrap();
    bob.until(|event| matches!(event, Event::Message(_))).await;
    within(old.ended()).await.unwrap().unwrap();
}

#[tokio::test]
async fn who_lost_its_connection_may_come_back_until_its_room_moves() {
    let mut server = Server::start_with(|config| config.drain_time = LONG).await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    ann.cut();

    server.signal();
    server.is_draining().await;

    ann.come_back(&server).await;
    let events = ann.until(|event| *event == Event::Resumed).await;
    assert!(!events.iter().any(|event| matches!(event, Event::Discontinuity(_))), "{events:?}");
}

#[tokio::test]
async fn who_does_not_go_is_let_go_when_the_time_is_over() {
    let log = Log::start();
    let mut server = Server::start_with(|config| {
        config.drain_time = Duration::from_millis(100);
        config.max_queued_bytes = 64 * 1024 * 1024;
    })
    .await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let silent = Client::join(&server, Kind::Py0_56_0, "lobby", "silent").await;
    for _ in 0..100 {
        let outgoing = outgoing("n", "{}", 200_000);
        ann.request(Request::Send { to: silent.id.clone(), outgoing }).await;
    }

    server.signal();

    within(server.ended()).await.unwrap().unwrap();
    log.one_line("the time to drain is over", &["WARN"]);
}
