//! How connections end: slow, silent and broken clients, and the server's own end.

use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use room_proto::{Request, ServerFrame, frame::system};
use room_server::Incident;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite;

use crate::{
    harness::{Client, Kind, Server, outgoing, within},
    log::Log,
};

#[tokio::test]
async fn who_does_not_read_is_disconnected_and_slows_nobody() {
    let log = Log::start();
    let server = Server::start_with(|config| config.max_queued_bytes = 256 * 1024).await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Npm0_39_9, "lobby", "bob").await;
    let mut slow = Client::join(&server, Kind::Ours, "lobby", "slow").await;

    let mut sent: u64 = 0;
    let mut slow_is_gone = false;
    while !slow_is_gone {
        sent += 1;
        let message = format!(r#"{{"number":{sent}}}"#);
        ann.say(Request::Broadcast { outgoing: outgoing("count", &message, 64 * 1024) }).await;
        let got = bob.delivered("count").await;
        assert_eq!(got.message.as_str(), message);
        loop {
            match ann.frame().await {
                ServerFrame::Response { .. } => break,
                ServerFrame::Message(said) => {
                    slow_is_gone |= said.kind == system::PARTICIPANT_DISABLED;
                }
                _ => {}
            }
        }
        assert!(sent < 10_000, "nobody disconnects the slow one");
    }

    assert_eq!(slow.ending().await, Some((4000, String::from("too slow"))));
    log.one_line("disconnecting", &["WARN", "room=lobby", slow.id.as_str(), "too-slow"]);
    assert_eq!(server.counted(), [(Incident::TooSlow, 1)]);
    ann.request(Request::Enable).await;
}

#[tokio::test]
async fn who_is_silent_is_disconnected() {
    let log = Log::start();
    // Ann does not answer either while the other one joins, which may take a moment.
    let server = Server::start_with(|config| config.heartbeat = Duration::from_secs(1)).await;
    let mut ann = Client::join(&server, Kind::Npm0_39_9, "lobby", "ann").await;

    // Does not read, and so does not answer pings.
    let silent = Client::join(&server, Kind::Npm0_39_9, "lobby", "silent").await;

    let gone = ann.delivered(system::PARTICIPANT_DISABLED).await;
    assert_eq!(gone.from, silent.id);
    log.one_line("disconnecting", &["WARN", "room=lobby", silent.id.as_str(), "idle"]);
    assert_eq!(server.counted(), [(Incident::Idle, 1)]);
}

#[tokio::test]
async fn what_cannot_be_read_ends_the_connection() {
    let log = Log::start();
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    for message in [
        tungstenite::Message::Binary(Bytes::from_static(b"short")),
        tungstenite::Message::Text("hello".into()),
    ] {
        let mut mallory = Client::join(&server, Kind::Ours, "lobby", "mallory").await;
        mallory.socket.send(message).await.unwrap();

        let (code, _) = mallory.ending().await.unwrap();
        assert_eq!(code, 4001);
        assert_eq!(ann.delivered(system::PARTICIPANT_DISABLED).await.from, mallory.id);
    }
    assert_eq!(log.lines("disconnecting").len(), 2);
    assert_eq!(server.counted(), [(Incident::ProtocolViolation, 2)]);
}

#[tokio::test]
async fn what_is_too_large_ends_the_connection() {
    let server = Server::start_with(|config| config.limits.max_message_bytes = 64 * 1024).await;

    // A little too large is found by the protocol, much too large by the WebSocket.
    for bytes in [65 * 1024, 512 * 1024] {
        let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;
        ann.say(Request::Broadcast { outgoing: outgoing("large", "{}", bytes) }).await;

        let (code, reason) = ann.ending().await.unwrap();
        assert_eq!(code, 4002, "{reason}");
        assert!(!reason.is_empty());
    }
}

#[tokio::test]
async fn leaving_is_heard_however_it_happens() {
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    let mut polite = Client::join(&server, Kind::Npm0_35_8, "lobby", "polite").await;
    polite.socket.close(None).await.unwrap();
    assert_eq!(ann.delivered(system::PARTICIPANT_DISABLED).await.from, polite.id);

    let rude = Client::join(&server, Kind::Py0_0_21, "lobby", "rude").await;
    let id = rude.id.clone();
    drop(rude);
    assert_eq!(ann.delivered(system::PARTICIPANT_DISABLED).await.from, id);
}

#[tokio::test]
async fn a_close_is_answered_with_a_close() {
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    let frame = tungstenite::protocol::CloseFrame { code: 1000.into(), reason: "bye".into() };
    ann.socket.close(Some(frame)).await.unwrap();

    assert_eq!(ann.ending().await, Some((1000, String::from("bye"))));
}

#[tokio::test]
async fn a_shutdown_drops_official_clients_and_tells_ours() {
    let server = Server::start().await;
    let mut ours = Client::join(&server, Kind::Ours, "lobby", "ours").await;
    let mut official = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Ours) {
        official.push(Client::join(&server, kind, "lobby", "official").await);
    }

    let running = server.stop();

    assert_eq!(ours.ending().await, Some((1001, String::from("server shutting down"))));
    for client in &mut official {
        assert_eq!(client.ending().await, None);
    }
    within(running).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_waits_for_a_request_that_is_being_answered() {
    let server = Server::start_with(|config| config.dev = true).await;
    let body = r#"{"room":"lobby","name":"Ann"}"#;
    let (begin, end) = body.split_at(10);
    let length = body.len();
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /dev/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    within(socket.read_exact(&mut go_on)).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(begin.as_bytes()).await.unwrap();

    let running = server.stop();
    // Nobody is let in any more, so the shutdown has begun.
    until_refused(&socket).await;
    assert!(!running.is_finished());
    socket.write_all(end.as_bytes()).await.unwrap();

    let mut answer = String::new();
    within(socket.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    within(running).await.unwrap().unwrap();
}

/// Waits until the server at the other end of the socket takes no more connections.
async fn until_refused(socket: &TcpStream) {
    let address = socket.peer_addr().unwrap();
    within(async { while TcpStream::connect(address).await.is_ok() {} }).await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_those_who_do_not_answer() {
    let server = Server::start().await;
    let _silent = Client::join(&server, Kind::Ours, "lobby", "silent").await;
    // A request that never becomes whole.
    let mut unfinished = TcpStream::connect(server.address).await.unwrap();
    unfinished.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();

    within(server.stop()).await.unwrap().unwrap();
}
