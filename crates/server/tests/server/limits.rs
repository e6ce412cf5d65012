//! What is beyond a limit is refused or ended, logged in one line, and counted.

use std::time::{Duration, Instant};

use room_proto::{ClientFrame, Content, Request, ServerFrame};
use room_server::Incident;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, handshake::client},
};

use crate::{
    harness::{Client, Kind, Server, ending, outgoing, within},
    log::Log,
};

#[tokio::test]
async fn a_full_room_lets_nobody_in_until_somebody_leaves() {
    let log = Log::start();
    let server = Server::start_with(|config| config.room_limits.max_members = 1).await;
    let ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let token = server.token("lobby", "bob");
    let request = || Kind::Py0_56_0.upgrade(&server, "lobby", &token);

    let (status, body) = refused(request()).await;
    assert_eq!((status, &body["code"]), (503, &"room-full".into()));
    assert_eq!(body["message"], "the room is full (1 participants)");
    log.one_line("refusing", &["INFO", "/rooms/lobby", "127.0.0.1", "room-full"]);
    assert_eq!(server.counted(), [(Incident::RoomFull, 1)]);

    Client::join(&server, Kind::Py0_56_0, "other", "bob").await;
    drop(ann);
    until(|| log.lines("a member has left").len() == 2).await;
    Client::connect_with(&server, Kind::Py0_56_0, "lobby", &token).await;
}

#[tokio::test]
async fn a_client_that_sees_no_status_is_told_of_a_full_room_by_a_close() {
    let log = Log::start();
    let server = Server::start_with(|config| config.room_limits.max_members = 1).await;
    let _ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    let request = Kind::Ours.upgrade(&server, "lobby", &server.token("lobby", "bob"));
    let (mut socket, _) = within(connect_async(request)).await.unwrap();

    let reason = String::from("the room is full (1 participants)");
    assert_eq!(ending(&mut socket).await, Some((1000, reason)));
    log.one_line("refusing", &["INFO", "/rooms/lobby", "room-full"]);
    assert_eq!(server.counted(), [(Incident::RoomFull, 1)]);
}

