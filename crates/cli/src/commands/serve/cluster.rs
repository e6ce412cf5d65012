//! How `room serve` shares its rooms with others.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, value_parser};
use room_server::{ClusterConfig, Secret};

/// `docs/scale.md` describes clusters.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct Cluster {
    /// Share the rooms with all servers that meet at this NATS (with JetStream), such as
    /// nats://10.0.0.5; several servers of one NATS are separated by commas
    ///
    /// All nodes need the same secret, API keys and limits. A password is better given in the
    /// environment.
    // Read later: an error of clap would repeat it.
    #[arg(long, value_name = "URL", env = "ROOM_CLUSTER", hide_env_values = true)]
    cluster: Option<String>,

    /// After how much silence other nodes take over the rooms of this one, in seconds (1 to 60)
    ///
    /// The same on all nodes.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 6,
        value_parser = value_parser!(u32).range(1..=60)
    )]
    cluster_lease: u32,
}

impl Cluster {
    /// For the server.
    pub(crate) fn config(&self) -> anyhow::Result<Option<ClusterConfig>> {
        let Some(urls) = &self.cluster else { return Ok(None) };
        let config = ClusterConfig::parse(urls).context("in --cluster")?;
        Ok(Some(config.with_lease(Duration::from_secs(self.cluster_lease.into()))))
    }

    /// With a secret of its own for each node, a token would be good for one of them.
    pub(crate) fn check_secret(&self, secret: Option<&Secret>) -> anyhow::Result<()> {
        if self.cluster.is_some() && secret.is_none() {
            bail!(
                "the nodes of a cluster need the same secret: set ROOM_SECRET or give --secret-file"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        cluster: Cluster,
    }

    fn cluster(flags: &str) -> Cluster {
        let line = std::iter::once("serve").chain(flags.split_whitespace());
        Line::try_parse_from(line).expect("flags").cluster
    }

    #[test]
    fn without_the_flag_there_is_no_cluster() {
        let alone = cluster("");

        assert!(alone.config().expect("nothing is wrong").is_none());
        assert!(alone.check_secret(None).is_ok());
    }

    #[test]
    fn the_lease_is_in_seconds_and_a_secret_is_needed() {
        let shared = cluster("--cluster nats://x --cluster-lease 9");

        let config = shared.config().expect("an address").expect("a cluster");

        assert!(format!("{config:?}").contains("9s"), "{config:?}");
        assert!(shared.check_secret(None).is_err());
    }

    #[test]
    fn what_is_wrong_is_not_repeated() {
        let error = cluster("--cluster nats//:geheim@x").config().expect_err("no address");

        let text = format!("{error:#}");
        assert!(text.contains("--cluster") && !text.contains("geheim"), "{text}");
    }
}
