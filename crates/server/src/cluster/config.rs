//! Where the other nodes are met, and what can be wrong with that.

use std::{fmt, time::Duration};

use async_nats::ServerAddr;
use thiserror::Error;

/// How a server takes part in a cluster.
#[derive(Clone)]
pub struct ClusterConfig {
    pub(crate) servers: Vec<ServerAddr>,
    pub(crate) lease: Duration,
}

impl ClusterConfig {
    /// Reads `nats://[USER:PASSWORD@]HOST[:PORT]`, or several with commas between them: servers of
    /// one NATS cluster.
    ///
    /// # Errors
    ///
    /// [`ClusterUrlError`], which does not repeat the text: it may have a password.
    pub fn parse(urls: &str) -> Result<Self, ClusterUrlError> {
        let servers = urls.split(',').map(|url| parse_url(url.trim()));
        Ok(Self { servers: servers.collect::<Result<_, _>>()?, lease: Self::DEFAULT_LEASE })
    }

    /// How long the rooms of a node that says nothing stay its own. The same on all nodes; at
    /// least a second.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease: lease.max(Duration::from_secs(1)), ..self }
    }

    /// The lease if nothing else is said.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(6);

    /// The servers without their passwords.
    pub(crate) fn hosts(&self) -> String {
        let hosts = self.servers.iter().map(|at| format!("{}:{}", at.host(), at.port()));
        hosts.collect::<Vec<_>>().join(",")
    }
}

impl fmt::Debug for ClusterConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ClusterConfig");
        debug.field("hosts", &self.hosts()).field("lease", &self.lease).finish()
    }
}

fn parse_url(url: &str) -> Result<ServerAddr, ClusterUrlError> {
    match url.split_once("://") {
        Some(("nats", rest)) if !rest.is_empty() => {
            url.parse().map_err(|_| ClusterUrlError::Malformed)
        }
        Some(("tls" | "wss", _)) => Err(ClusterUrlError::Tls),
        _ => Err(ClusterUrlError::Malformed),
    }
}

/// Text is not the address of a NATS server.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ClusterUrlError {
    /// It is no URL of this kind.
    #[error(
        "a cluster meets at nats://[USER:PASSWORD@]HOST[:PORT]; several are separated by commas"
    )]
    Malformed,
    /// It asks for TLS.
    #[error(
        "this server does not speak TLS to NATS; let it speak to a NATS server on its own machine \
         or in a private network, which can speak TLS to others (a leaf node)"
    )]
    Tls,
}

/// The server cannot take part in the cluster.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// NATS is not there, or does not let us in.
    #[error("cannot connect to NATS at {hosts}: {reason}")]
    Connect {
        /// Where.
        hosts: String,
        /// Why.
        reason: String,
    },
    /// NATS keeps nothing.
    #[error(
        "NATS at {hosts} does not keep the rooms' owners: {reason}\n\
         hint: JetStream must be on (nats-server --jetstream), and allowed for this user"
    )]
    Store {
        /// Where.
        hosts: String,
        /// Why.
        reason: String,
    },
    /// The other nodes have another lease.
    #[error(
        "the cluster has a lease of {theirs:?}, this server of {ours:?}; give all nodes the same \
         --cluster-lease, or delete the stream KV_room-nodes while no node runs"
    )]
    OtherLease {
        /// This server's.
        ours: Duration,
        /// The others'.
        theirs: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_several_servers_are_read_and_no_password_is_shown() {
        let config = ClusterConfig::parse("nats://ann:geheim@a.example, nats://b.example:5222");
        let config = config.expect("two servers").with_lease(Duration::from_secs(9));

        let shown = format!("{config:?}");

        assert_eq!(config.hosts(), "a.example:4222,b.example:5222");
        assert!(shown.contains("b.example:5222") && !shown.contains("geheim"), "{shown}");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in ["", "localhost", "http://x", "nats://", "nats://x:port", "nats://a,,nats://b"]
        {
            let error = ClusterConfig::parse(text).map(drop);
            assert_eq!(error, Err(ClusterUrlError::Malformed), "{text:?}");
        }
        assert_eq!(ClusterConfig::parse("tls://x").map(drop), Err(ClusterUrlError::Tls));
    }
}
