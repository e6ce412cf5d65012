//! Going on after the connection was lost.
//!
//! ```text
//!  Ready --loss--> Lost --reconnect--> Handshake --resumed--> Ready     as if nothing had been
//!                   ^                     |  |
//!                   `---- loss, timeout --'  `--connected, room_ready--> Ready, from the beginning
//! ```
//!
//! Where the server goes on with the same epoch, the [link](crate::link) makes up for the gap and
//! nobody above notices. Where it does not, everything that was open fails, the application is told
//! once ([`Event::Discontinuity`]), and what can be restored is: attributes, messaging, the list of
//! participants.

use std::time::Duration;

use crate::{
    Control, ErrorCode, Link, Resume, SessionError, Violation,
    sabotage::{Bug, is},
    session::{
        Event, Input, Output, Phase, Session, Timestamp,
        enabling::Messaging,
        handshake::{Beginning, Handshake},
        requests,
        wire::{CLOSE_AWAY, CLOSE_TIMEOUT},
    },
};

/// What is known of a connection for the time when it is gone.
#[derive(Debug, Default)]
pub(super) struct Continuity {
    /// Both ends' counts, where the connection may go on.
    link: Option<Link>,
    /// Since when deadlines stand still: nothing can be answered while there is no connection.
    paused_at: Option<Timestamp>,
    /// Until when the server waits for us to come back.
    resume_until: Option<Timestamp>,
    /// Why what was open has failed, since the last time the room was ready.
    broken: Option<SessionError>,
    /// When something last came.
    heard_at: Timestamp,
    /// When the answer to a question is overdue.
    probe_until: Option<Timestamp>,
}

impl Continuity {
    /// A client that can come back counts from the first message on.
    pub(super) fn new(reconnect: bool) -> Self {
        Self { link: reconnect.then(|| Link::new(MAX_KEPT_BYTES)), ..Self::default() }
    }
}

impl Session {
    /// What to write after `resume=` into the query of the next connection's URL, if anything.
    #[must_use]
    pub fn resume_query(&self) -> Option<String> {
        if !self.config.reconnect {
            return None;
        }
        let resumable = self.resume().zip(self.continuity.link.as_ref());
        Some(match resumable {
            Some((resume, link)) => format!("{}.{}", resume.epoch, link.received()),
            None => String::from(Resume::NEW),
        })
    }

    /// A new socket is being opened after [`Event::Lost`]. Its time runs from now.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if the connection is not lost; the ending's after the end.
    pub fn reconnect(&mut self, now: Timestamp) -> Result<(), SessionError> {
        match &self.phase {
            Phase::Lost(_) => {
                let mut handshake = Handshake::again();
                handshake.start(now, self.config.handshake_timeout);
                self.phase = Phase::Handshake(handshake);
                Ok(())
            }
            Phase::Ended(error) => Err(error.clone()),
            Phase::Handshake(_) | Phase::Ready => {
                let text = "the connection is not lost";
                Err(SessionError::new(ErrorCode::InvalidArgument, text))
            }
        }
    }

    /// Gives up waiting for a connection.
    pub fn give_up(&mut self, error: SessionError) {
        self.end(error, Some((CLOSE_AWAY, "")));
    }

    /// Lets go of the connection without leaving the room, where the server allows that: for a page
    /// that is put to sleep, or for a connection with another token.
    ///
    /// Does nothing in a session that does not reconnect.
    pub fn suspend(&mut self, now: Timestamp) {
        if self.is_attached() && self.config.reconnect {
            let error =
                SessionError::new(ErrorCode::ConnectionLost, "the client let go of it for a while");
            self.lose(now, error, Some((CLOSE_AWAY, "suspended")));
        }
    }

    /// Asks the server for a sign of life, where it can give one. If none comes soon the
    /// connection is lost. To be called when there is reason to doubt: the machine slept, the
    /// network changed.
    pub fn probe(&mut self, now: Timestamp) {
        if self.is_attached() && self.resume().is_some() {
            self.continuity.probe_until.get_or_insert(now + PROBE_LIMIT);
            self.outputs.push_back(Output::Transmit(Control::Ping.encode()));
        }
    }

    /// Whether commands can be taken: they are sent now, or when the link goes on.
    pub(super) fn is_usable(&self) -> bool {
        let is_resumable = self.room.is_some() && self.continuity.link.is_some();
        match &self.phase {
            Phase::Ready => true,
            Phase::Lost(_) => is_resumable,
            Phase::Handshake(handshake) => is_resumable && handshake.is_undecided(),
            Phase::Ended(_) => false,
        }
    }

