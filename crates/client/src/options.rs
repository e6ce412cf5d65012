//! How a client behaves.

use room_proto::Config;

use crate::backoff::Backoff;

/// What the session is told, and what its driver does when the connection is lost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// The session's own. With [`Config::reconnect`] it outlives its connections.
    pub session: Config,
    /// When the next connection is opened.
    pub backoff: Backoff,
    /// Whether the first connection asks for messaging to be enabled. A server of ours does so when the
    /// room is ready, and [`Client::enable`](crate::Client::enable) only waits for it, which saves a round
    /// trip; of others it asks.
    pub enables: bool,
}

impl From<Config> for Options {
    fn from(session: Config) -> Self {
        Self { session, ..Self::default() }
    }
}
