//! `room messaging chat`, and what `listen` prints beside messages.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    process::{Server, text},
    stage::{Listener, failed, file, messaging, start, succeeded},
};

#[test]
fn what_one_types_the_others_read() {
    let server = start();
    let mut ann = Chat::start(&server, "Ann", &[]);
    let mut bob = Chat::start(&server, "Bob", &[]);
    assert_eq!(ann.line(), "* Bob is here");
    assert_eq!(bob.line(), "* Ann is here");
    let mut carol = Chat::start(&server, "Carol", &["--json"]);
    assert_eq!([ann.line(), bob.line()], ["* Carol is here", "* Carol is here"]);

    ann.types("hi, all");
    assert_eq!(bob.line(), "Ann: hi, all");
    bob.types("/msg Ann hi, Ann");
    assert_eq!(ann.line(), "Bob: hi, Ann");

    let ids: Vec<Value> =
        (0..2).map(|_| json_of(&carol.line())["participant"]["id"].clone()).collect();
    let heard = json_of(&carol.line());
    assert_eq!(heard["event"], "message");
    assert_eq!(heard["message"], json!({ "text": "hi, all" }));
    assert!(ids.contains(&heard["from"]), "{heard}");

    ann.types("/quit");
    succeeded(&ann.finish());
    assert_eq!(bob.line(), "* Ann has left");
    // The end of the input is an end too.
    succeeded(&bob.finish());
    succeeded(&carol.finish());
}

#[test]
fn what_cannot_be_done_is_said_and_the_chat_goes_on() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "1"]);
    let mut ann = Chat::start(&server, "Ann", &[]);
    assert_eq!(ann.line(), "* Bob is here");

    ann.types("/msg Carol hi");
    ann.types("/dance");
    ann.types("/who");
    ann.types("hi");

    succeeded(&listener.finish());
    let output = ann.finish();
    assert_eq!(output.status.code(), Some(1), "not all went out");
    let said = text(&output);
    assert!(said.contains("participant-not-found: nobody is called \"Carol\"\n"), "{said}");
    assert!(said.contains("room: /dance is not known"), "{said}");
    assert!(said.contains("room: Bob is there\n"), "{said}");
}

#[test]
fn a_kind_of_the_protocol_ends_the_chat() {
    let server = start();
    let mut ann = Chat::start(&server, "Ann", &["--type", "participant.enabled"]);

    ann.types("hi");
    let mut rest = String::new();
    ann.output.read_to_string(&mut rest).unwrap();

    failed(&ann.finish(), 2, "is the protocol's own");
}

#[test]
fn a_terminal_is_not_obeyed_by_what_others_say() {
    let server = start();
    let mut bob = Chat::start(&server, "Bob", &[]);
    let mut command = messaging(&server, "A\u{1b}[2Jnn", "broadcast");
    command.args(["--type", "chat.message", "--data", r#"{"text":"\u001b[31mred\nline"}"#]);
    succeeded(&command.output().unwrap());

    let name = "A [2Jnn";
    assert_eq!(bob.line(), format!("* {name} is here"));
    assert_eq!(bob.line(), format!("{name}:  [31mred line"));
}

#[test]
fn listen_prints_who_comes_changes_and_goes() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--presence", "--count", "1"]);
    let ann = Listener::start(&server, "Ann", &[]);
    let sent = messaging(&server, "Carol", "broadcast").args(["--data", "{}"]).output().unwrap();
    succeeded(&sent);

    let lines: Vec<_> = succeeded(&listener.finish()).lines().map(json_of).collect();

    let happened = |event: &str| -> Vec<String> {
        let these = lines.iter().filter(|line| line["event"] == event);
        these.map(|line| line["participant"]["attributes"]["name"].to_string()).collect()
    };
    assert_eq!(happened("participant_added"), ["\"Ann\"", "\"Carol\""]);
    assert_eq!(lines[0]["participant"]["id"], ann.id);
    assert_eq!(lines.last().unwrap()["event"], "message");
}

#[test]
fn listen_prints_the_streams_that_it_takes() {
    let server = start();
    let options = ["--streams", "--presence", "--count", "1"];
    let listener = Listener::start(&server, "Bob", &options);
    let source = file("source", b"words");
    let mut command = messaging(&server, "Ann", "stream send");
    succeeded(&command.args([source.as_str(), "--to", "Bob"]).output().unwrap());
    let sent = messaging(&server, "Carol", "broadcast").args(["--data", "{}"]).output().unwrap();
    succeeded(&sent);

    let lines: Vec<_> = succeeded(&listener.finish()).lines().map(json_of).collect();

    let of_streams: Vec<_> =
        lines.iter().filter(|line| line["stream"].is_string()).cloned().collect();
    let [opened, chunk, closed] = of_streams.as_slice() else { panic!("{lines:?}") };
    let stream = &opened["stream"];
    assert_eq!(opened["event"], "stream_opened");
    assert_eq!(opened["header"]["size"], 5);
    assert_eq!(
        *chunk,
        json!({ "event": "stream_chunk", "stream": stream, "header": {}, "data_base64": "d29yZHM=" })
    );
    assert_eq!(*closed, json!({ "event": "stream_closed", "stream": stream, "error": null }));
    assert!(lines.iter().any(|line| line["event"] == "participant_removed"), "{lines:?}");
}

#[test]
fn listen_has_lines_for_people() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--plain", "--presence", "--count", "2"]);
    let attachment = file("attachment", b"x");
    let mut command = messaging(&server, "Ann", "broadcast");
    command.args(["--type", "chat.message", "--data", r#"{"text":"hi"}"#]);
    succeeded(&command.output().unwrap());
    let mut command = messaging(&server, "Ann", "broadcast");
    command.args(["--type", "cursor", "--data", r#"{ "x": 1 }"#, "--attachment", &attachment]);
    succeeded(&command.output().unwrap());

    let printed = succeeded(&listener.finish());

    let expected = [
        "* Ann is here",
        "Ann: hi",
        "* Ann has left",
        "* Ann is here",
        r#"Ann cursor: {"x":1} [with an attachment]"#,
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn lines_are_for_people_or_for_programs() {
    let server = start();
    let mut command = messaging(&server, "Bob", "listen");

    failed(&command.args(["--plain", "--json"]).output().unwrap(), 2, "cannot be used with");
}

fn json_of(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// A running `room messaging chat`.
struct Chat {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Chat {
    /// Starts it, and waits until it is in the room.
    fn start(server: &Server, name: &str, options: &[&str]) -> Self {
        let mut command = messaging(server, name, "chat");
        command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut said = Vec::new();
        let stderr = process.stderr.as_mut().unwrap();
        while !said.ends_with(b"\n") {
            let mut byte = [0];
            stderr.read_exact(&mut byte).unwrap();
            said.extend(byte);
        }
        assert!(said.starts_with(b"room: chatting in lobby as participant "));
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends the input and waits for the end.
    fn finish(self) -> Output {
        let Self { process, input, mut output } = self;
        drop(input);
        let mut stdout = Vec::new();
        output.read_to_end(&mut stdout).unwrap();
        let output = process.wait_with_output().unwrap();
        Output { stdout, ..output }
    }
}
