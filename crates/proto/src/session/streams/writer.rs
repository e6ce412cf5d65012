//! The writing end of a stream.
//!
//! ```text
//!  Offered --accept--> Open --close--> Closing --all answered--> (gone)
//!     |
//!     `--given up--> Withdrawn --accept, reject--> (gone)
//! ```

use std::time::Duration;

use crate::{
    RequestId,
    sabotage::{Bug, is},
    session::Timestamp,
};

/// Where the writing end of one stream stands, and how much it may write.
#[derive(Debug)]
pub(super) struct Writer {
    state: State,
    allowance: Allowance,
    unanswered_chunks: usize,
    unanswered_bytes: usize,
    /// Its owner found no room, and waits.
    is_starved: bool,
    /// Since when the reader's credit is used up.
    spent_at: Option<Timestamp>,
    /// It was for long, before the next chunk.
    was_starved: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// The other side has not answered.
    Offered { deadline: Timestamp },
    /// It can be written.
    Open,
    /// All is written; the server has not answered all of it.
    Closing { request: RequestId, is_answered: bool },
    /// We gave up waiting; a late acceptance is to be answered.
    Withdrawn,
}

/// What limits the bytes on their way.
#[derive(Debug)]
enum Allowance {
    /// The reader grants them. It never has more than `most` outstanding; the credit may be below
    /// zero after a large chunk.
    Credit { credit: i64, most: i64 },
    /// The reader knows no flow control: so many may be unanswered by the server.
    Unanswered { window: usize },
}

impl Writer {
    pub(super) fn offered(deadline: Timestamp, window: usize) -> Self {
        Self {
            state: State::Offered { deadline },
            allowance: Allowance::Unanswered { window },
            unanswered_chunks: 0,
            unanswered_bytes: 0,
            is_starved: false,
            spent_at: None,
            was_starved: false,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Takes the other side's acceptance, with the credit it gives, and the most that it will give.
    pub(super) fn accept(&mut self, credit: Option<u64>, most: Option<u64>) {
        self.state = State::Open;
        if let Some(credit) = credit {
            let most = i64::try_from(most.unwrap_or(credit).max(credit)).unwrap_or(i64::MAX);
            let credit = i64::try_from(credit).unwrap_or(i64::MAX);
            self.allowance = Allowance::Credit { credit, most };
        }
    }

    /// Gives an offer more time.
    pub(super) fn postpone(&mut self, by: Duration) {
        if let State::Offered { deadline } = &mut self.state {
            *deadline += by;
        }
    }

    pub(super) fn withdraw(&mut self) {
        self.state = State::Withdrawn;
    }

    pub(super) fn close(&mut self, request: RequestId) {
        self.state = State::Closing { request, is_answered: false };
    }

    /// How many bytes may be written, for an owner who waits if there is no room.
    pub(super) fn writable_bytes(&mut self) -> usize {
        let room = self.room();
        self.is_starved = room == 0;
        room
    }

    /// Whether it had to wait for credit for long, since the last chunk.
    pub(super) fn was_starved(&self) -> bool {
        self.was_starved
    }

    pub(super) fn on_written(&mut self, now: Timestamp, cost: usize) {
        self.unanswered_chunks += 1;
        self.unanswered_bytes += cost;
        if let Allowance::Credit { credit, .. } = &mut self.allowance {
            *credit = credit.saturating_sub_unsigned(cost as u64);
            self.spent_at = (*credit <= 0).then_some(now);
            self.was_starved = false;
        }
        self.is_starved = self.room() == 0;
    }

    pub(super) fn on_chunk_answered(&mut self, cost: usize) {
        self.unanswered_chunks -= 1;
        self.unanswered_bytes -= cost;
    }

    pub(super) fn on_close_answered(&mut self) {
        if let State::Closing { is_answered, .. } = &mut self.state {
            *is_answered = true;
        }
    }

    /// Takes credit. More than the largest window is never outstanding, so if the two sides count
    /// differently (a server may rewrite the JSON of headers), the difference does not add up.
    pub(super) fn on_credit(&mut self, now: Timestamp, bytes: u64) {
        if let Allowance::Credit { credit, most } = &mut self.allowance {
            let bytes = if is(Bug::CreditTwice) { bytes.saturating_mul(10) } else { bytes };
            let most = if is(Bug::CreditTwice) { i64::MAX } else { *most };
            *credit = credit.saturating_add_unsigned(bytes).min(most);
            if *credit > 0 {
                let spent_at = self.spent_at.take();
                self.was_starved |= spent_at.is_some_and(|at| now.saturating_sub(at) >= LONG);
            }
        }
    }

    /// Whether the owner who waits can go on. Says so once.
    pub(super) fn take_wakeup(&mut self) -> bool {
        let can_go_on = self.is_starved && self.is_open() && self.room() > 0;
        self.is_starved &= !can_go_on;
        can_go_on
    }

    /// The command that is answered now, if everything has been.
    pub(super) fn finished(&self) -> Option<RequestId> {
        match self.state {
            State::Closing { request, is_answered: true } if self.unanswered_chunks == 0 => {
                Some(request)
            }
            State::Offered { .. } | State::Open | State::Closing { .. } | State::Withdrawn => None,
        }
    }

    fn room(&self) -> usize {
        if !self.is_open() || self.unanswered_chunks >= MAX_UNANSWERED_CHUNKS {
            return 0;
        }
        match self.allowance {
            Allowance::Credit { credit, .. } => usize::try_from(credit).unwrap_or(0),
            Allowance::Unanswered { window } => window.saturating_sub(self.unanswered_bytes),
        }
    }
}

/// So long a wait for credit is worth a larger window.
const LONG: Duration = Duration::from_millis(10);

/// Small chunks weigh more than their bytes, here and in the server.
const MAX_UNANSWERED_CHUNKS: usize = 1024;
