//! Which other nodes are there.
//!
//! Every node says now and then that it is, and which of its connections to NATS it says that over.
//! What was under way over an earlier one may be lost, so a line does not outlive the connection of
//! either end.

use std::{collections::HashMap, str::FromStr, time::Duration};

use crate::{Timestamp, error::NameError, ids::NodeId};

/// What a node says of itself: `NODE.CONNECTION`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Beat {
    /// Who says it.
    pub node: NodeId,
    /// The number of its connection. Later ones have larger numbers.
    pub connection: u64,
}

impl std::fmt::Display for Beat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.node, self.connection)
    }
}

impl FromStr for Beat {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (node, connection) = text.split_once('.').ok_or(NameError)?;
        Ok(Self { node: node.parse()?, connection: connection.parse().map_err(|_| NameError)? })
    }
}

/// The nodes that were heard.
#[derive(Debug)]
pub struct Peers {
    patience: Duration,
    heard: HashMap<NodeId, (u64, Timestamp)>,
}

impl Peers {
    /// Nobody was heard yet. Who is silent for `patience` is gone.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self { patience, heard: HashMap::new() }
    }

    /// How long a node may be silent.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// A node was heard. Says whether its connection is another than before, so that lines over the
    /// earlier one are lost.
    pub fn on_heard(&mut self, beat: Beat, now: Timestamp) -> bool {
        let before = self.heard.get(&beat.node).map(|(connection, _)| *connection);
        // A beat of an earlier connection that comes late says nothing.
        if before.is_some_and(|before| before > beat.connection) {
            return false;
        }
        self.heard.insert(beat.node, (beat.connection, now));
        before.is_some_and(|before| before < beat.connection)
    }

    /// The number of a node's connection, if it is there.
    #[must_use]
    pub fn connection(&self, node: NodeId) -> Option<u64> {
        self.heard.get(&node).map(|(connection, _)| *connection)
    }

    /// Whether this one is the first of all, so that each does not do what one can do.
    #[must_use]
    pub fn is_first(&self, node: NodeId) -> bool {
        self.heard.keys().min() == Some(&node)
    }

    /// Nobody was heard yet, again.
    pub fn clear(&mut self) {
        self.heard.clear();
    }

    /// Those who were silent for too long. They are forgotten.
    pub fn silent(&mut self, now: Timestamp) -> Vec<NodeId> {
        let patience = self.patience;
        let late = self.heard.extract_if(|_, (_, at)| now.saturating_sub(*at) >= patience);
        late.map(|(node, _)| node).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: NodeId = NodeId(1);
    const BOB: NodeId = NodeId(2);

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn who_is_silent_is_gone() {
        let mut peers = Peers::new(seconds(3));
        peers.on_heard(Beat { node: ANN, connection: 1 }, seconds(0));
        peers.on_heard(Beat { node: BOB, connection: 1 }, seconds(0));
        peers.on_heard(Beat { node: BOB, connection: 1 }, seconds(2));

        assert!(peers.is_first(ANN) && !peers.is_first(BOB));
        assert_eq!(peers.silent(seconds(2)), []);
        assert_eq!(peers.silent(seconds(3)), [ANN]);
        assert_eq!(peers.connection(ANN), None);
        assert!(peers.is_first(BOB));
        assert_eq!(peers.silent(seconds(5)), [BOB]);
    }

    #[test]
    fn another_connection_is_noticed_and_an_earlier_one_is_not_heard() {
        let mut peers = Peers::new(seconds(3));

        assert!(!peers.on_heard(Beat { node: ANN, connection: 4 }, seconds(0)));
        assert!(!peers.on_heard(Beat { node: ANN, connection: 4 }, seconds(1)));
        assert!(peers.on_heard(Beat { node: ANN, connection: 5 }, seconds(1)));
        assert!(!peers.on_heard(Beat { node: ANN, connection: 4 }, seconds(2)));
        assert_eq!(peers.connection(ANN), Some(5));
        assert_eq!(peers.silent(seconds(4)), [ANN]);
    }

    #[test]
    fn a_beat_can_be_written_down_and_read_again() {
        let beat = Beat { node: ANN, connection: 12 };

        assert_eq!(beat.to_string().parse(), Ok(beat));
        for text in ["", "1.2", "x.y", &format!("{ANN}."), &format!("{ANN}.-1")] {
            assert_eq!(text.parse::<Beat>(), Err(NameError), "{text:?}");
        }
    }
}