    /// Whether time stands still for whatever waits for the other side. It has an end: the server's
    /// grace.
    pub(super) fn is_paused(&self) -> bool {
        self.is_usable() && !self.is_attached()
    }

    /// Goes on with the time that was left.
    fn unpause(&mut self, now: Timestamp) {
        let Some(paused_at) = self.continuity.paused_at.take() else { return };
        let by = now.saturating_sub(paused_at);
        self.requests.postpone(by);
        self.messaging.postpone(by);
        self.streams.postpone(by);
        self.calls.postpone(by);
    }

    pub(super) fn is_attached(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    /// How we can come back. A server may announce it to those who did not ask.
    fn resume(&self) -> Option<&Resume> {
        self.extensions()?.resume.as_ref().filter(|_| self.config.reconnect)
    }

    /// When there is something to do about the connection itself.
    pub(super) fn continuity_deadline(&self) -> Option<Timestamp> {
        let Continuity { resume_until, probe_until, .. } = self.continuity;
        match self.phase {
            Phase::Ready => self.silence_until().into_iter().chain(probe_until).min(),
            Phase::Lost(_) | Phase::Handshake(_) => resume_until,
            Phase::Ended(_) => None,
        }
    }

    pub(super) fn check_continuity(&mut self, now: Timestamp) {
        let Some(deadline) = self.continuity_deadline().filter(|deadline| *deadline <= now) else {
            return;
        };
        if self.is_attached() {
            let silence = deadline.saturating_sub(self.continuity.heard_at);
            let silence = requests::milliseconds(silence);
            let text = format!("nothing was heard of the server for {silence} ms");
            let error = SessionError::new(ErrorCode::ConnectionLost, text);
            return self.lose(now, error, Some((CLOSE_TIMEOUT, "silence")));
        }
        let error = SessionError::new(ErrorCode::ConnectionLost, "the server waits no longer");
        self.break_off(&error);
    }

    /// The connection is gone, and may come back.
    pub(super) fn lose(&mut self, now: Timestamp, error: SessionError, close: Option<(u16, &str)>) {
        if let Some((code, reason)) = close {
            let reason = reason.to_owned();
            self.outputs.push_back(Output::Close { code, reason });
        }
        let grace = self.resume().map(|resume| Duration::from_millis(resume.grace_ms));
        match grace {
            Some(grace) if self.continuity.broken.is_none() => {
                self.continuity.resume_until.get_or_insert(now + grace);
                self.continuity.paused_at.get_or_insert(now);
            }
            _ => self.break_off(&error),
        }
        self.continuity.probe_until = None;
        self.phase = Phase::Lost(error.clone());
        self.report(Event::Lost(error));
    }

    /// Everything that was open fails; there will be no going on.
    fn break_off(&mut self, error: &SessionError) {
        self.continuity.resume_until = None;
        self.continuity.paused_at = None;
        self.continuity.link = None;
        if self.continuity.broken.is_some() {
            return;
        }
        self.continuity.broken = Some(error.clone());
        let text = format!("{error}; the server may have taken it or not");
        if !is(Bug::RequestsNotFailed) {
            self.fail_all_requests(&SessionError::new(ErrorCode::DeliveryUnknown, text));
        }
        if !is(Bug::StreamsNotFailed) {
            self.fail_all_streams(error);
        }
        self.fail_all_calls(error);
    }

    /// Notes a packet that came; says whether it concerns more than the connection.
    pub(super) fn on_linked(&mut self, now: Timestamp, bytes: &[u8]) -> Result<bool, Violation> {
        self.continuity.heard_at = now;
        self.continuity.probe_until = None;
        if !self.config.reconnect {
            return Ok(true);
        }
        if let Some(control) = Control::decode(bytes)? {
            self.on_control(now, control)?;
            return Ok(false);
        }
        self.begin_anew_if_undecided();
        if let Some(link) = &mut self.continuity.link {
            link.on_received(bytes.len());
        }
        Ok(true)
    }

    /// What the server is to be told of what came from it, if anything.
    pub(super) fn acknowledge(&mut self, is_speaking: bool) -> Option<bytes::Bytes> {
        let link = self.continuity.link.as_mut().filter(|_| matches!(self.phase, Phase::Ready))?;
        link.acknowledge(is_speaking).map(Control::encode)
    }

    fn on_control(&mut self, now: Timestamp, control: Control) -> Result<(), Violation> {
        match control {
            Control::Ack(count) => match &mut self.continuity.link {
                Some(link) => link.on_ack(count)?,
                None => return Err(Violation::NoEpoch),
            },
            Control::Resumed(count) => self.on_resumed(now, count)?,
            Control::Ping => self.outputs.push_back(Output::Transmit(Control::Pong.encode())),
            Control::Pong => {}
        }
        Ok(())
    }

    /// The server goes on. If we cannot, the next attempt begins anew.
    fn on_resumed(&mut self, now: Timestamp, count: u64) -> Result<(), Violation> {
        let is_undecided = match &self.phase {
            Phase::Handshake(handshake) => handshake.is_undecided(),
            Phase::Ready | Phase::Lost(_) | Phase::Ended(_) => false,
        };
        if !is_undecided {
            return Err(Violation::NoEpoch);
        }
        let replay = match &mut self.continuity.link {
            Some(link) if link.can_resume(count) => link.resume(count)?,
            Some(_) | None => {
                let text = "too much was missed to go on";
                let error = SessionError::new(ErrorCode::ConnectionLost, text);
                self.break_off(&error);
                self.lose(now, error, Some((CLOSE_AWAY, text)));
                return Ok(());
            }
        };
        self.phase = Phase::Ready;
        self.continuity.resume_until = None;
        self.unpause(now);
        self.outputs.extend(replay.into_iter().map(Output::Transmit));
        self.report(Event::Resumed);
        Ok(())
    }

    /// The first message of a server that does not go on.
    fn begin_anew_if_undecided(&mut self) {
        let Phase::Handshake(handshake) = &mut self.phase else { return };
        if !handshake.is_undecided() {
            return;
        }
        handshake.decide();
        let text = "the server could not go on where the connection was lost";
        self.break_off(&SessionError::new(ErrorCode::ConnectionLost, text));
        self.continuity.link = Some(Link::new(MAX_KEPT_BYTES));
        if !is(Bug::StalePackets) {
            self.wire.restart(self.config.packet_bytes);
        }
    }

    /// The room is ready: for the first time, or from the beginning again.
    pub(super) fn on_room_ready(&mut self, now: Timestamp, beginning: Beginning) {
        if self.resume().is_none() {
            self.continuity.link = None;
        }
        match (beginning, self.continuity.broken.take()) {
            (Beginning::Again, Some(error)) => {
                self.report(Event::Discontinuity(error));
                self.restore(now);
            }
            (Beginning::First, _) | (_, None) => {
                self.expect_enabling(now);
                self.report(Event::Ready);
            }
        }
    }

    /// Says again who we are. The list of participants that comes is compared with the old one.
    fn restore(&mut self, now: Timestamp) {
        let own = self.own_attributes.clone();
        let restored = if own.as_str() == "{}" || is(Bug::AttributesNotResent) {
            Ok(())
        } else {
            self.set_attributes(own)
        };
        if is(Bug::NotEnabledAgain) {
            return;
        }
        let restored = match std::mem::replace(&mut self.messaging, Messaging::Off) {
            Messaging::Off => restored,
            Messaging::On => restored.and_then(|()| self.start_enabling(now, Vec::new())),
            Messaging::Enabling(before) => {
                let waiting = before.into_waiting();
                let enabling = restored.and_then(|()| self.start_enabling(now, waiting.clone()));
                if let Err(error) = &enabling {
                    for request in waiting {
                        self.report(Event::Answered { request, result: Err(error.clone()) });
                    }
                }
                enabling
            }
        };
        if let Err(error) = restored {
            self.end(error, Some((CLOSE_AWAY, "")));
        }
    }

    fn silence_until(&self) -> Option<Timestamp> {
        if is(Bug::NoSilenceCheck) {
            return None;
        }
        let heartbeat = Duration::from_millis(self.resume()?.heartbeat_ms);
        // One sign of life may be late, not two.
        Some(self.continuity.heard_at + heartbeat * 5 / 2)
    }

    /// Sends a packet or a batch, or keeps it for when the link goes on.
    pub(super) fn transmit_part(&mut self, part: bytes::Bytes) {
        if is(Bug::NotKept) && !self.is_attached() {
            return;
        }
        if let Some(link) = &mut self.continuity.link {
            link.on_sent(part.clone());
        }
        if self.is_attached() {
            self.outputs.push_back(Output::Transmit(part));
        }
    }

    /// How many packets are kept that the server has not acknowledged.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.continuity.link.as_ref().map_or(0, Link::kept)
    }

    /// The handshake's clock starts with the first input.
    pub(super) fn start_clock(&mut self, now: Timestamp, input: Input<'_>) {
        if let Phase::Handshake(handshake) = &mut self.phase {
            handshake.start(now, self.config.handshake_timeout);
        }
        if let Input::Opened = input {
            self.continuity.heard_at = now;
        }
    }
}

/// More than all windows and queues together; only a server that never acknowledges gets there.
const MAX_KEPT_BYTES: usize = 256 * 1024 * 1024;

/// How long the answer to a [`Session::probe`] may take.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
