//! Enabling messaging, and finding out which words the server understands.
//!
//! ```text
//!  Off --enable, or the server says that it was asked--> Enabling --messaging.enabled--> On
//!   ^                 | error, silence: once more in the direct form, if that may be it
//!   |                 v
//!   `-- disable, error, silence
//! ```

use std::time::Duration;

use crate::{
    ErrorCode, Family, Request, RequestId, SessionError,
    session::{
        Event, Session, Timestamp,
        requests::{Purpose, timeout},
        wire::{CLOSE_NORMAL, CLOSE_TIMEOUT},
    },
};

/// Where messaging stands.
#[derive(Debug)]
pub(super) enum Messaging {
    Off,
    Enabling(Enabling),
    On,
}

/// An enabling under way.
#[derive(Debug)]
pub(super) struct Enabling {
    waiting: Vec<RequestId>,
    /// When the direct form is tried, unless the server says something before.
    fallback_at: Option<Timestamp>,
    deadline: Timestamp,
    /// The server took the tool call; it is slow, not old.
    is_toolkit_taken: bool,
}

impl Enabling {
    /// Those who are to be answered.
    pub(super) fn into_waiting(self) -> Vec<RequestId> {
        self.waiting
    }
}

impl Messaging {
    /// Gives an enabling under way more time.
    pub(super) fn postpone(&mut self, by: Duration) {
        if let Self::Enabling(enabling) = self {
            enabling.deadline += by;
            enabling.fallback_at = enabling.fallback_at.map(|at| at + by);
        }
    }

    pub(super) fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }

    /// When [`Session::check_enabling`] has something to do.
    pub(super) fn deadline(&self, is_attached: bool) -> Option<Timestamp> {
        match self {
            Self::Off | Self::On => None,
            Self::Enabling(enabling) => {
                let fallback_at = enabling.fallback_at.filter(|_| is_attached);
                Some(fallback_at.unwrap_or(enabling.deadline).min(enabling.deadline))
            }
        }
    }
}

impl Session {
    /// Asks to be listed and to hear of others. Answered when `messaging.enabled` has come; at
    /// once if it has before.
    ///
    /// # Errors
    ///
    /// `not-connected` before the room is ready, the ending's after the end.
    pub fn enable(&mut self, now: Timestamp) -> Result<RequestId, SessionError> {
        self.check_ready()?;
        match &mut self.messaging {
            Messaging::On => {
                let request = self.requests.name();
                self.report(Event::Answered { request, result: Ok(()) });
                Ok(request)
            }
            Messaging::Enabling(enabling) => {
                let request = self.requests.name();
                enabling.waiting.push(request);
                Ok(request)
            }
            Messaging::Off => {
                let request = self.requests.name();
                self.start_enabling(now, vec![request])?;
                Ok(request)
            }
        }
    }

    /// Asks no longer to be listed. Streams end, and the others are gone at once.
    ///
    /// # Errors
    ///
    /// `not-connected` before the room is ready, the ending's after the end.
    pub fn disable(&mut self, now: Timestamp) -> Result<RequestId, SessionError> {
        self.check_ready()?;
        self.abort_all_streams(now, "messaging was disabled");
        self.abort_all_calls(now, "messaging was disabled");
        let request = self.ask_for_command(now, Request::Disable)?;
        let text = "messaging was disabled before it was enabled";
        self.fail_enabling(&SessionError::new(ErrorCode::Aborted, text));
        self.messaging = Messaging::Off;
        for participant in self.participants.clear() {
            self.report(Event::ParticipantRemoved(participant));
        }
        Ok(request)
    }

    /// `waiting` are answered when it is done.
    pub(super) fn start_enabling(
        &mut self,
        now: Timestamp,
        waiting: Vec<RequestId>,
    ) -> Result<(), SessionError> {
        self.announce_streams()?;
        let family = self.wire.family();
        self.ask(now, Request::Enable, Purpose::Enable(family))?;
        let may_be_old = !self.wire.is_family_known();
        let fallback_at = may_be_old.then(|| now + self.config.generation_timeout);
        self.await_enabled(now, waiting, fallback_at);
        Ok(())
    }

    /// Waits for what was asked for with the connection, if the server says that it comes.
    pub(super) fn expect_enabling(&mut self, now: Timestamp) {
        if self.extensions().is_some_and(|extensions| extensions.enabled) {
            self.await_enabled(now, Vec::new(), None);
        }
    }

    fn await_enabled(
        &mut self,
        now: Timestamp,
        waiting: Vec<RequestId>,
        fallback_at: Option<Timestamp>,
    ) {
        let deadline = now + self.config.request_timeout;
        let enabling = Enabling { waiting, fallback_at, deadline, is_toolkit_taken: false };
        self.messaging = Messaging::Enabling(enabling);
    }

