//! The nodes of a test.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use room_proto::Event;
use room_server::{ClusterConfig, ServerConfig};

use crate::{
    guest::Guest,
    harness::{SECRET, Server},
    nats::Nats,
    proxy::Proxy,
};

/// Where nodes are lost: short, so that a test need not wait long.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// Where no node is lost: long, so that a busy machine does not look like a loss.
const CALM: Duration = Duration::from_secs(30);

/// So many nodes in this process, none of which is to be lost.
pub(crate) async fn nodes<const COUNT: usize>(nats: &Nats) -> [Server; COUNT] {
    nodes_with(nats, |_| {}).await
}

/// The same with other settings.
pub(crate) async fn nodes_with<const COUNT: usize>(
    nats: &Nats,
    change: impl Fn(&mut ServerConfig),
) -> [Server; COUNT] {
    start(&nats.url(), CALM, change).await
}

/// Nodes with a short lease.
pub(crate) async fn hasty_nodes<const COUNT: usize>(nats: &Nats) -> [Server; COUNT] {
    start(&nats.url(), LEASE, |_| {}).await
}

/// The same for one, and what is between it and NATS.
pub(crate) async fn node_behind_proxy(nats: &Nats) -> (Server, Proxy) {
    let proxy = Proxy::start(nats.port).await;
    let [node] = start(&proxy.url(), LEASE, |_| {}).await;
    (node, proxy)
}

async fn start<const COUNT: usize>(
    url: &str,
    lease: Duration,
    change: impl Fn(&mut ServerConfig),
) -> [Server; COUNT] {
    let mut nodes = Vec::new();
    for _ in 0..COUNT {
        let cluster = ClusterConfig::parse(url).unwrap().with_lease(lease);
        let node = Server::start_with(|config| {
            config.cluster = Some(cluster);
            change(config);
        });
        nodes.push(node.await);
    }
    nodes.try_into().ok().unwrap()
}

/// A node that is a process of its own, and can be killed.
pub(crate) struct Process {
    child: Child,
    pub(crate) server: Server,
}

impl Process {
    pub(crate) fn start(nats: &Nats) -> Self {
        Self::start_with(nats, LEASE)
    }

    pub(crate) fn start_with(nats: &Nats, lease: Duration) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_room"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"])
            .args(["--cluster", &nats.url(), "--cluster-lease", &lease.as_secs().to_string()])
            .env("ROOM_SECRET", SECRET)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { child, server: Server::elsewhere(address) }
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// As `kill -9` does it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Comes back to a node, as often as it takes.
pub(crate) async fn come_back(guest: &mut Guest, server: &Server) -> Vec<Event> {
    loop {
        guest.look_away().await;
        guest.come_back(server).await;
        let events = guest
            .until(|event| {
                let is_there = matches!(event, Event::Resumed | Event::Discontinuity(_));
                is_there || matches!(event, Event::Lost(_) | Event::Ended(_))
            })
            .await;
        match events.last() {
            Some(Event::Lost(_)) => {}
            Some(Event::Ended(error)) => panic!("it ended for good: {error}"),
            _ => return events,
        }
    }
}

/// Waits until the connection is lost; gives what was reported before.
pub(crate) async fn lost(guest: &mut Guest) -> Vec<Event> {
    guest.until(|event| matches!(event, Event::Lost(_))).await
}

pub(crate) fn is_message(kind: &str) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Message(message) if message.kind == kind)
}
