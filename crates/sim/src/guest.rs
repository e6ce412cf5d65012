//! An application with a session: what it does, and what it is told.

mod acting;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use room_proto::{
    Config, ErrorCode, Event, Input, JsonText, Output, ParticipantId, RequestId,
    SILENT_ACK_MESSAGES, Session, SessionError, StreamKey,
};

use crate::{
    model::{Model, Name},
    network::{Query, Time, WireId},
    random::Random,
    server::GRACE,
};

/// What the application waits for.
#[derive(Debug)]
enum Waiting {
    Message(Name),
    Enabling,
    Disabling,
    Closing(u64),
}

/// What a guest wants of the network.
#[derive(Debug)]
pub(crate) enum Wish {
    Send(bytes::Bytes),
    Close(u16),
}

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) number: usize,
    pub(crate) session: Session,
    pub(crate) wire: Option<WireId>,
    /// When the next attempt to connect begins.
    pub(crate) retry_at: Option<Time>,
    /// Its id, and whether that has gone on without a gap.
    life: Option<ParticipantId>,
    /// Whom the events say to be there.
    known: BTreeMap<ParticipantId, ()>,
    waiting: BTreeMap<RequestId, Waiting>,
    writers: BTreeMap<StreamKey, u64>,
    readers: BTreeMap<StreamKey, u64>,
    /// Whether the application wants to be listed.
    wants_messaging: bool,
    has_ended: bool,
    /// When the connection was lost that it has had so far.
    lost_at: Option<Time>,
    /// What it last said about itself.
    mood: Option<usize>,
    sent: u64,
    streams: u64,
    is_traced: bool,
}

impl Guest {
    pub(crate) fn new(number: usize, is_traced: bool) -> Self {
        Self {
            number,
            session: new_session(),
            wire: None,
            retry_at: Some(Time::ZERO),
            life: None,
            known: BTreeMap::new(),
            waiting: BTreeMap::new(),
            writers: BTreeMap::new(),
            readers: BTreeMap::new(),
            wants_messaging: false,
            has_ended: false,
            lost_at: None,
            mood: None,
            sent: 0,
            streams: 0,
            is_traced,
        }
    }

    /// Its id, if it is there.
    pub(crate) fn life(&self) -> Option<&ParticipantId> {
        self.life.as_ref()
    }

    pub(crate) fn known(&self) -> BTreeSet<ParticipantId> {
        self.known.keys().cloned().collect()
    }

    /// Whether it is a session that is over; another one may begin.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Begins anew, with another session.
    pub(crate) fn begin_again(&mut self, model: &mut Model, now: Time) {
        if !self.waiting.is_empty() {
            model.violated(format!("guest {} waits for {:?}", self.number, self.waiting));
        }
        let (sent, streams) = (self.sent, self.streams);
        *self =
            Self { sent, streams, retry_at: Some(now), ..Self::new(self.number, self.is_traced) };
    }

    /// A new socket is about to open: what its URL says.
    pub(crate) fn connect(&mut self, now: Time, wire: WireId) -> Query {
        self.retry_at = None;
        self.wire = Some(wire);
        let is_first = self.session.room_name().is_none();
        if is_first {
            self.session.handle_input(now, Input::Woken);
        } else {
            // It fails only if the session is over, which is told by an event.
            let _ = self.session.reconnect(now);
        }
        let resume = self.session.resume_query().unwrap_or_default();
        Query { resume, enables: is_first && self.number % 2 == 1 }
    }

