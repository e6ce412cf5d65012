//! How long to wait before another attempt to connect.

use std::time::Duration;

/// Exponential backoff with full jitter: any wait between nothing and a bound that doubles, so that
/// the clients of a server that was restarted do not all come back at the same moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Backoff {
    /// The longest wait before the first attempt. It doubles with each.
    pub base: Duration,
    /// The longest wait of all.
    pub cap: Duration,
    /// How long after a loss the last attempt begins; without it there is always another.
    pub give_up_after: Option<Duration>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(30), give_up_after: None }
    }
}

impl Backoff {
    /// How long after the loss the next attempt begins; `None` to give up.
    ///
    /// `attempt` is 1 for the first, `since` the time since the loss, `chance` from 0 to 1. The
    /// last attempt is never later than [`Backoff::give_up_after`].
    pub(crate) fn next(&self, attempt: u32, since: Duration, chance: f64) -> Option<Duration> {
        let bound = self.base.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let at = since.saturating_add(bound.min(self.cap).mul_f64(chance));
        match self.give_up_after {
            Some(end) if since >= end => None,
            Some(end) => Some(at.min(end)),
            None => Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let backoff = Backoff { base: seconds(1), cap: seconds(10), give_up_after: None };
        let bounds = [1, 2, 4, 5, 40].map(|attempt| backoff.next(attempt, Duration::ZERO, 1.0));

        assert_eq!(bounds, [1, 2, 8, 10, 10].map(|bound| Some(seconds(bound))));
    }

    #[test]
    fn chance_takes_from_the_bound() {
        let backoff = Backoff { base: seconds(4), ..Backoff::default() };

        assert_eq!(backoff.next(1, seconds(7), 0.0), Some(seconds(7)));
        assert_eq!(backoff.next(1, seconds(7), 0.5), Some(seconds(9)));
    }

    #[test]
    fn there_is_a_last_attempt_at_the_end_of_the_time() {
        let backoff =
            Backoff { base: seconds(8), give_up_after: Some(seconds(10)), ..Backoff::default() };

        assert_eq!(backoff.next(2, seconds(9), 1.0), Some(seconds(10)));
        assert_eq!(backoff.next(3, seconds(10), 0.0), None);
    }
}
