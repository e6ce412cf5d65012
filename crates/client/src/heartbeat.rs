//! Finds out whether a silent server is still there, as the official Python clients do.

use std::time::Duration;

use tokio::time::Instant;

/// Asks a silent server for a sign of life, and gives up if none comes.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// The last sign of life.
    alive: Instant,
    /// Whether the server was asked for one since.
    asked: bool,
}

/// What is to be done about silence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Beat {
    /// There was a sign of life.
    Wait,
    /// It is time to ask for one.
    Ping,
    /// None came.
    Dead,
}

impl Heartbeat {
    pub(crate) fn new(now: Instant) -> Self {
        Self { alive: now, asked: false }
    }

    /// Something came, or something left that waited for room.
    pub(crate) fn on_life(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// When [`Heartbeat::beat`] has something to say, unless there is a sign of life before.
    pub(crate) fn deadline(&self) -> Instant {
        self.alive + if self.asked { INTERVAL * 2 } else { INTERVAL }
    }

    /// What to do now.
    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if now < self.deadline() {
            return Beat::Wait;
        }
        if self.asked {
            return Beat::Dead;
        }
        self.asked = true;
        Beat::Ping
    }
}

/// How long silence may last, and then how long an answer may take.
const INTERVAL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_asked_about_once_and_then_given_up() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(start);

        assert_eq!(heartbeat.beat(at(29)), Beat::Wait);
        assert_eq!(heartbeat.beat(at(30)), Beat::Ping);
        assert_eq!(heartbeat.beat(at(59)), Beat::Wait);
        assert_eq!(heartbeat.deadline(), at(60));
        assert_eq!(heartbeat.beat(at(60)), Beat::Dead);
    }

    #[test]
    fn a_sign_of_life_begins_anew() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(start);

        assert_eq!(heartbeat.beat(at(30)), Beat::Ping);
        heartbeat.on_life(at(40));
        assert_eq!(heartbeat.beat(at(69)), Beat::Wait);
        assert_eq!(heartbeat.beat(at(70)), Beat::Ping);
    }
}
