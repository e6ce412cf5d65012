//! `room doctor`: what it finds in good health and in bad.

use std::{net::TcpListener, process::Output};

use serde_json::Value;

use crate::{
    process::{Server, room, text},
    stage::{SECRET, failed, messaging, start, succeeded, token, url},
};

#[test]
fn a_server_of_ours_is_in_good_health() {
    let server = start();
    let output = doctor(&server, &token("lobby"), &["--json"]);

    let findings = findings(&succeeded(&output));

    let verdicts: Vec<_> = findings.iter().map(check).collect();
    let checks = [
        "address",
        "token",
        "connection",
        "server",
        "attachments",
        "batches",
        "limits",
        "messaging",
        "generation",
        "latency",
        "resume",
    ];
    assert_eq!(verdicts, checks.map(|check| (check, "ok")));
    assert_eq!(
        detail(&findings, "limits"),
        "messages 32.00 MiB, packets 1.00 MiB, attributes 64.00 KiB"
    );
    assert!(detail(&findings, "resume").contains("nothing lost; the server waits 30 s"));
    assert!(detail(&findings, "token").starts_with("of \"Ann\", role user; it expires in 11 h 59"));
}

#[test]
fn what_is_found_is_readable_and_without_colours_in_a_pipe() {
    let server = start();
    let printed = succeeded(&doctor(&server, &token("lobby"), &[]));

    assert!(
        printed.lines().any(|line| line.starts_with("ok    connection   the room")),
        "{printed}"
    );
    assert!(!printed.contains('\u{1b}'), "{printed}");
}

#[test]
fn a_token_that_is_refused_is_the_last_finding() {
    let server = start();
    let output = doctor(&server, &token("elsewhere"), &["--json"]);

    assert_eq!(output.status.code(), Some(1));
    let findings = findings(&String::from_utf8(output.stdout.clone()).unwrap());
    let verdicts: Vec<_> = findings.iter().map(check).collect();
    assert_eq!(verdicts, [("address", "ok"), ("token", "fail"), ("connection", "fail")]);
    assert!(detail(&findings, "connection").contains("the token is not for this room"));
    assert!(findings[2]["hint"].is_string());
    assert_eq!(text(&output), "");
}

#[test]
fn a_server_without_grace_is_a_warning() {
    let secret = crate::stage::file("secret", SECRET.as_bytes());
    let server = Server::start(&["--secret-file", &secret, "--resume-grace", "0"]);
    let findings = findings(&succeeded(&doctor(&server, &token("lobby"), &["--json"])));

    assert!(findings.iter().any(|finding| check(finding) == ("resume", "warn")), "{findings:?}");
}

#[test]
fn a_right_that_is_missing_is_a_warning() {
    let server = start();
    let mut command = room(&["token", "--room", "lobby", "--name", "Ann", "--allow", "list"]);
    let token = succeeded(&command.env("ROOM_SECRET", SECRET).output().unwrap());

    let findings = findings(&succeeded(&doctor(&server, token.trim(), &["--json"])));

    assert_eq!(detail(&findings, "rights"), "send is denied");
}

#[test]
fn nobody_in_the_room_is_sent_a_message() {
    let server = start();
    let listener = crate::stage::Listener::start(&server, "Bob", &["--count", "1"]);
    succeeded(&doctor(&server, &token("lobby"), &[]));
    let sent = messaging(&server, "Ann", "broadcast").args(["--data", "{}"]).output().unwrap();
    succeeded(&sent);

    let heard: Value = serde_json::from_str(&succeeded(&listener.finish())).unwrap();
    assert_eq!(heard["type"], "chat.broadcast");
}

#[test]
fn a_server_that_is_not_there_or_says_nothing_is_found_out() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/rooms/lobby", silent.local_addr().unwrap());
    let output = at(&url, "x", &["--timeout", "0.3", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = findings(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(check(found.last().unwrap()), ("time", "fail"));

    drop(silent);
    let output = at(&url, "x", &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = findings(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(check(found.last().unwrap()), ("connection", "fail"));
}

#[test]
fn arguments_that_make_no_sense_are_no_finding() {
    failed(&room(&["doctor"]).output().unwrap(), 2, "no room is named");
    failed(&at("wss://127.0.0.1/rooms/a", "x", &[]), 2, "wss needs TLS");
}

fn doctor(server: &Server, token: &str, options: &[&str]) -> Output {
    at(&url(server), token, options)
}

fn at(url: &str, token: &str, options: &[&str]) -> Output {
    let mut command = room(&["doctor", "--url", url]);
    command.args(options).env("ROOM_TOKEN", token).output().unwrap()
}

fn findings(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn check(finding: &Value) -> (&str, &str) {
    (finding["check"].as_str().unwrap(), finding["verdict"].as_str().unwrap())
}

fn detail<'a>(findings: &'a [Value], check: &str) -> &'a str {
    let finding = findings.iter().find(|finding| finding["check"] == check);
    finding.and_then(|finding| finding["detail"].as_str()).unwrap()
}