    /// `messaging.enabled` has come. Says whether it was asked for.
    pub(super) fn on_enabled(&mut self) -> bool {
        match &self.messaging {
            Messaging::Off => false,
            Messaging::On => true,
            Messaging::Enabling(_) => {
                self.wire.settle_family(self.wire.family());
                true
            }
        }
    }

    /// Answers those who wait, after the list is complete.
    pub(super) fn finish_enabling(&mut self) {
        let before = std::mem::replace(&mut self.messaging, Messaging::On);
        self.answer_enabling(before, &Ok(()));
    }

    pub(super) fn on_enable_answer(
        &mut self,
        now: Timestamp,
        family: Family,
        result: Result<(), SessionError>,
    ) {
        let Messaging::Enabling(enabling) = &mut self.messaging else { return };
        match (family, result) {
            (Family::Toolkit, Ok(())) => {
                enabling.is_toolkit_taken = true;
                enabling.fallback_at = None;
                self.wire.use_family(Family::Toolkit);
            }
            (Family::Direct, Ok(())) => {}
            (Family::Toolkit, Err(error)) => {
                let is_refused = error.code == ErrorCode::PermissionDenied;
                if is_refused || self.wire.is_family_known() {
                    self.give_up_enabling(&error);
                } else if enabling.fallback_at.take().is_some() {
                    self.try_direct(now);
                }
            }
            // The server knows tool calls, was slow, and now does not know the direct form.
            (Family::Direct, Err(_)) if enabling.is_toolkit_taken => {}
            (Family::Direct, Err(error)) => self.give_up_enabling(&error),
        }
    }

    pub(super) fn check_enabling(&mut self, now: Timestamp) {
        let Messaging::Enabling(enabling) = &mut self.messaging else { return };
        if enabling.fallback_at.is_some_and(|at| at <= now) && self.phase.is_ready() {
            enabling.fallback_at = None;
            self.try_direct(now);
        } else if enabling.deadline <= now {
            let error = timeout("the server did not enable messaging", self.config.request_timeout);
            self.on_late_enabling(now, error);
        }
    }

    /// Nobody waits for an enabling that restores what was before a loss; that is a matter of the
    /// connection, which is made again.
    fn on_late_enabling(&mut self, now: Timestamp, error: SessionError) {
        let is_attached = self.is_attached();
        match &mut self.messaging {
            Messaging::Enabling(enabling) if enabling.waiting.is_empty() => {
                enabling.deadline = now + self.config.request_timeout;
                if is_attached {
                    self.on_failed(now, error, Some((CLOSE_TIMEOUT, "messaging was not enabled")));
                }
            }
            Messaging::Off | Messaging::On | Messaging::Enabling(_) => {
                self.give_up_enabling(&error);
            }
        }
    }

    pub(super) fn fail_enabling(&mut self, error: &SessionError) {
        if let Messaging::Enabling(_) = self.messaging {
            let before = std::mem::replace(&mut self.messaging, Messaging::Off);
            self.answer_enabling(before, &Err(error.clone()));
        }
    }

    fn try_direct(&mut self, now: Timestamp) {
        self.wire.use_family(Family::Direct);
        let asked = self.ask(now, Request::Enable, Purpose::Enable(Family::Direct));
        match (asked, &mut self.messaging) {
            (Ok(()), Messaging::Enabling(enabling)) => {
                enabling.deadline = now + self.config.request_timeout;
            }
            (Ok(()), Messaging::Off | Messaging::On) => {}
            (Err(error), _) => self.give_up_enabling(&error),
        }
    }

    /// The next attempt begins anew with finding out.
    fn give_up_enabling(&mut self, error: &SessionError) {
        if !self.wire.is_family_known() {
            self.wire.use_family(Family::Toolkit);
        }
        let is_awaited = match &self.messaging {
            Messaging::Enabling(enabling) => !enabling.waiting.is_empty(),
            Messaging::Off | Messaging::On => true,
        };
        self.fail_enabling(error);
        // After a loss: those who were known before are not known any more.
        for participant in self.participants.clear() {
            self.report(Event::ParticipantRemoved(participant));
        }
        if !is_awaited {
            self.end(error.clone(), Some((CLOSE_NORMAL, "")));
        }
    }

    fn answer_enabling(&mut self, before: Messaging, result: &Result<(), SessionError>) {
        let Messaging::Enabling(enabling) = before else { return };
        for request in enabling.waiting {
            self.report(Event::Answered { request, result: result.clone() });
        }
    }
}
