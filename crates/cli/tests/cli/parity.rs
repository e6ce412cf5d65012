//! What works with the official tool works with this one.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    thread,
};

use serde_json::{Value, json};

use crate::{
    process::{Server, room, text},
    stage::{Listener, SECRET, failed, file, messaging, start, succeeded, token},
};

const PROJECT: &str = "00112233-4455-6677-8899-aabbccddeeff";
const KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";

#[test]
fn the_examples_of_the_official_tool_work_as_pasted() {
    let server = start_with_key();
    let listener = listener(&server, &["--count", "2"]);
    let id = listener.id.as_str();

    let list = official(&server, &["list"]).output().unwrap();
    let sent = official(
        &server,
        &[
            "send",
            "--room",
            "lobby",
            "--to-participant-id",
            id,
            "--type",
            "chat.message",
            "--data",
            r#"{"text":"hi"}"#,
        ],
    );
    let sent = { sent }.output().unwrap();
    let broadcast =
        official(&server, &["broadcast", "--room", "lobby", "--data", r#"{"text":"all"}"#]);
    let broadcast = { broadcast }.output().unwrap();

    let people: Value = serde_json::from_str(&succeeded(&list)).unwrap();
    assert_eq!(people[0]["id"], id);
    assert_eq!(succeeded(&sent), "Message sent successfully.\n");
    assert_eq!(succeeded(&broadcast), "Broadcast message sent successfully.\n");
    let heard = lines(&succeeded(&listener.finish()));
    assert_eq!(heard[0]["message"], json!({ "text": "hi" }));
    assert_eq!(heard[1]["type"], "chat.broadcast");
}

#[test]
fn the_project_the_room_and_the_key_may_come_from_options_and_a_file() {
    let server = start_with_key();
    let key = file("key", KEY.as_bytes());
    let api = format!("http://{}/", server.address);
    for project in [&["--project-id", PROJECT][..], &[]] {
        let mut command = room(&["messaging", "list", "--wait", "0", "--api-url", &api]);
        command.args(["--room", "lobby", "--api-key-file", &key]).args(project);
        assert_eq!(succeeded(&command.output().unwrap()), "[]\n");
    }
}

#[test]
fn our_variables_come_before_those_of_the_official_tool() {
    let server = start_with_key();
    let mut command = official(&server, &["list", "--wait", "0"]);
    command.env("MESHAGENT_API_URL", "http://127.0.0.1:1").env("MESHAGENT_ROOM", "elsewhere");
    let url = format!("ws://{}/rooms/lobby", server.address);
    command.env("ROOM_URL", url).env("ROOM_TOKEN", token("lobby"));

    assert_eq!(succeeded(&command.output().unwrap()), "[]\n");
}

#[test]
fn a_token_of_ones_own_needs_no_question_to_the_api() {
    let server = start_with_key();
    let mut command = official(&server, &["list", "--wait", "0", "--name", "Ann"]);
    command.env("ROOM_SECRET", SECRET).env_remove("MESHAGENT_API_KEY");

    assert_eq!(succeeded(&command.output().unwrap()), "[]\n");
}

#[test]
fn a_key_that_the_api_does_not_know_is_refused_and_never_shown() {
    let server = start_with_key();
    let wrong = KEY.replace("s3cret", "S3cret");
    let output = official(&server, &["list"]).env("MESHAGENT_API_KEY", &wrong).output().unwrap();

    failed(&output, 6, "permission-denied: ");
    assert!(text(&output).contains("HTTP 403 Forbidden: an API key of this server"), "{output:?}");
    assert!(!text(&output).contains("S3cret"), "{output:?}");
}

#[test]
fn what_is_missing_for_the_api_is_named() {
    let server = start_with_key();
    for (variable, words) in [
        ("MESHAGENT_API_URL", "no room is named: give --url ws://HOST/rooms/NAME or set ROOM_URL"),
        ("MESHAGENT_ROOM", "give --room or set MESHAGENT_ROOM"),
        ("MESHAGENT_API_KEY", "MESHAGENT_API_KEY or MESHAGENT_TOKEN or give --api-key-file"),
    ] {
        let output = official(&server, &["list"]).env_remove(variable).output().unwrap();
        failed(&output, 2, words);
        // What is empty is as good as missing.
        let output = official(&server, &["list"]).env(variable, "").output().unwrap();
        failed(&output, 2, words);
    }
    let mut command = official(&server, &["list"]);
    command.env_remove("MESHAGENT_PROJECT_ID").env("MESHAGENT_API_KEY", "a-token");
    failed(&command.output().unwrap(), 2, "give --project-id or set MESHAGENT_PROJECT_ID");
}

#[test]
fn an_api_with_tls_is_refused() {
    let server = start_with_key();
    let mut command = official(&server, &["list"]);
    command.env("MESHAGENT_API_URL", "https://api.example/?key=hush");

    let output = command.output().unwrap();

    failed(&output, 2, "https needs TLS, which this client does not have");
    assert!(!text(&output).contains("hush"), "{output:?}");
}

#[test]
fn an_api_that_talks_nonsense_is_found_out() {
    let api = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = api.local_addr().unwrap();
    let answering = thread::spawn(move || {
        let (mut socket, _) = api.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n{}") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        String::from_utf8(request).unwrap()
    });
    let mut command = room(&["messaging", "list", "--api-url", &format!("http://{address}")]);
    command.args(["--room", "lobby", "--project-id", "p"]).env("MESHAGENT_TOKEN", "a.b.c");

    failed(&command.output().unwrap(), 1, "protocol-error: ");
    let request = answering.join().unwrap();
    assert!(request.starts_with("POST /accounts/projects/p/rooms/lobby/connect "), "{request}");
    assert!(request.contains("authorization: Bearer a.b.c\r\n"), "{request}");
}

#[test]
fn a_name_stands_for_an_id() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "1"]);
    let mut command = messaging(&server, "Ann", "send");
    command.args(["--to", "Bob", "--type", "chat.message", "--data", "{}", "--json"]);

    let sent = lines(&succeeded(&command.output().unwrap()));

    let expected = json!({ "event": "sent", "to": listener.id, "type": "chat.message" });
    assert_eq!(sent, [expected]);
    succeeded(&listener.finish());
}

