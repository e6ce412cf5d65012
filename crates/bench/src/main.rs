//! `room-bench`: the server of `npm run bench`.
//!
//! Several servers in one process, so that they share its luck with the machine: the room server as
//! `room serve --dev` has it; two more that differ in the size of the packets for clients that are not
//! ours (that of the official clients, and one that is as large as possible); and a relay that passes
//! WebSocket messages on as they are. What the relay reaches is what the network and the browser allow.

mod native;
mod relay;

use std::{future::pending, io::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::Parser;
use room_server::{Keys, Mount, Secret, ServerConfig};
use tokio::{
    io::{AsyncReadExt as _, stdin},
    net::TcpListener,
};

/// Messages are many small pieces of memory that one thread takes and another gives back.
#[cfg(all(feature = "jemalloc", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of the pages
    #[arg(long)]
    www: Option<PathBuf>,

    /// More folders, such as /pkg=pkg
    #[arg(long, value_parser = Mount::parse)]
    mount: Vec<Mount>,

    /// Measures what the servers carry between native clients, and ends
    #[arg(long)]
    native: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let [rooms, small, large, relay] =
        [listen().await?, listen().await?, listen().await?, listen().await?];
    let secret = Secret::random();
    if arguments.native {
        let ports = (rooms.local_addr()?.port(), relay.local_addr()?.port());
        tokio::spawn(relay::serve(relay));
        tokio::spawn(room_server::run(rooms, arguments.config(&secret), pending()));
        return native::run(ports.0, ports.1, &secret).await;
    }
    let line = serde_json::json!({
        "rooms": rooms.local_addr()?.port(),
        "small": small.local_addr()?.port(),
        "large": large.local_addr()?.port(),
        "relay": relay.local_addr()?.port(),
    });
    writeln!(std::io::stdout().lock(), "{line}")?;
    tokio::spawn(relay::serve(relay));
    for (listener, packet_bytes) in [(small, 1024), (large, 256 * 1024)] {
        let config = ServerConfig { packet_bytes, ..arguments.config(&secret) };
        tokio::spawn(room_server::run(listener, config, pending()));
    }
    room_server::run(rooms, arguments.config(&secret), end_of_input()).await?;
    Ok(())
}

impl Arguments {
    fn config(&self, secret: &Secret) -> ServerConfig {
        ServerConfig {
            dev: true,
            www: self.www.clone(),
            mounts: self.mount.clone(),
            // Members that fire 10 000 messages at once are what is measured.
            max_messages_per_second: 10_000_000,
            ..ServerConfig::new(Keys::from_secret(secret.clone()))
        }
    }
}

async fn listen() -> anyhow::Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").await.context("cannot listen on the loopback interface")
}

/// Whoever started us is gone when our input ends.
async fn end_of_input() {
    let mut nothing = Vec::new();
    // However it ends, it has ended.
    let _ = stdin().read_to_end(&mut nothing).await;
}
