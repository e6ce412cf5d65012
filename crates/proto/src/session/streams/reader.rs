//! The reading end of a stream.
//!
//! ```text
//!  Offered --accept--> Open --close--> Complete --end read--> (gone)
//!                        `--failure--> Failed --error read--> (gone)
//! ```

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{
    JsonText, SessionError,
    sabotage::{Bug, is},
    session::{Read, streams::window::Window},
};

/// Where the reading end of one stream stands, and what it holds.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    pacing: Pacing,
    inbox: VecDeque<Chunk>,
    inbox_bytes: usize,
    /// Its owner found nothing, and waits.
    is_hungry: bool,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    /// The application has not answered.
    Offered,
    /// More may come.
    Open,
    /// All has come.
    Complete,
    /// Nothing more comes, and it is not all.
    Failed(SessionError),
}

#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) header: JsonText,
    pub(super) data: Bytes,
    /// The writer had waited for credit.
    pub(super) was_starved: bool,
}

/// What keeps the writer from filling our memory.
#[derive(Debug)]
enum Pacing {
    /// Credit, granted anew as chunks are read.
    Credit(Window),
    /// Nothing; the stream fails when there is too much.
    None { limit: usize },
}

/// The writer sent more than it may.
#[derive(Debug)]
pub(super) struct Overrun;

impl Reader {
    /// The end of an offer. `window` if the opener understands credit, else `limit` is what counts.
    pub(super) fn offered(understands_credit: bool, window: usize, limit: usize) -> Self {
        let pacing = if understands_credit {
            Pacing::Credit(Window::new(window))
        } else {
            Pacing::None { limit }
        };
        Self {
            state: State::Offered,
            pacing,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            is_hungry: true,
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The first credit, if the writer understands any. `spare` is what all windows of this session
    /// may grow by.
    pub(super) fn open(&mut self, spare: usize) -> Option<&Window> {
        match &mut self.pacing {
            Pacing::Credit(window) => {
                window.open(spare);
                Some(window)
            }
            Pacing::None { .. } => None,
        }
    }

    /// How much its writer may have under way.
    pub(super) fn window_bytes(&self) -> usize {
        match &self.pacing {
            Pacing::Credit(window) => window.size(),
            Pacing::None { .. } => 0,
        }
    }

    pub(super) fn accept(&mut self) {
        self.state = State::Open;
    }

    /// Takes a chunk. Says whether the owner who waits can go on.
    pub(super) fn on_chunk(&mut self, chunk: Chunk) -> Result<bool, Overrun> {
        let cost = chunk.cost();
        let is_over = match &mut self.pacing {
            Pacing::Credit(window) => {
                if chunk.was_starved && self.is_hungry {
                    window.on_both_waited();
                }
                self.inbox_bytes >= window.most().saturating_mul(SLACK)
            }
            Pacing::None { limit } => self.inbox_bytes + cost > *limit,
        };
        if is_over || self.inbox.len() >= MAX_CHUNKS {
            return Err(Overrun);
        }

        self.inbox_bytes += cost;
        self.inbox.push_back(chunk);
        Ok(std::mem::take(&mut self.is_hungry))
    }

    /// All has come. Says whether the owner who waits can go on.
    pub(super) fn complete(&mut self) -> bool {
        self.state = State::Complete;
        std::mem::take(&mut self.is_hungry)
    }

    /// Nothing more comes. Says whether the owner who waits can go on.
    pub(super) fn fail(&mut self, error: SessionError) -> bool {
        self.state = State::Failed(error);
        self.inbox = VecDeque::new();
        std::mem::take(&mut self.is_hungry)
    }

    pub(super) fn read(&mut self) -> Read {
        if let Some(chunk) = self.inbox.pop_front() {
            let cost = chunk.cost();
            self.inbox_bytes -= cost;
            if let Pacing::Credit(window) = &mut self.pacing {
                window.on_read(cost);
            }
            return Read::Chunk { header: chunk.header, data: chunk.data };
        }
        match &self.state {
            State::Offered | State::Open => {
                self.is_hungry = true;
                Read::Pending
            }
            State::Complete => Read::End,
            State::Failed(error) => Read::Failed(error.clone()),
        }
    }

    /// The credit to grant, if it is time.
    pub(super) fn take_grant(&mut self, spare: usize, is_alone: bool) -> Option<usize> {
        match (&self.state, &mut self.pacing) {
            (State::Open, Pacing::Credit(window)) if !is(Bug::CreditLost) => {
                window.take_grant(spare, is_alone)
            }
            (State::Offered | State::Open | State::Complete | State::Failed(_), _) => None,
        }
    }
}

impl Chunk {
    fn cost(&self) -> usize {
        cost(&self.header, &self.data)
    }
}

/// What a chunk costs of the window, at both ends.
pub(super) fn cost(header: &JsonText, data: &[u8]) -> usize {
    header.as_str().len() + data.len()
}

/// How many of its largest windows a paced writer may have outstanding. One by the rules; but a server may rewrite
/// the JSON of headers, and then they are longer here than where they were counted.
const SLACK: usize = 3;

/// Small chunks take more memory than their bytes.
const MAX_CHUNKS: usize = 256 * 1024;
