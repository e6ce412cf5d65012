//! Clients of ours that come back after their connection was lost.

use std::time::Duration;

use futures_util::StreamExt as _;
use room_proto::{ErrorCode, Event, Request, frame::system};
use room_server::Incident;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use crate::{
    guest::Guest,
    harness::{Client, Kind, Server, outgoing},
};

fn is_message(kind: &str) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Message(message) if message.kind == kind)
}

#[tokio::test]
async fn nothing_is_lost_and_nobody_notices() {
    let server = Server::start().await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Npm0_39_9, "lobby", "bob").await;
    ann.until(|event| matches!(event, Event::ParticipantAdded(_))).await;
    let id = ann.id();

    for round in 0..3 {
        ann.cut();
        // What is said to her while she is away, and what she says.
        let to = Request::Send { to: id.clone(), outgoing: outgoing("to", "{}", 100_000) };
        bob.request(to).await;
        for number in 0..50 {
            let message = format!(r#"{{"number":{number}}}"#);
            let said = outgoing("from", &message, 10);
            ann.command(|session, now| session.send(now, &bob.id, said)).await.unwrap();
        }

        ann.come_back(&server).await;
        let events = ann.until(is_message("to")).await;

        assert!(matches!(events.first(), Some(Event::Lost(_))), "{events:?}");
        assert!(events.contains(&Event::Resumed), "round {round}: {events:?}");
        let count = events.iter().filter(|event| is_message("to")(event)).count();
        assert_eq!(count, 1);
        assert_eq!(ann.id(), id);
        for number in 0..50 {
            let delivered = bob.delivered("from").await;
            assert_eq!(delivered.message.as_str(), format!(r#"{{"number":{number}}}"#));
        }
    }

    // Nothing but what was expected came to him: nobody left, nobody came.
    ann.command(|session, now| session.broadcast(now, outgoing("end", "{}", 0))).await.unwrap();
    let next = bob.frame().await;
    assert!(format!("{next:?}").contains("end"), "{next:?}");
}

#[tokio::test]
async fn half_a_message_is_completed_over_the_next_connection() {
    let server = Server::start_with(|config| config.max_packet_bytes = 1000).await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;

    for size in [999, 5000, 500_000] {
        let said = outgoing("big", "{}", size);
        let sent = ann.command(|session, now| session.send(now, &bob.id, said)).await.unwrap();
        ann.cut();
        ann.come_back(&server).await;
        let done = Event::Answered { request: sent, result: Ok(()) };
        ann.until(|event| *event == done).await;
        assert_eq!(bob.delivered("big").await.attachment.len(), size);
    }
}

#[tokio::test]
async fn a_seat_is_not_kept_for_ever() {
    let grace = Duration::from_millis(200);
    let server = Server::start_with(|config| config.resume_grace = grace).await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Py0_56_0, "lobby", "bob").await;
    ann.until(|event| matches!(event, Event::ParticipantAdded(_))).await;
    let id = ann.id();
    ann.cut();
    let asked = outgoing("question", "{}", 0);
    let request = ann.command(|session, now| session.send(now, &bob.id, asked)).await.unwrap();

    assert_eq!(bob.delivered(system::PARTICIPANT_DISABLED).await.from, id);
    bob.request(Request::Disable).await;
    let cyd = Client::join(&server, Kind::Ours, "lobby", "cyd").await;
    ann.come_back(&server).await;
    let events = ann.until(|event| *event == Event::MessagingEnabled).await;

    let unknown = events.iter().find_map(|event| match event {
        Event::Answered { request: answered, result: Err(error) } if *answered == request => {
            Some(error.code)
        }
        _ => None,
    });
    assert_eq!(unknown, Some(ErrorCode::DeliveryUnknown), "{events:?}");
    let discontinuities =
        events.iter().filter(|event| matches!(event, Event::Discontinuity(_))).count();
    assert_eq!(discontinuities, 1);
    let gone = events.iter().filter(|event| matches!(event, Event::ParticipantRemoved(_))).count();
    assert_eq!(gone, 1, "bob is not there any more");
    assert!(events.contains(&Event::ParticipantAdded(cyd.id)), "{events:?}");
    assert_ne!(ann.id(), id);
}

#[tokio::test]
async fn who_comes_with_a_new_token_in_time_stays() {
    let server = Server::start_with(|config| {
        config.end_expired = true;
        config.clock_skew = Duration::ZERO;
    })
    .await;
    // In whole seconds: three or four of them.
    let lifetime = Some(Duration::from_secs(4));
    let mut ann = Guest::join_for(&server, "lobby", "ann", lifetime).await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;

    for _ in 0..2 {
        // The server lets go of the connection, and not of the member.
        ann.until(|event| matches!(event, Event::Lost(_))).await;
        ann.come_back(&server).await;
        ann.until(|event| *event == Event::Resumed).await;
        ann.command(|session, now| session.broadcast(now, outgoing("here", "{}", 0)))
            .await
            .unwrap();
        assert_eq!(bob.delivered("here").await.from, ann.id());
    }

    let ended = server.counted().into_iter().find(|(what, _)| *what == Incident::TokenExpired);
    assert_eq!(ended, Some((Incident::TokenExpired, 2)));
}

#[tokio::test]
async fn whoever_leaves_is_gone_at_once() {
    let server = Server::start().await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;
    let id = ann.id();

    // A close of 1000, as the session has it.
    ann.command(|session, _| {
        session.close();
        Ok(())
    })
    .await
    .unwrap();

    assert_eq!(bob.delivered(system::PARTICIPANT_DISABLED).await.from, id);
}

#[tokio::test]
async fn an_epoch_is_of_no_use_to_somebody_else() {
    let server = Server::start().await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    let id = ann.id();
    ann.cut();
    ann.pretend("eve");

    ann.come_back(&server).await;
    let events = ann.until(|event| *event == Event::MessagingEnabled).await;

    assert!(!events.contains(&Event::Resumed), "{events:?}");
    assert_ne!(ann.id(), id);
}

#[tokio::test]
async fn a_connection_that_hangs_is_taken_over() {
    let server = Server::start().await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;
    ann.until(|event| matches!(event, Event::ParticipantAdded(_))).await;

    // The server still has the old socket, and has written into it.
    let hanging = ann.lose_sight();
    let to = Request::Send { to: ann.id(), outgoing: outgoing("to", "{}", 10) };
    bob.request(to).await;
    ann.come_back(&server).await;
    let events = ann.until(is_message("to")).await;

    assert!(events.contains(&Event::Resumed), "{events:?}");
    drop(hanging);
    ann.command(|session, now| session.broadcast(now, outgoing("here", "{}", 0))).await.unwrap();
    bob.delivered("here").await;
}

#[tokio::test]
async fn an_attempt_that_is_given_up_costs_no_seat() {
    let server = Server::start().await;
    let mut ann = Guest::join(&server, "lobby", "ann").await;
    ann.cut();
    ann.come_back(&server).await;

    // What browsers say for a page that gives a socket up before it is open.
    let mut attempt = ann.lose_sight().unwrap();
    let frame = CloseFrame { code: CloseCode::Away, reason: "".into() };
    attempt.close(Some(frame)).await.unwrap();
    while attempt.next().await.is_some() {}
    ann.come_back(&server).await;
    let events = ann.until(|event| matches!(event, Event::Resumed | Event::Discontinuity(_))).await;

    assert!(events.contains(&Event::Resumed), "{events:?}");
}
