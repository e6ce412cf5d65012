//! `room messaging`: messages from one process to another.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    cut::Cut,
    process::{room, text},
    stage::{Listener, SECRET, failed, file, messaging, start, succeeded, token, url},
};

#[test]
fn what_one_process_sends_another_prints() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "2"]);
    let attachment = file("attachment", &[0, 255, 7]);

    let sent = messaging(&server, "Ann", "send")
        .args(["--to-participant-id", &listener.id, "--type", "chat.message"])
        .args(["--data", "{\"text\":\n \"hi  you\"}", "--attachment", &attachment])
        .output()
        .unwrap();
    assert_eq!(succeeded(&sent), "Message sent successfully.\n");
    let sent = messaging(&server, "Ann", "broadcast").args(["--data", "{}"]).output().unwrap();
    assert_eq!(succeeded(&sent), "Broadcast message sent successfully.\n");

    let printed = succeeded(&listener.finish());
    let lines: Vec<Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [direct, broadcast] = lines.as_slice() else { panic!("{printed}") };
    assert_eq!(direct["type"], "chat.message");
    assert_eq!(direct["message"], json!({ "text": "hi  you" }));
    assert_eq!(direct["attachment_base64"], "AP8H");
    assert_eq!(broadcast["type"], "chat.broadcast");
    assert_eq!(broadcast["message"], json!({}));
    assert_eq!(broadcast["attachment_base64"], Value::Null);
}

#[test]
fn json_passes_as_it_was_written() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "1"]);
    // No Rust string can hold the first, no float the second.
    let data = r#"{"half":"\ud800","long":12345678901234567890.10,"z":1,"a":2}"#;

    let sent = messaging(&server, "Ann", "broadcast").args(["--data", data]).output().unwrap();
    succeeded(&sent);

    let printed = succeeded(&listener.finish());
    assert!(printed.contains(&format!(r#""message":{data},"#)), "{printed}");
}

#[test]
fn a_message_of_many_megabytes_arrives() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "1"]);
    let size = 18 * 1024 * 1024;
    let attachment = file("large", &vec![0; size]);

    let sent = messaging(&server, "Ann", "broadcast")
        .args(["--data", "{}", "--attachment", &attachment])
        .output()
        .unwrap();
    succeeded(&sent);

    let line: Value = serde_json::from_str(&succeeded(&listener.finish())).unwrap();
    assert_eq!(line["attachment_base64"].as_str().unwrap().len(), size / 3 * 4);
}

#[test]
fn list_prints_the_others_ordered_by_id() {
    let server = start();
    let bob = Listener::start(&server, "Bob", &["--role", "agent"]);
    let carol = Listener::start(&server, "Carol", &[]);

    let output = messaging(&server, "Ann", "list").output().unwrap();

    let mut expected = [(&bob.id, "agent", "Bob"), (&carol.id, "user", "Carol")];
    expected.sort();
    let entries = expected.map(|(id, role, name)| {
        format!(
            "  {{\n    \"id\": \"{id}\",\n    \"role\": \"{role}\",\n    \"attributes\": {{\n      \
             \"name\": \"{name}\",\n      \"streams\": [\n        \"duplex\",\n        \"v1\"\n      ]\n    \
             }}\n  }}"
        )
    });
    assert_eq!(succeeded(&output), format!("[\n{}\n]\n", entries.join(",\n")));
}

