//! The binary, once and running on.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
};

/// The binary, without the secrets of whoever runs the tests.
pub(crate) fn room(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_room"));
    command.args(arguments).env_remove("RUST_LOG");
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| PREFIXES.iter().any(|own| name.starts_with(own))) {
            command.env_remove(name);
        }
    }
    command
}

/// What the variables begin with that the binary reads.
const PREFIXES: [&str; 3] = ["ROOM_", "MESHAGENT_", "OTEL_"];

/// What it said on standard error.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A running `room serve`.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts it on a port of its own.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = room(&["serve", "--listen", "127.0.0.1:0"]);
        let mut process =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
