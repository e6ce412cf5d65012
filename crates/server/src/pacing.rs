//! What happens to a member that says too much too fast.

use std::{sync::Arc, time::Duration};

use room::{Pace, Verdict};
use room_proto::{ClientFrame, Trace, frame::FrameError};
use tokio::time::Instant;
use tracing::warn;

use crate::{
    metrics::{Incident, Metrics},
    rooms::Membership,
};

/// Stands between a seat and its room.
#[derive(Debug)]
pub(crate) struct Pacing {
    pace: Pace,
    started: Instant,
    warned: Option<Instant>,
    metrics: Arc<Metrics>,
}

impl Pacing {
    /// Allows so many messages a second.
    pub(crate) fn new(per_second: u32, metrics: Arc<Metrics>) -> Self {
        Self { pace: Pace::new(per_second), started: Instant::now(), warned: None, metrics }
    }

    /// Hands on what a member says, or a refusal of it. Gives how long to read no more.
    pub(crate) fn handle(
        &mut self,
        membership: &Membership,
        frame: Result<ClientFrame, FrameError>,
        trace: Option<Trace>,
    ) -> Duration {
        let now = Instant::now();
        match self.pace.judge(now - self.started, &frame) {
            Verdict::Pass => membership.handle(frame, trace),
            Verdict::Refuse(error) => {
                self.record(membership, now);
                membership.handle(Err(error), trace);
            }
            Verdict::Pause(pause) => {
                self.metrics.add(Incident::RateDelayed);
                membership.handle(frame, trace);
                return pause;
            }
        }
        Duration::ZERO
    }

    /// Counts every message, but whoever floods the room should not flood the log.
    fn record(&mut self, membership: &Membership, now: Instant) {
        self.metrics.add(Incident::RateLimited);
        if self.warned.is_none_or(|before| now - before >= BETWEEN_WARNINGS) {
            self.warned = Some(now);
            let (room, participant) = (membership.room_name(), membership.participant());
            let reason = Incident::RateLimited.reason();
            warn!(%room, %participant, reason, "refusing messages");
        }
    }
}

const BETWEEN_WARNINGS: Duration = Duration::from_secs(1);
