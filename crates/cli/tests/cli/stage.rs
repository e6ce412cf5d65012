//! A server of its own for each test, and those who take part.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Child, ChildStderr, Command, Output, Stdio},
    thread,
};

use crate::process::{Server, room, text};

/// What tokens are signed with.
pub(crate) const SECRET: &str = "a secret of the tests, long enough for HS256";

pub(crate) fn start() -> Server {
    let secret = file("secret", SECRET.as_bytes());
    Server::start(&["--secret-file", &secret])
}

pub(crate) fn url(server: &Server) -> String {
    format!("ws://{}/rooms/lobby", server.address)
}

/// `room messaging WHAT` as `name` in the room `lobby`; `what` may be several words.
pub(crate) fn messaging(server: &Server, name: &str, what: &str) -> Command {
    let mut command = room(&["messaging"]);
    command.args(what.split(' ')).args(["--url", &url(server), "--name", name]);
    command.env("ROOM_SECRET", SECRET);
    command
}

pub(crate) fn token(room_name: &str) -> String {
    let mut command = room(&["token", "--room", room_name, "--name", "Ann"]);
    let output = command.env("ROOM_SECRET", SECRET).output().unwrap();
    succeeded(&output).trim().to_owned()
}

/// A file that no other test of this process writes.
pub(crate) fn file(name: &str, content: &[u8]) -> String {
    let thread = thread::current().name().unwrap().replace(':', "-");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{thread}-{name}"));
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

/// Standard output, if all went well.
pub(crate) fn succeeded(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn failed(output: &Output, code: i32, words: &str) {
    assert_eq!(output.status.code(), Some(code), "{words}: {output:?}");
    assert!(text(output).contains(words), "{words}: {output:?}");
    assert!(output.stdout.is_empty(), "{words}: {output:?}");
}

/// A running `room messaging listen` that others can see.
pub(crate) struct Listener {
    pub(crate) process: Child,
    stderr: BufReader<ChildStderr>,
    pub(crate) id: String,
}

impl Listener {
    pub(crate) fn start(server: &Server, name: &str, options: &[&str]) -> Self {
        let mut command = messaging(server, name, "listen");
        command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let id = line.trim().strip_prefix("room: listening in lobby as participant ").unwrap();
        Self { id: id.to_owned(), process, stderr }
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Output {
        let mut stderr = Vec::new();
        let mut stdout = Vec::new();
        self.process.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        self.stderr.read_to_end(&mut stderr).unwrap();
        Output { status: self.process.wait().unwrap(), stdout, stderr }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
