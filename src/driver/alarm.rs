//! Time: what the listener's clock says, and the session's next moment as the listener's alarm.

use std::time::Duration;

use room_proto::{Input, Timestamp};

use crate::{driver::Driver, error::report_thrown};

impl Driver {
    /// The time as the listener has it. All that is asked until the session is settled has the same: a
    /// look at the clock takes as long as half of what a message does.
    pub(super) fn now(&self) -> Timestamp {
        self.time.get().unwrap_or_else(|| self.look_at_clock())
    }

    fn look_at_clock(&self) -> Timestamp {
        // Clocks do not throw; if one did, time would stand still.
        let milliseconds = self.listener.now().unwrap_or_default();
        let now = Duration::from_micros((milliseconds * 1000.0) as u64);
        self.time.set(Some(now));
        now
    }

    /// Lets the session look at the time.
    pub(crate) fn wake(&self) {
        self.alarm.set(None);
        self.feed(Input::Woken);
    }

    /// Sees to it that the session is woken when it wants to be. One that no longer wants it is woken all
    /// the same, if that was asked for: cheaper than to set and take back an alarm for each request.
    pub(super) fn set_alarm(&self) {
        let Some(wakeup) = self.session().next_wakeup() else { return };
        // An early alarm is set anew when it rings: cheaper than one more for each message.
        if self.alarm.get().is_none_or(|set| set > wakeup) {
            self.alarm.set(Some(wakeup));
            // Listeners may have taken their time since.
            let wait = wakeup.saturating_sub(self.look_at_clock());
            report_thrown(self.listener.set_alarm(wait.as_secs_f64() * 1000.0));
        }
    }
}
