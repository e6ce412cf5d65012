//! The native client as a peer of the interoperability tests.
//!
//! Takes one JSON command a line on standard input and answers each with one JSON line on standard
//! output, as `tests/interop/peers/` has it for the others. One task owns the client: a line gives
//! the session a command, and an event answers the lines that wait for it.

mod command;
mod describe;
mod duplex;
mod peer;
mod perform;
mod policy;
mod reading;
mod waiting;
mod writing;

use std::io;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::peer::Peer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut peer = Peer::default();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => peer.on_line(&line).await?,
                None => return Ok(()),
            },
            event = peer.next_event() => match event {
                Ok(event) => peer.on_event(event),
                Err(error) => peer.on_end(&error).await,
            },
        }
    }
}
