//! `room messaging stream`: files from one process to another.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    cut::Cut,
    process::{Server, text},
    stage::{Listener, failed, file, messaging, start, succeeded},
};

#[test]
fn a_file_arrives_as_it_was() {
    let server = start();
    let content = pattern(1_000_001);
    let (source, target) = (file("source", &content), fresh("target"));
    let receiver = Receiver::start(&server, "Bob", &["--out", &target, "--json"]);

    let sent = send(&server, &source, &["--to", "Bob", "--json"]).output().unwrap();

    let header = json!({ "name": name_of(&source), "size": content.len() });
    let sent: Value = serde_json::from_str(&succeeded(&sent)).unwrap();
    assert_eq!(sent["event"], "stream_sent");
    assert_eq!(sent["to"], receiver.id);
    assert_eq!(sent["header"], header);
    assert_eq!(sent["bytes"], content.len());
    let received: Value = serde_json::from_str(&succeeded(&receiver.finish())).unwrap();
    assert_eq!(received["event"], "stream_received");
    assert_eq!(received["header"], header);
    assert!(fs::read(&target).unwrap() == content);
    assert!(!Path::new(&format!("{target}.part")).exists());
}

#[test]
fn standard_input_goes_to_standard_output() {
    let server = start();
    let receiver = Receiver::start(&server, "Bob", &[]);
    let mut command = send(&server, "-", &["--to-participant-id", &receiver.id]);
    command.args(["--header", r#"{"what":"words"}"#]).stdin(Stdio::piped()).stdout(Stdio::piped());

    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(b"one\ntwo\n").unwrap();
    assert_eq!(succeeded(&process.wait_with_output().unwrap()), "Sent 8 bytes.\n");

    let received = receiver.finish();
    assert_eq!(succeeded(&received), "one\ntwo\n");
    assert!(text(&received).contains("Received 8 bytes."), "{received:?}");
}

#[test]
fn nothing_is_something_to_send() {
    let server = start();
    let (source, target) = (file("empty", b""), fresh("target"));
    let receiver = Receiver::start(&server, "Bob", &["--out", &target]);

    assert_eq!(
        succeeded(&send(&server, &source, &["--to", "Bob"]).output().unwrap()),
        "Sent 0 bytes.\n"
    );
    assert_eq!(succeeded(&receiver.finish()), "Received 0 bytes.\n");
    assert_eq!(fs::read(&target).unwrap(), b"");
}

#[test]
fn a_stream_goes_on_after_a_cut_on_the_way_of_the_sender() {
    let server = start();
    let content = pattern(6_000_000);
    let (source, target) = (file("source", &content), fresh("target"));
    let receiver = Receiver::start(&server, "Bob", &["--out", &target]);
    let cut = Cut::start(&server.address, 2_000_000);
    let url = format!("ws://{}/rooms/lobby", cut.address);

    let sent = send(&server, &source, &["--to", "Bob", "--url", &url]).output().unwrap();

    assert_eq!(succeeded(&sent), "Sent 6000000 bytes.\n");
    assert!(text(&sent).contains("the connection is there again; nothing was lost"), "{sent:?}");
    succeeded(&receiver.finish());
    assert!(fs::read(&target).unwrap() == content);
    assert_eq!(cut.carried(), 2);
}

#[test]
fn a_stream_goes_on_after_a_cut_on_the_way_of_the_receiver() {
    let server = start();
    let content = pattern(6_000_000);
    let (source, target) = (file("source", &content), fresh("target"));
    let cut = Cut::start(&server.address, 2_000_000);
    let url = format!("ws://{}/rooms/lobby", cut.address);
    let receiver = Receiver::start(&server, "Bob", &["--out", &target, "--url", &url]);

    succeeded(&send(&server, &source, &["--to", "Bob"]).output().unwrap());

    let received = receiver.finish();
    succeeded(&received);
    assert!(text(&received).contains("nothing was lost"), "{received:?}");
    assert!(fs::read(&target).unwrap() == content);
    assert_eq!(cut.carried(), 2);
}

#[test]
fn without_reconnecting_a_cut_is_the_end() {
    let server = start();
    let content = pattern(6_000_000);
    let (source, target) = (file("source", &content), fresh("target"));
    let receiver = Receiver::start(&server, "Bob", &["--out", &target]);
    let cut = Cut::start(&server.address, 2_000_000);
    let url = format!("ws://{}/rooms/lobby", cut.address);

    let mut command = send(&server, &source, &["--to", "Bob", "--url", &url]);
    failed(&command.args(["--reconnect", "0"]).output().unwrap(), 4, "connection-lost: ");

    failed(&receiver.finish(), 3, "peer-left: ");
    assert!(!Path::new(&target).exists());
    assert!(fs::read(format!("{target}.part")).unwrap().len() < content.len());
}

#[test]
fn who_is_not_awaited_is_refused() {
    let server = start();
    let source = file("source", b"x");
    let receiver = Receiver::start(&server, "Bob", &["--from", "Carol"]);

    let output = send(&server, &source, &["--to", "Bob"]).output().unwrap();
    failed(&output, 6, "stream-rejected: ");
    assert!(text(&output).contains("a stream of somebody else is awaited"), "{output:?}");

    let mut command = send(&server, &source, &["--to", "Bob", "--name", "Carol"]);
    succeeded(&command.output().unwrap());
    assert_eq!(succeeded(&receiver.finish()), "x");
}

#[test]
fn who_takes_no_streams_says_so() {
    let server = start();
    let _listener = Listener::start(&server, "Bob", &[]);

    let output = send(&server, &file("source", b"x"), &["--to", "Bob"]).output().unwrap();

    failed(&output, 6, "stream-rejected: ");
}

#[test]
fn a_sender_without_anybody_to_send_to_fails() {
    let server = start();
    let source = file("source", b"x");

    let output = send(&server, &source, &["--to", "Bob", "--wait", "0"]).output().unwrap();
    failed(&output, 3, "participant-not-found: ");
    let output = send(&server, "no/such/file", &["--to", "Bob", "--wait", "0"]).output().unwrap();
    failed(&output, 2, "cannot read no/such/file");
}

#[test]
fn a_receiver_that_cannot_write_says_so_before_anybody_sends() {
    let server = start();
    let mut command = messaging(&server, "Bob", "stream receive");
    command.args(["--out", "no/such/folder/file"]);

    failed(&command.output().unwrap(), 2, "cannot write no/such/folder/file.part");
}

#[test]
fn a_receiver_waits_no_longer_than_it_is_told() {
    let server = start();
    let target = fresh("target");
    let receiver = Receiver::start(&server, "Bob", &["--timeout", "3", "--out", &target]);

    failed(&receiver.finish(), 5, "timeout: ");
    assert!(!Path::new(&format!("{target}.part")).exists());
}

#[cfg(unix)]
#[test]
fn a_sender_that_is_interrupted_leaves_no_file_that_looks_complete() {
    let server = start();
    let target = fresh("target");
    let receiver = Receiver::start(&server, "Bob", &["--out", &target]);
    let mut command = send(&server, "-", &["--to", "Bob"]);
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // More than fits between the two: they have met when it is taken.
    let mut input = process.stdin.take().unwrap();
    input.write_all(&pattern(8_000_000)).unwrap();

    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let sent = process.wait_with_output().unwrap();
    drop(input);

    failed(&sent, 130, "interrupted");
    let received = receiver.finish();
    failed(&received, 6, "stream-aborted: ");
    assert!(text(&received).contains("the command ended before the stream did"), "{received:?}");
    assert!(!Path::new(&target).exists());
}

/// `room messaging stream send` as Ann.
fn send(server: &Server, source: &str, options: &[&str]) -> Command {
    let mut command = messaging(server, "Ann", "stream send");
    command.arg(source).args(options);
    command
}

/// A running `room messaging stream receive` that others can see.
struct Receiver {
    process: Child,
    stderr: BufReader<ChildStderr>,
    id: String,
}

impl Receiver {
    fn start(server: &Server, name: &str, options: &[&str]) -> Self {
        let mut command = messaging(server, name, "stream receive");
        command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let words = "room: waiting for a stream in lobby as participant ";
        let id = line.trim().strip_prefix(words).unwrap();
        Self { id: id.to_owned(), process, stderr }
    }

    /// Waits for its end.
    fn finish(mut self) -> Output {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.process.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        self.stderr.read_to_end(&mut stderr).unwrap();
        Output { status: self.process.wait().unwrap(), stdout, stderr }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The path of a file that is not there.
fn fresh(name: &str) -> String {
    let path = file(name, b"");
    fs::remove_file(&path).unwrap();
    path
}

fn name_of(path: &str) -> String {
    Path::new(path).file_name().unwrap().to_str().unwrap().to_owned()
}

/// Bytes of which none stands where another could.
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 31 + at / 251) as u8).collect()
}
