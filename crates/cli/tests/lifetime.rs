//! A server from its first signal to its last.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(unix)]

mod member;
mod process;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use member::join;
use process::{Server, room, text};

#[test]
fn the_admin_address_tells_metrics_and_health() {
    let mut command = room(&["serve", "--dev", "--listen", "127.0.0.1:0"]);
    command.args(["--admin-listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut address = |what: &str| {
        let line = lines.next().unwrap().unwrap();
        line.strip_prefix(&format!("{what} on http://")).unwrap().to_owned()
    };
    let server = Server { address: address("listening"), process };
    let admin = address("admin");

    let metrics = get(&admin, "/metrics");
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    assert!(metrics.contains("\nroom_members 0\n"), "{metrics}");
    // It listens a moment before it lets anybody in.
    while !get(&admin, "/readyz").ends_with("\r\n\r\nready") {}
    assert!(get(&server.address, "/metrics").starts_with("HTTP/1.1 404"));
}

#[test]
fn an_admin_address_that_is_taken_is_a_failure() {
    let server = Server::start(&["--dev"]);

    let arguments = ["serve", "--dev", "--listen", "127.0.0.1:0", "--admin-listen"];
    let output = room(&arguments).arg(&server.address).output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains(&format!("cannot listen on {}", server.address)));
    assert!(output.stdout.is_empty());
}

#[test]
fn the_first_signal_drains_and_the_second_ends_at_once() {
    for (first, second) in [("-TERM", "-TERM"), ("-TERM", "-INT"), ("-INT", "-INT")] {
        let mut server = Server::start(&["--dev", "--drain-time", "600"]);
        let _member = join(&server.address).0;

        kill(&server, first);
        while !get(&server.address, "/readyz").starts_with("HTTP/1.1 503") {}
        assert!(server.process.try_wait().unwrap().is_none(), "there is a member");

        kill(&server, second);
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{first} {second}");
    }
}

#[test]
fn a_server_without_members_drains_at_once() {
    let mut server = Server::start(&["--dev", "--drain-time", "600"]);

    kill(&server, "-TERM");

    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn systemd_is_told_when_it_is_ready_and_when_it_ends() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("notify");
    // There is none at the first run.
    let _ = std::fs::remove_file(&path);
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let told = || {
        let mut buffer = [0; 100];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };

    let mut command = room(&["serve", "--dev", "--listen", "127.0.0.1:0"]);
    let mut process = command.env("NOTIFY_SOCKET", &path).spawn().unwrap();
    assert_eq!(told().trim(), "READY=1");
    Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();

    assert_eq!(told().trim(), "STOPPING=1");
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

fn kill(server: &Server, signal: &str) {
    let id = server.process.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

fn get(address: &str, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}
