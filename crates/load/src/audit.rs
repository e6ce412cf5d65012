//! Compares what the members of a room heard with what the others sent.

use std::ops::AddAssign;

use crate::record::{Answer, Recipient, Record, Sent};

/// What became of the messages. Of a broadcast every listener counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Audit {
    /// Messages that the server took.
    pub(crate) taken: usize,
    /// Messages that it refused.
    pub(crate) refused: usize,
    /// Messages that it said nothing about.
    pub(crate) unanswered: usize,
    /// What was heard.
    pub(crate) heard: usize,
    /// Taken, and not heard.
    pub(crate) lost: usize,
    /// Heard again.
    pub(crate) duplicated: usize,
    /// Heard after a later one of the same sender.
    pub(crate) disordered: usize,
    /// Heard by somebody for whom it was not.
    pub(crate) stray: usize,
}

impl Audit {
    /// Of one room, whose members stand at their places.
    pub(crate) fn of_room(members: &[Record]) -> Self {
        let mut audit = Self::default();
        for (place, member) in members.iter().enumerate() {
            audit.count(member);
            for (from, sender) in members.iter().enumerate() {
                let heard = member.heard.iter().filter(|heard| heard.from == Some(from));
                let heard = heard.map(|heard| heard.number);
                audit.compare(&sender.sent, &heard.collect::<Vec<_>>(), place, from != place);
            }
        }
        audit
    }

    fn count(&mut self, member: &Record) {
        let answers = |wanted| member.sent.iter().filter(|sent| sent.answer == wanted).count();
        self.taken += answers(Answer::Taken);
        self.refused += answers(Answer::Refused);
        self.unanswered += answers(Answer::None);
        self.heard += member.heard.len();
        self.stray += member.heard.iter().filter(|heard| heard.from.is_none()).count();
    }

    /// What one member sent, and which of its numbers another heard.
    fn compare(&mut self, sent: &[Sent], heard: &[usize], listener: usize, is_other: bool) {
        let mut times = vec![0_usize; sent.len()];
        let mut next = 0;
        for &number in heard {
            match times.get_mut(number) {
                None => self.stray += 1,
                Some(1..) => self.duplicated += 1,
                Some(times) => {
                    *times = 1;
                    self.disordered += usize::from(number < next);
                    next = next.max(number + 1);
                }
            }
        }
        for (sent, times) in sent.iter().zip(times) {
            let is_for = is_other && sent.is_for(listener);
            self.lost += usize::from(is_for && sent.answer == Answer::Taken && times == 0);
            self.stray += usize::from(!is_for && times > 0);
        }
    }
}

impl AddAssign for Audit {
    fn add_assign(&mut self, other: Self) {
        self.taken += other.taken;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.heard += other.heard;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.stray += other.stray;
    }
}

impl Sent {
    fn is_for(&self, place: usize) -> bool {
        match self.to {
            Recipient::One(to) => to == place,
            Recipient::Everyone => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::Heard;

    const TO_BOB: Sent = Sent { to: Recipient::One(1), answer: Answer::Taken };
    const TO_ALL: Sent = Sent { to: Recipient::Everyone, answer: Answer::Taken };

    /// Ann sends, Bob and Cyd hear these numbers of hers.
    fn audit(sent: &[Sent], bob: &[usize], cyd: &[usize]) -> Audit {
        let hears = |numbers: &[usize]| {
            let mut record = Record::default();
            for &number in numbers {
                record.on_heard(Heard { from: Some(0), number }, Duration::ZERO);
            }
            record
        };
        let mut ann = Record::default();
        ann.sent.extend(sent);
        Audit::of_room(&[ann, hears(bob), hears(cyd)])
    }

    fn fine(taken: usize, heard: usize) -> Audit {
        Audit { taken, heard, ..Audit::default() }
    }

    #[test]
    fn every_listener_hears_a_broadcast_and_one_a_message() {
        assert_eq!(audit(&[TO_BOB, TO_ALL, TO_BOB], &[0, 1, 2], &[1]), fine(3, 4));
    }

    #[test]
    fn what_was_taken_and_not_heard_is_lost() {
        assert_eq!(audit(&[TO_BOB, TO_ALL], &[1], &[]), Audit { lost: 2, ..fine(2, 1) });
    }

    #[test]
    fn what_was_refused_or_not_answered_need_not_be_heard() {
        let refused = Sent { answer: Answer::Refused, ..TO_ALL };
        let unanswered = Sent { answer: Answer::None, ..TO_ALL };
        let expected = Audit { refused: 1, unanswered: 1, ..fine(0, 1) };
        assert_eq!(audit(&[refused, unanswered], &[1], &[]), expected);
    }

    #[test]
    fn what_is_heard_again_is_duplicated_and_not_out_of_order() {
        let expected = Audit { duplicated: 1, ..fine(2, 3) };
        assert_eq!(audit(&[TO_BOB, TO_BOB], &[0, 1, 0], &[]), expected);
    }

    #[test]
    fn what_is_heard_after_a_later_one_is_out_of_order() {
        let expected = Audit { disordered: 2, ..fine(3, 3) };
        assert_eq!(audit(&[TO_BOB; 3], &[2, 0, 1], &[]), expected);
    }

    #[test]
    fn what_is_heard_by_another_is_stray() {
        let expected = Audit { lost: 1, stray: 2, ..fine(1, 2) };
        assert_eq!(audit(&[TO_BOB], &[], &[0, 9]), expected);
    }
}