#[test]
fn list_waits_for_somebody_but_not_for_ever() {
    let server = start();
    let alone = messaging(&server, "Ann", "list").args(["--wait", "0.1"]).output().unwrap();
    assert_eq!(succeeded(&alone), "[]\n");

    let mut listing = messaging(&server, "Ann", "list");
    let listing =
        listing.args(["--wait", "30"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let bob = Listener::start(&server, "Bob", &[]);
    let printed = succeeded(&listing.unwrap().wait_with_output().unwrap());
    assert!(printed.contains(&bob.id), "{printed}");
}

#[test]
fn an_unknown_participant_is_a_failure() {
    let server = start();
    let output = messaging(&server, "Ann", "send")
        .args(["--to-participant-id", "nobody", "--type", "chat.message", "--data", "{}"])
        .output()
        .unwrap();

    failed(&output, 3, r#"participant-not-found: no participant "nobody""#);
    assert!(text(&output).contains("room messaging list"), "{output:?}");
}

#[test]
fn a_token_comes_from_an_option_a_file_or_the_environment() {
    let server = start();
    let token = token("lobby");
    let in_file = file("token", format!("{token}\n").as_bytes());
    let list = || room(&["messaging", "list", "--wait", "0", "--url", &url(&server)]);

    let outputs = [
        list().args(["--token", &token]).output().unwrap(),
        list().args(["--token-file", &in_file]).output().unwrap(),
        list().env("ROOM_TOKEN", &token).output().unwrap(),
    ];

    for output in outputs {
        assert_eq!(succeeded(&output), "[]\n");
    }
}

#[test]
fn a_room_is_named_by_the_url_or_by_an_option() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &[]);
    let address = format!("http://{}", server.address);

    let mut command = room(&["messaging", "list", "--url", &address, "--room", "lobby"]);
    let output = command.args(["--name", "Ann"]).env("ROOM_SECRET", SECRET).output().unwrap();

    assert!(succeeded(&output).contains(&listener.id), "{output:?}");
}

#[test]
fn a_wrong_token_is_refused_and_never_shown() {
    let server = start();
    for (token, words) in [
        (String::from("no.such.token"), "the token cannot be read"),
        (token("elsewhere"), "the token is not for this room"),
    ] {
        let mut command = room(&["messaging", "list", "--url", &url(&server)]);
        let output = command.args(["--token", &token]).output().unwrap();

        failed(&output, 4, "connection-refused: ");
        assert!(text(&output).contains(words), "{words}: {output:?}");
        assert!(!text(&output).contains(&token), "{output:?}");
    }
}

#[test]
fn wrong_arguments_are_named() {
    let server = start();
    for (arguments, words) in [
        (["--data", "{oops"], "'{oops' for '--data <JSON>': not valid JSON"),
        (["--data", "[]"], "an object is wanted"),
        (["--attachment", "no/such/file"], "cannot read no/such/file"),
        (["--type", "participant.enabled"], "\"participant.enabled\" is the protocol's own"),
        (["--url", "lobby"], "\"lobby\" is not the URL of a room, such as ws://"),
        (["--url", "ws://127.0.0.1"], "it names no room; add --room NAME"),
        (["--url", "wss://127.0.0.1/rooms/a?token=hush"], "wss needs TLS"),
        (["--room", "lobby"], "leave out --room"),
        (["--secret-file", "no/such/file"], "cannot read no/such/file"),
        (["--timeout", "soon"], "a number of seconds is wanted"),
        (["--token", "hush"], "cannot be used with"),
    ] {
        let mut command = messaging(&server, "Ann", "broadcast");
        let output = command.args(["--data", "{}"]).args(arguments).output().unwrap();

        failed(&output, 2, words);
        assert!(!text(&output).contains("hush"), "{output:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let url = "ws://127.0.0.1/rooms/lobby";
    let output = room(&["messaging", "list", "--url", url]).output().unwrap();
    failed(&output, 2, "there is no token: set ROOM_TOKEN");

    let output = room(&["messaging", "list", "--url", url, "--name", "Ann"]).output().unwrap();
    failed(&output, 2, "set ROOM_SECRET or give --secret-file");
}

#[test]
fn a_server_that_is_not_there_is_a_failure() {
    let nobody = "127.0.0.1:1";
    let url = format!("ws://{nobody}/rooms/lobby");

    let output = room(&["messaging", "list", "--url", &url, "--token", "x"]).output().unwrap();

    failed(&output, 4, &format!("connection-refused: cannot connect to {nobody}"));
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/rooms/lobby", silent.local_addr().unwrap());
    let started = Instant::now();

    let mut command = room(&["messaging", "list", "--url", &url, "--token", "x"]);
    let output = command.args(["--timeout", "0.2"]).output().unwrap();

    failed(&output, 5, "timeout: ");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_words_of_a_refusal_are_shown_without_what_a_terminal_obeys() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/rooms/lobby?keep=1", server.local_addr().unwrap());
    let answering = thread::spawn(move || refuse(&server));

    let output = room(&["messaging", "list", "--url", &url, "--token", "x.y.z"]).output().unwrap();

    failed(&output, 4, "HTTP 403 Forbidden: no entry)");
    let request = answering.join().unwrap();
    assert!(request.starts_with("GET /rooms/lobby?keep=1&room-messaging=1&v="), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer x.y.z\r\n"), "{request}");
}

#[cfg(unix)]
#[test]
fn listen_leaves_when_it_is_told() {
    let server = start();
    for signal in ["-INT", "-TERM"] {
        let listener = Listener::start(&server, "Bob", &[]);
        let id = listener.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(succeeded(&listener.finish()), "", "{signal}");
    }
}

#[test]
fn listen_ends_in_time() {
    let server = start();
    let content = Listener::start(&server, "Bob", &["--timeout", "5"]);
    let waiting = Listener::start(&server, "Bob", &["--timeout", "5", "--count", "1"]);

    assert_eq!(succeeded(&content.finish()), "");
    failed(&waiting.finish(), 5, "timeout: ");
}

#[test]
fn the_connection_is_closed_with_1000() {
    let server = start();
    let between = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/rooms/lobby", between.local_addr().unwrap());
    let address = server.address.clone();
    let relaying = thread::spawn(move || relay(&between, &address));

    let mut command = messaging(&server, "Ann", "list");
    let output = command.args(["--url", &url, "--wait", "0"]).output().unwrap();
    assert_eq!(succeeded(&output), "[]\n");

    let said = relaying.join().unwrap();
    let [.., 0x88, 0x82, mask, mask_2, _, _, high, low] = said.as_slice() else {
        panic!("a close frame comes last: {said:?}");
    };
    assert_eq!(u16::from_be_bytes([high ^ mask, low ^ mask_2]), 1000);
}

#[test]
fn listen_goes_on_after_a_cut() {
    let server = start();
    let cut = Cut::start(&server.address, 100_000);
    let url = format!("ws://{}/rooms/lobby", cut.address);
    let listener = Listener::start(&server, "Bob", &["--url", &url, "--count", "2"]);
    let attachment = file("attachment", &vec![0; 300_000]);

    let mut command = messaging(&server, "Ann", "broadcast");
    command.args(["--data", r#"{"number":1}"#, "--attachment", &attachment]);
    succeeded(&command.output().unwrap());
    let mut command = messaging(&server, "Ann", "broadcast");
    succeeded(&command.args(["--data", r#"{"number":2}"#]).output().unwrap());

    let output = listener.finish();
    let printed = succeeded(&output);
    let numbers: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"]["number"].clone())
        .collect();
    assert_eq!(numbers, [1, 2]);
    assert!(text(&output).contains("nothing was lost"), "{output:?}");
    assert_eq!(cut.carried(), 2);
}

#[test]
fn listen_gives_up_a_server_that_does_not_come_back() {
    let mut server = start();
    let listener = Listener::start(&server, "Bob", &["--reconnect", "0.2"]);

    server.process.kill().unwrap();

    failed(&listener.finish(), 4, "connection-refused: ");
}

#[test]
fn listen_fails_when_the_server_is_gone() {
    let mut server = start();
    let listener = Listener::start(&server, "Bob", &["--reconnect", "0"]);

    server.process.kill().unwrap();

    failed(&listener.finish(), 4, "connection-lost: ");
}

/// Refuses one request and gives it back.
fn refuse(server: &TcpListener) -> String {
    let (mut socket, _) = server.accept().unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    let body = r#"{"code":"permission-denied","message":"no\u001bentry"}"#;
    let length = body.len();
    let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\n\r\n");
    // In one piece: the client's library reads no further than the head.
    socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
    String::from_utf8(request).unwrap()
}

/// Carries one connection to `address` and gives back what the client said on it.
fn relay(between: &TcpListener, address: &str) -> Vec<u8> {
    let (mut client, _) = between.accept().unwrap();
    let mut server = TcpStream::connect(address).unwrap();
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    // Both end with an error or not, as the sockets like it.
    let answering = thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        said.extend(&buffer[..count]);
        let _ = server.write_all(&buffer[..count]);
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = answering.join();
    said
}