#[test]
fn a_name_that_nobody_has_or_several_have_is_a_failure() {
    let server = start();
    let send = |options: &[&str]| {
        let mut command = messaging(&server, "Ann", "send");
        command.args(["--to", "Bob", "--type", "chat.message", "--data", "{}"]);
        command.args(options).output().unwrap()
    };
    failed(&send(&["--wait", "0"]), 3, r#"participant-not-found: nobody is called "Bob""#);

    let twins = [Listener::start(&server, "Bob", &[]), Listener::start(&server, "Bob", &[])];
    let output = send(&[]);
    failed(&output, 2, r#"several are called "Bob""#);
    assert!(twins.iter().all(|twin| text(&output).contains(&twin.id)), "{output:?}");
}

#[test]
fn one_recipient_is_wanted() {
    let server = start();
    let send = |options: &[&str]| {
        let mut command = messaging(&server, "Ann", "send");
        command.args(["--type", "chat.message", "--data", "{}"]).args(options).output().unwrap()
    };

    failed(&send(&[]), 2, "--to-participant-id <ID>");
    failed(&send(&["--to", "Bob", "--to-participant-id", "x"]), 2, "cannot be used with");
}

#[test]
fn data_may_be_in_a_file_or_on_standard_input() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "2"]);
    let in_file = format!("@{}", file("data", b"{\"from\":\"file\"}\n"));

    let sent = messaging(&server, "Ann", "broadcast").args(["--data", &in_file]).output().unwrap();
    succeeded(&sent);
    let mut command = messaging(&server, "Ann", "broadcast");
    succeeded(&fed(command.args(["--data", "-", "--type", "chat.other"]), "{\"from\":\"input\"}"));

    let heard = lines(&succeeded(&listener.finish()));
    assert_eq!(heard[0]["message"], json!({ "from": "file" }));
    assert_eq!(heard[1]["message"], json!({ "from": "input" }));
    assert_eq!(heard[1]["type"], "chat.other");
}

#[test]
fn data_that_cannot_be_read_is_named() {
    let server = start();
    let broken = format!("@{}", file("broken", b"{oops"));
    for (data, words) in
        [("@no/such/file", "cannot read no/such/file"), (broken.as_str(), "not valid JSON")]
    {
        let mut command = messaging(&server, "Ann", "broadcast");
        failed(&command.args(["--data", data]).output().unwrap(), 2, words);
    }
    let mut command = messaging(&server, "Ann", "broadcast");
    failed(&fed(command.args(["--data", "-"]), "[]"), 2, "on standard input: ");
}

#[test]
fn with_json_every_line_is_json() {
    let server = start();
    let bob = Listener::start(&server, "Bob", &[]);
    let carol = Listener::start(&server, "Carol", &[]);

    let listed = messaging(&server, "Ann", "list").arg("--json").output().unwrap();
    let mut command = messaging(&server, "Ann", "broadcast");
    let broadcast = command.args(["--data", "{}", "--json"]).output().unwrap();

    let mut ids = [bob.id.as_str(), carol.id.as_str()];
    ids.sort_unstable();
    let listed = lines(&succeeded(&listed));
    assert_eq!([&listed[0]["id"], &listed[1]["id"]], ids);
    let expected = json!({ "event": "broadcast", "type": "chat.broadcast" });
    assert_eq!(lines(&succeeded(&broadcast)), [expected]);
}

#[test]
fn with_json_a_failure_is_json_on_standard_error() {
    let server = start();
    let mut command = messaging(&server, "Ann", "send");
    command.args(["--to-participant-id", "nobody", "--type", "x", "--data", "{}", "--json"]);

    let output = command.output().unwrap();

    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    let said = lines(&text(&output));
    assert_eq!(said[0]["error"]["code"], "participant-not-found");
    assert!(said[0]["error"]["hint"].is_string(), "{said:?}");
}

/// A server with a secret and an API key.
fn start_with_key() -> Server {
    let secret = file("secret", SECRET.as_bytes());
    let keys = file("keys", KEY.as_bytes());
    Server::start(&["--secret-file", &secret, "--api-key-file", &keys])
}

/// `room messaging …` in the environment of the official tool.
fn official(server: &Server, arguments: &[&str]) -> Command {
    let mut command = room(&[&["messaging"], arguments].concat());
    command.env("MESHAGENT_API_URL", format!("http://{}", server.address));
    command.env("MESHAGENT_API_KEY", KEY).env("MESHAGENT_PROJECT_ID", PROJECT);
    command.env("MESHAGENT_ROOM", "lobby");
    command
}

fn listener(server: &Server, options: &[&str]) -> Listener {
    Listener::start(server, "Bob", options)
}

/// The output of a command that is given this on standard input.
fn fed(command: &mut Command, input: &str) -> std::process::Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