    /// Takes what the session wants, and hears what it says.
    pub(crate) fn settle(
        &mut self,
        now: Time,
        model: &mut Model,
        random: &mut Random,
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit(bytes) => wishes.push(Wish::Send(bytes)),
                Output::Close { code, .. } => wishes.push(Wish::Close(code)),
                Output::Event(event) => self.on_event(now, model, random, event),
            }
        }
        wishes
    }

    fn on_event(&mut self, now: Time, model: &mut Model, random: &mut Random, event: Event) {
        if self.is_traced {
            let event = format!("{event:?}");
            println!("{:>10.3} guest {}: {event:.200}", now.as_secs_f64(), self.number);
        }
        match event {
            Event::Ready => self.life = self.session.participant_id().cloned(),
            Event::Resumed => {
                self.lost_at = None;
                if self.life.as_ref() != self.session.participant_id() {
                    model.violated(format!("guest {} has another id after a resume", self.number));
                }
            }
            Event::Discontinuity(_) => {
                self.check_gap(now, model);
                let before =
                    std::mem::replace(&mut self.life, self.session.participant_id().cloned());
                if before == self.life {
                    model.violated(format!("guest {}: a gap, and the same id", self.number));
                }
            }
            Event::Lost(_) => {
                self.wire = None;
                self.lost_at.get_or_insert(now);
                self.retry_at = Some(now + Duration::from_millis(random.below(2000) as u64));
            }
            Event::Ended(error) => self.on_end(model, &error),
            Event::Answered { request, result } => self.on_answer(model, request, &result),
            Event::MessagingEnabled => {}
            Event::ParticipantAdded(id) => {
                if self.known.insert(id.clone(), ()).is_some() || self.life.as_ref() == Some(&id) {
                    model.violated(format!("guest {} is told of {id} again", self.number));
                }
            }
            Event::ParticipantRemoved(participant) => {
                if self.known.remove(&participant.id).is_none() {
                    model.violated(format!(
                        "guest {}: {} was not there",
                        self.number, participant.id
                    ));
                }
            }
            Event::ParticipantUpdated { id, .. } => {
                if !self.known.contains_key(&id) {
                    model.violated(format!("guest {}: {id} changes, unknown", self.number));
                }
            }
            Event::Message(message) => match &self.life {
                Some(life) => model.received(life, &message),
                None => model.violated(format!("guest {} is not there yet", self.number)),
            },
            Event::StreamRequested { stream, header, .. } => {
                self.on_offer(now, model, random, stream, &header);
            }
            Event::StreamWithdrawn { stream, .. } => drop(self.readers.remove(&stream)),
            Event::StreamOpened { stream, result } => {
                if result.is_err() {
                    self.writers.remove(&stream);
                }
            }
            Event::StreamReadable(_) | Event::StreamWritable(_) => {}
            Event::StreamClosed { stream, .. } => drop(self.writers.remove(&stream)),
            Event::CallRequested { call, .. } => drop(self.session.reject_call(call, "no calls")),
            Event::CallWithdrawn { .. }
            | Event::CallOpened { .. }
            | Event::CallReadable(_)
            | Event::CallClosed { .. } => {}
        }
    }

    fn on_end(&mut self, model: &mut Model, error: &SessionError) {
        self.has_ended = true;
        let is_ours = error.code == ErrorCode::Closed;
        // Without a room there was nothing to come back to.
        if !is_ours && self.life.is_some() {
            model.violated(format!("guest {} was ended: {error}", self.number));
        }
    }

    /// A short loss is no gap, and after one nothing waits that cannot be answered any more.
    fn check_gap(&mut self, now: Time, model: &mut Model) {
        let is_long = self.lost_at.take().is_some_and(|at| at + GRACE <= now);
        let can_resume =
            self.session.extensions().is_some_and(|extensions| extensions.resume.is_some());
        let mut waiting = self.waiting.values();
        if !waiting.all(|waiting| matches!(waiting, Waiting::Enabling)) {
            model.violated(format!("guest {} waits for {:?}", self.number, self.waiting));
        }
        let is_gone = self.life.as_ref().is_none_or(|life| model.is_gone(life));
        if can_resume && !is_long && !is_gone {
            model.violated(format!("guest {}: a gap after a short loss", self.number));
        }
    }

    fn on_answer(
        &mut self,
        model: &mut Model,
        request: RequestId,
        result: &Result<(), SessionError>,
    ) {
        match self.waiting.remove(&request) {
            Some(Waiting::Message(name)) => model.answered(&name, result),
            Some(Waiting::Closing(stream)) => {
                if result.is_ok() {
                    model.stream_close_taken(stream);
                }
            }
            Some(Waiting::Enabling) => {
                if result.is_err() {
                    self.wants_messaging = false;
                }
            }
            Some(Waiting::Disabling) => {}
            None => model.violated(format!("guest {}: an answer to nothing", self.number)),
        }
    }

    fn on_offer(
        &mut self,
        now: Time,
        model: &mut Model,
        random: &mut Random,
        stream: StreamKey,
        header: &JsonText,
    ) {
        let Ok(number) = header.as_str().parse::<u64>() else { return };
        if random.percent(15) || self.session.accept_stream(now, stream).is_err() {
            model.stream_forfeited(number);
            // It fails only if the offer is gone.
            let _ = self.session.reject_stream(now, stream, "not today");
        } else {
            self.readers.insert(stream, number);
        }
    }
}

const STREAM_WINDOW_BYTES: usize = 20_000;

fn mood_text(mood: usize) -> String {
    format!(r#"{{"mood":{mood}}}"#)
}

/// What may be unacknowledged when nothing is under way.
pub(crate) const KEPT_AT_REST: usize = SILENT_ACK_MESSAGES as usize;

fn new_session() -> Session {
    let config =
        Config { reconnect: true, stream_window_bytes: STREAM_WINDOW_BYTES, ..Config::default() };
    Session::new(config)
}
