//! Where a server is in its life, for whoever sends it work.

use std::sync::atomic::{AtomicU8, Ordering};

/// A stage of a server's life. They come in this order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// Nobody is let in yet.
    Starting,
    /// Whoever may comes in.
    Serving,
    /// Nobody is let in any more.
    Draining,
}

impl Stage {
    /// In a word, as `/readyz` says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "ready",
            Self::Draining => "draining",
        }
    }
}

/// The stage that has been reached.
#[derive(Debug)]
pub(crate) struct Life(AtomicU8);

impl Default for Life {
    fn default() -> Self {
        Self(AtomicU8::new(Stage::Starting as u8))
    }
}

impl Life {
    /// Reaches a stage. None that has been passed comes again.
    pub(crate) fn enter(&self, stage: Stage) {
        self.0.fetch_max(stage as u8, Ordering::Relaxed);
    }

    /// Which it is.
    pub(crate) fn stage(&self) -> Stage {
        let reached = self.0.load(Ordering::Relaxed);
        let stages = [Stage::Draining, Stage::Serving];
        stages.into_iter().find(|stage| reached >= *stage as u8).unwrap_or(Stage::Starting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_one_way() {
        let life = Life::default();
        assert_eq!(life.stage(), Stage::Starting);

        life.enter(Stage::Serving);
        assert_eq!(life.stage(), Stage::Serving);
        life.enter(Stage::Draining);
        life.enter(Stage::Serving);
        assert_eq!(life.stage(), Stage::Draining);
    }
}
