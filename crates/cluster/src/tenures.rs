//! The rooms that a node has.

use std::{collections::HashMap, time::Duration};

use crate::Timestamp;

/// The rooms of one node in one of its lives, each with the revision under which the store knows it.
#[derive(Debug, Default)]
pub struct Tenures {
    by_room: HashMap<String, Tenure>,
    /// Rooms are given back as soon as they are empty.
    is_hurried: bool,
}

#[derive(Debug)]
struct Tenure {
    revision: u64,
    /// Who is just coming in, and may not be a member yet.
    visitors: u32,
    /// When the room was last seen in use.
    used: Timestamp,
    is_releasing: bool,
}

/// What somebody who wants to come in finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entrance {
    /// The room is this node's. It stays so until [`Tenures::leave`].
    Open,
    /// It is being given back. Wait and look again.
    Closing,
    /// It is not this node's.
    Elsewhere,
}

/// How long an empty room stays where it is: its last member may come back, or the next one come.
const IDLE: Duration = Duration::from_secs(2);

impl Tenures {
    /// The room is this node's from now on. Known already, nothing changes.
    pub fn take(&mut self, room: &str, revision: u64, now: Timestamp) {
        let fresh = || Tenure { revision, visitors: 0, used: now, is_releasing: false };
        self.by_room.entry(room.to_owned()).or_insert_with(fresh);
    }

    /// Somebody comes in.
    pub fn enter(&mut self, room: &str) -> Entrance {
        match self.by_room.get_mut(room) {
            Some(tenure) if tenure.is_releasing => Entrance::Closing,
            Some(tenure) => {
                tenure.visitors += 1;
                Entrance::Open
            }
            None => Entrance::Elsewhere,
        }
    }

    /// Who came in is a member now, or is gone. Says whether the room is still this node's: it may
    /// have been given up meanwhile.
    pub fn leave(&mut self, room: &str, now: Timestamp) -> bool {
        let Some(tenure) = self.by_room.get_mut(room) else { return false };
        tenure.visitors = tenure.visitors.saturating_sub(1);
        tenure.used = now;
        true
    }

    /// The node is about to end: others should have the rooms as soon as nobody is in them.
    pub fn hurry(&mut self) {
        self.is_hurried = true;
    }

    /// The rooms to give back, and their revisions: those that have been empty for a while. Nobody
    /// can enter them until it is known how that went.
    pub fn release(
        &mut self,
        now: Timestamp,
        is_empty: impl Fn(&str) -> bool,
    ) -> Vec<(String, u64)> {
        let mut released = Vec::new();
        let idle = if self.is_hurried { Duration::ZERO } else { IDLE };
        for (room, tenure) in &mut self.by_room {
            if tenure.visitors > 0 || !is_empty(room) {
                tenure.used = now;
            } else if tenure.is_releasing || now.saturating_sub(tenure.used) >= idle {
                tenure.is_releasing = true;
                released.push((room.clone(), tenure.revision));
            }
        }
        released
    }

    /// The room is not this node's any more, under this revision. Says whether it was.
    pub fn lose(&mut self, room: &str, revision: u64) -> bool {
        let is_known = self.by_room.get(room).is_some_and(|tenure| tenure.revision == revision);
        if is_known {
            self.by_room.remove(room);
        }
        is_known
    }

    /// The store knows the room under another revision now.
    pub fn renew(&mut self, room: &str, revision: u64) {
        if let Some(tenure) = self.by_room.get_mut(room) {
            tenure.revision = revision;
        }
    }

    /// All rooms with their revisions.
    #[must_use]
    pub fn all(&self) -> Vec<(String, u64)> {
        let all = self.by_room.iter();
        all.map(|(room, tenure)| (room.clone(), tenure.revision)).collect()
    }

    /// Everything is given up.
    pub fn clear(&mut self) {
        self.by_room.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn an_empty_room_is_given_back_after_a_while_and_nobody_enters_meanwhile() {
        let mut tenures = Tenures::default();
        tenures.take("lobby", 5, seconds(0));

        assert_eq!(tenures.release(seconds(1), |_| true), []);
        assert_eq!(tenures.release(seconds(2), |_| true), [(String::from("lobby"), 5)]);
        assert_eq!(tenures.enter("lobby"), Entrance::Closing);
        assert_eq!(tenures.release(seconds(2), |_| true).len(), 1, "it is tried again");

        assert!(tenures.lose("lobby", 5));
        assert_eq!(tenures.enter("lobby"), Entrance::Elsewhere);
    }

    #[test]
    fn a_room_stays_while_somebody_is_in_it_or_comes_in() {
        let mut tenures = Tenures::default();
        tenures.take("lobby", 5, seconds(0));
        assert_eq!(tenures.enter("lobby"), Entrance::Open);

        assert_eq!(tenures.release(seconds(10), |_| true), [], "somebody comes in");
        assert!(tenures.leave("lobby", seconds(10)));
        assert_eq!(tenures.release(seconds(20), |_| false), [], "somebody is there");
        assert_eq!(tenures.release(seconds(21), |_| true), [], "not for long");
        assert_eq!(tenures.release(seconds(22), |_| true).len(), 1);
    }

    #[test]
    fn whoever_is_about_to_end_waits_for_nobody_to_come_back() {
        let mut tenures = Tenures::default();
        tenures.take("lobby", 5, seconds(0));
        assert_eq!(tenures.release(seconds(0), |_| true), []);

        tenures.hurry();

        assert_eq!(tenures.release(seconds(0), |_| false), [], "somebody is there");
        assert_eq!(tenures.release(seconds(0), |_| true).len(), 1);
    }

    #[test]
    fn what_is_lost_is_lost_under_its_revision_only() {
        let mut tenures = Tenures::default();
        tenures.take("lobby", 5, seconds(0));
        tenures.take("lobby", 6, seconds(0));

        assert!(!tenures.lose("lobby", 6), "it was known under 5");
        tenures.renew("lobby", 7);
        assert_eq!(tenures.all(), [(String::from("lobby"), 7)]);
        assert!(!tenures.lose("lobby", 5));
        assert!(tenures.lose("lobby", 7));
    }

    #[test]
    fn whoever_gives_up_has_nothing() {
        let mut tenures = Tenures::default();
        tenures.take("lobby", 5, seconds(0));

        tenures.clear();

        assert_eq!(tenures.enter("lobby"), Entrance::Elsewhere);
        assert!(!tenures.leave("lobby", seconds(1)), "who was just coming in may not stay");
        assert_eq!(tenures.all(), []);
    }
}
