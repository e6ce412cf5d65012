//! The session's next moment, as a browser timer.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use room_proto::{Input, Timestamp};

use crate::{clock::now, driver::Driver};

/// A timer that runs. Dropping it stops it.
pub(crate) struct Alarm {
    at: Timestamp,
    _timer: Timeout,
}

impl Driver {
    /// Sees to it that the session is woken when it wants to be.
    pub(super) fn set_alarm(self: &Rc<Self>) {
        let wakeup = self.session().next_wakeup();
        let set = self.alarm.borrow().as_ref().map(|alarm| alarm.at);
        match (wakeup, set) {
            (None, _) => drop(self.alarm.take()),
            // An early timer is set anew when it fires: cheaper than one more for each message.
            (Some(wakeup), Some(set)) if set <= wakeup => {}
            (Some(wakeup), _) => drop(self.alarm.replace(Some(self.alarm(wakeup)))),
        }
    }

    fn alarm(self: &Rc<Self>, at: Timestamp) -> Alarm {
        let wait = at.saturating_sub(now()).as_secs_f64() * 1000.0;
        // Whole milliseconds, and one more, so that the moment has come. It saturates.
        let wait = (wait as u32).saturating_add(1).min(LONGEST_MS);
        let driver = Rc::downgrade(self);
        let timer = Timeout::new(wait, move || {
            if let Some(driver) = driver.upgrade() {
                driver.on_alarm();
            }
        });
        Alarm { at, _timer: timer }
    }

    fn on_alarm(self: &Rc<Self>) {
        drop(self.alarm.take());
        let wakeup = self.session().next_wakeup();
        if wakeup.is_some_and(|wakeup| wakeup <= now()) {
            self.feed(Input::Woken);
        } else {
            self.set_alarm();
        }
    }
}

/// Browsers take waits above 31 bits for none at all.
const LONGEST_MS: u32 = 3_600_000;
