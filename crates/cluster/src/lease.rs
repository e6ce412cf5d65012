//! Whether a node may still believe that what it has is its own.
//!
//! A lease is an entry in a store that forgets it after its length, unless it is written again. The
//! store counts from when it writes, the node from before it asked for that: so the node's count is
//! the earlier one. It gives up at three quarters of the length; the last quarter is for clocks that
//! run differently and for tasks that come late.
//!
//! ```text
//!  renewed                     gives up     forgotten: others may take over
//!  |------------|-----------|-----------|-----------|
//!           renews       again
//! ```

use std::time::Duration;

use crate::Timestamp;

/// One node's lease.
#[derive(Clone, Debug)]
pub struct Lease {
    length: Duration,
    life: u32,
    /// When the last renewal that came through was asked for, in this life.
    renewed: Option<Timestamp>,
    /// When the last one was asked for at all.
    asked: Option<Timestamp>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Ask for a renewal in this life, and meanwhile look again at the time given.
    Renew {
        /// The life to write down.
        life: u32,
        /// When to look again.
        again: Timestamp,
    },
    /// Nothing, until then.
    Wait(Timestamp),
    /// Everything must be given up, now. The next life has begun.
    GiveUp,
}

impl Lease {
    /// A lease of this length that is not held yet.
    #[must_use]
    pub fn new(length: Duration) -> Self {
        Self { length, life: 1, renewed: None, asked: None }
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.length
    }

    /// How often it is renewed.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.length / 4
    }

    /// The life that the node is in.
    #[must_use]
    pub fn life(&self) -> u32 {
        self.life
    }

    /// Whether what the node has is its own.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.ends().is_some_and(|ends| now < ends)
    }

    /// What to do now.
    pub fn step(&mut self, now: Timestamp) -> Step {
        if self.ends().is_some_and(|ends| now >= ends) {
            self.life += 1;
            (self.renewed, self.asked) = (None, None);
            return Step::GiveUp;
        }
        let due = self.asked.map_or(now, |asked| asked + self.interval());
        if now < due {
            return Step::Wait(self.soonest(due));
        }
        self.asked = Some(now);
        Step::Renew { life: self.life, again: self.soonest(now + self.interval()) }
    }

    /// A renewal of this life came through, which was asked for then.
    pub fn on_renewed(&mut self, life: u32, asked: Timestamp) {
        if life == self.life {
            self.renewed = self.renewed.max(Some(asked));
        }
    }

    /// The connection is new: the next step is a renewal.
    pub fn hurry(&mut self) {
        self.asked = None;
    }

    fn ends(&self) -> Option<Timestamp> {
        Some(self.renewed? + self.length * 3 / 4)
    }

    fn soonest(&self, at: Timestamp) -> Timestamp {
        self.ends().map_or(at, |ends| ends.min(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn held_since(at: Timestamp) -> Lease {
        let mut lease = Lease::new(ms(4000));
        assert_eq!(lease.step(at), Step::Renew { life: 1, again: at + ms(1000) });
        assert!(!lease.is_held(at), "it was only asked for");
        lease.on_renewed(1, at);
        lease
    }

    #[test]
    fn it_is_renewed_four_times_in_its_length() {
        let mut lease = held_since(ms(100));

        assert!(lease.is_held(ms(101)));
        assert_eq!(lease.step(ms(200)), Step::Wait(ms(1100)));
        assert_eq!(lease.step(ms(1100)), Step::Renew { life: 1, again: ms(2100) });
    }

    #[test]
    fn without_a_renewal_everything_is_given_up_before_others_may_take_it() {
        let mut lease = held_since(ms(0));

        assert_eq!(lease.step(ms(1000)), Step::Renew { life: 1, again: ms(2000) });
        assert_eq!(lease.step(ms(2000)), Step::Renew { life: 1, again: ms(3000) });
        assert!(lease.is_held(ms(2999)));
        assert!(!lease.is_held(ms(3000)), "whoever asks is not told otherwise before the step");
        assert_eq!(lease.step(ms(3000)), Step::GiveUp);
        assert_eq!(lease.step(ms(3000)), Step::Renew { life: 2, again: ms(4000) });
        assert!(!lease.is_held(ms(3000)));
    }

    #[test]
    fn a_node_that_slept_gives_up_before_anything_else() {
        let mut lease = held_since(ms(0));

        assert!(!lease.is_held(ms(60_000)));
        assert_eq!(lease.step(ms(60_000)), Step::GiveUp);
    }

    #[test]
    fn a_renewal_counts_from_when_it_was_asked_for_and_only_in_its_life() {
        let mut lease = held_since(ms(0));
        lease.step(ms(1000));

        // The answer took long.
        lease.on_renewed(1, ms(1000));
        assert!(lease.is_held(ms(3999)) && !lease.is_held(ms(4000)));

        assert_eq!(lease.step(ms(4000)), Step::GiveUp);
        lease.on_renewed(1, ms(3500));
        assert!(!lease.is_held(ms(4000)), "that was another life");
    }

    #[test]
    fn a_new_connection_is_used_at_once() {
        let mut lease = held_since(ms(0));

        lease.hurry();

        assert_eq!(lease.step(ms(10)), Step::Renew { life: 1, again: ms(1010) });
    }
}