#[tokio::test]
async fn there_are_only_so_many_rooms_at_a_time() {
    let log = Log::start();
    let server = Server::start_with(|config| config.max_rooms = 1).await;
    let ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let token = server.token("other", "bob");
    let request = || Kind::Npm0_39_9.upgrade(&server, "other", &token);

    let (status, body) = refused(request()).await;
    assert_eq!((status, &body["code"]), (503, &"rooms-full".into()));
    log.one_line("refusing", &["INFO", "/rooms/other", "rooms-full"]);
    assert_eq!(server.counted(), [(Incident::RoomsFull, 1)]);

    let bob = Client::join(&server, Kind::Npm0_39_9, "lobby", "bob").await;
    drop((ann, bob));
    until(|| log.lines("is empty and forgotten").len() == 1).await;
    Client::connect_with(&server, Kind::Npm0_39_9, "other", &token).await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_logged_and_counted_once() {
    let server = Server::start_with(|config| config.limits.max_message_bytes = 64 * 1024).await;

    // Found by the protocol, and by the WebSocket.
    for (bytes, count) in [(65 * 1024, 1), (512 * 1024, 2)] {
        let log = Log::start();
        let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
        ann.say(Request::Broadcast { outgoing: outgoing("large", "{}", bytes) }).await;
        assert_eq!(ann.ending().await.unwrap().0, 4002);

        let id = ann.id.as_str();
        log.one_line("disconnecting", &["WARN", "room=lobby", id, "message-too-large"]);
        assert_eq!(server.counted(), [(Incident::MessageTooLarge, count)]);
    }
}

#[tokio::test]
async fn attributes_that_are_too_large_end_the_connection() {
    let log = Log::start();
    let server = Server::start_with(|config| config.room_limits.max_attribute_bytes = 100).await;
    let mut ann = Client::join(&server, Kind::Npm0_39_9, "lobby", "ann").await;

    let attributes = outgoing("x", &format!(r#"{{"x":"{}"}}"#, "y".repeat(100)), 0).message;
    let id = ann.next_id();
    ann.tell(ClientFrame::SetAttributes { id, attributes }).await;

    let reason = String::from("attributes of more than 100 bytes");
    assert_eq!(ann.ending().await, Some((4002, reason)));
    let words = ["WARN", "room=lobby", ann.id.as_str(), "attributes-too-large"];
    log.one_line("disconnecting", &words);
    assert_eq!(server.counted(), [(Incident::AttributesTooLarge, 1)]);
}

#[tokio::test]
async fn messages_that_come_too_fast_are_refused_and_the_rest_arrive() {
    const SENT: u64 = 100;
    let log = Log::start();
    let server = Server::start_with(|config| config.max_messages_per_second = 1).await;
    let mut bob = Client::join(&server, Kind::Npm0_39_9, "lobby", "bob").await;
    let (mut ann, _) = Client::connect(&server, Kind::Npm0_39_9, "lobby", "ann").await;

    let started = Instant::now();
    let mut asked = Vec::new();
    for number in 0..SENT {
        let message = format!(r#"{{"number":{number}}}"#);
        let request = Request::Send { to: bob.id.clone(), outgoing: outgoing("n", &message, 0) };
        asked.push((message, ann.say(request).await));
    }
    let mut refused = 0;
    for (message, asked) in asked {
        match ann.answer(asked).await {
            Content::Empty => assert_eq!(bob.delivered("n").await.message.as_str(), message),
            Content::Error { text, code } => {
                assert_eq!(text, "too many messages: 1 a second are allowed");
                assert_eq!(code, Some(1008));
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    let seconds = started.elapsed().as_secs();
    assert!((1..=SENT - 2).contains(&refused), "{refused} of {SENT}");
    assert_eq!(server.counted(), [(Incident::RateLimited, refused)]);

    let lines = log.lines("refusing messages");
    assert!((1..=seconds + 1).contains(&(lines.len() as u64)), "{lines:?}");
    for word in ["WARN", "room=lobby", ann.id.as_str(), "rate-limited"] {
        assert!(lines[0].contains(word), "{word:?} is not in {}", lines[0]);
    }
}

#[tokio::test]
async fn chunks_of_a_stream_are_slowed_and_none_is_lost() {
    // Sixteen at once, then eight a second.
    const SENT: usize = 24;
    let server = Server::start_with(|config| config.max_messages_per_second = 1).await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    for number in 0..SENT {
        let message = format!(r#"{{"number":{number}}}"#);
        let outgoing = outgoing("stream.chunk", &message, 10);
        ann.say(Request::Send { to: bob.id.clone(), outgoing }).await;
    }

    for number in 0..SENT {
        let got = bob.delivered("stream.chunk").await;
        assert_eq!(got.message.as_str(), format!(r#"{{"number":{number}}}"#));
    }
    let mut answered = 0;
    while answered < SENT {
        if let ServerFrame::Response { content, .. } = ann.frame().await {
            assert_eq!(content, Content::Empty);
            answered += 1;
        }
    }
    ann.request(Request::Broadcast { outgoing: outgoing("chat", "{}", 0) }).await;
    assert!(matches!(server.counted()[..], [(Incident::RateDelayed, _)]), "{:?}", server.counted());
}

#[tokio::test]
async fn a_request_that_is_never_whole_is_given_up() {
    let log = Log::start();
    let server =
        Server::start_with(|config| config.handshake_time = Duration::from_millis(100)).await;

    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /rooms/lobby HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    within(slow.read_to_end(&mut answer)).await.unwrap();

    assert_eq!(answer, b"");
    until(|| !server.counted().is_empty()).await;
    assert_eq!(server.counted(), [(Incident::HandshakeTimeout, 1)]);
    log.one_line("no request in time", &["INFO", "127.0.0.1"]);
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let log = Log::start();
    let server = Server::start_with(|config| {
        config.dev = true;
        config.handshake_time = Duration::from_millis(100);
    })
    .await;

    let more = "Content-Type: application/json\r\nTransfer-Encoding: chunked";
    let head = format!("POST /dev/token HTTP/1.1\r\nHost: x\r\n{more}\r\n\r\n");
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within(slow.read_to_end(&mut answer)).await.unwrap();

    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(r#""code":"handshake-timeout""#), "{answer}");
    log.one_line("refusing", &["INFO", "/dev/token", "handshake-timeout"]);
    assert_eq!(server.counted(), [(Incident::HandshakeTimeout, 1)]);
}

#[tokio::test]
async fn neither_a_member_nor_a_used_connection_is_late() {
    let log = Log::start();
    let server =
        Server::start_with(|config| config.handshake_time = Duration::from_millis(100)).await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    let mut kept = TcpStream::connect(server.address).await.unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    within(kept.read_to_end(&mut answer)).await.unwrap();

    assert!(answer.ends_with(b"ok"));
    ann.request(Request::Enable).await;
    assert_eq!(server.counted(), []);
    assert_eq!(log.lines("no request in time").len(), 0);
}

/// The status and the body of a refusal.
pub(crate) async fn refused(request: client::Request) -> (u16, serde_json::Value) {
    match within(connect_async(request)).await {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap())
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let in"),
    }
}

/// Waits for something that the server does on its own.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}
