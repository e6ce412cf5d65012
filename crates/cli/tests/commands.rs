//! The binary as a person starts it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod member;
mod process;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
};

use member::join;
use process::{Server, room, text};

#[test]
fn serve_says_where_it_listens_and_stops_when_it_is_told() {
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start(&["--dev"]);

        let mut socket = TcpStream::connect(&server.address).unwrap();
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

        let id = server.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn serve_without_a_secret_says_what_to_do() {
    let output = room(&["serve", "--listen", "127.0.0.1:0"]).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("set ROOM_SECRET or give --secret-file"), "{output:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn serve_hands_out_tokens_on_loopback_only() {
    let output = room(&["serve", "--dev", "--listen", "0.0.0.0:0"]).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("loopback"), "{output:?}");
}

#[test]
fn serve_names_what_is_missing() {
    for (arguments, words) in [
        (["--www", "no/such/folder"], "no/such/folder is not a folder"),
        (["--secret-file", "no/such/file"], "cannot read no/such/file"),
        (["--api-key-file", "no/such/file"], "cannot read no/such/file"),
        (["--mount", "pkg"], "/prefix=DIR"),
        (["--listen", "nowhere"], "--listen"),
        (["--log", "room==="], "--log"),
        (["--allow-origin", "example.org"], "an origin is written https://example.org"),
        (["--max-rooms", "0"], "0 is not in 1..=1000000"),
        (["--log-format", "xml"], "[possible values: text, json]"),
    ] {
        let mut command = room(&["serve", "--dev"]);
        let output = command.args(arguments).output().unwrap();

        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output).contains(words), "{words}: {output:?}");
    }
}

#[test]
fn serve_knows_the_sites_and_the_proxy_that_it_is_told_of() {
    let origins = ["--allow-origin", "https://a.example", "--allow-origin", "https://b.example"];
    let server = Server::start(&[&["--dev", "--trust-forwarded"][..], &origins].concat());
    let token = |origin: &str| {
        let body = r#"{"room":"lobby","name":"Ann"}"#;
        let length = body.len();
        let mut socket = TcpStream::connect(&server.address).unwrap();
        write!(
            socket,
            "POST /dev/token HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\
             X-Forwarded-Proto: https\r\nX-Forwarded-Host: rooms.example\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };

    for origin in ["https://a.example", "https://b.example"] {
        let answer = token(origin);
        assert!(answer.contains("wss://rooms.example/rooms/lobby"), "{answer}");
    }
    let answer = token("https://c.example");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("origin-not-allowed"), "{answer}");
}

#[test]
fn serve_never_logs_a_token() {
    let log = log_of_a_join("text");
    assert!(!log.starts_with('{'), "{log}");
}

#[test]
fn serve_can_log_json() {
    let log = log_of_a_join("json");

    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    let joined = log.lines().find(|line| line.contains("a member has joined")).unwrap();
    let joined: serde_json::Value = serde_json::from_str(joined).unwrap();
    assert_eq!(joined["room"], "lobby");
}

/// Everything that is logged while somebody joins; the token is not in it.
fn log_of_a_join(format: &str) -> String {
    let mut server = Server::start(&["--dev", "--log", "trace", "--log-format", format]);
    let (_socket, token) = join(&server.address);

    server.process.kill().unwrap();
    let mut log = String::new();
    server.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("a member has joined"), "{log}");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!log.contains(signature), "{log}");
    log
}

#[test]
fn token_prints_a_token_and_nothing_else() {
    let mut command = room(&["token", "--room", "lobby", "--name", "Ann", "--role", "agent"]);
    let output = command.env("ROOM_SECRET", "0123456789abcdef0123456789abcdef").output().unwrap();

    assert_eq!(output.status.code(), Some(0));
    let token = String::from_utf8(output.stdout).unwrap();
    assert_eq!(token.lines().count(), 1);
    assert_eq!(token.trim().split('.').count(), 3);
    assert!(output.stderr.is_empty());
}

#[test]
fn token_names_what_is_missing() {
    let output = room(&["token", "--room", "lobby", "--name", "Ann"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("set ROOM_SECRET or give --secret-file"), "{output:?}");

    let output = room(&["token", "--room", "Lobby", "--name", "Ann"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("a room name is"), "{output:?}");
}
