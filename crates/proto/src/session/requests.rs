//! What was asked and is not answered yet, and what answers mean.

use std::time::Duration;

use crate::{
    Content, ErrorCode, Family, MessageId, ParticipantId, Request, RequestId, SessionError,
    StreamKey, Table,
    content::codes,
    frame::ClientFrame,
    sabotage::{Bug, is},
    session::{Event, Session, Timestamp, wire::Encoded},
};

/// The requests without an answer, and the names of commands.
#[derive(Debug)]
pub(super) struct Requests {
    timeout: Duration,
    next: u32,
    /// Ordered by age, so that the first one has the earliest deadline.
    pending: Table<MessageId, Pending>,
    pending_bytes: usize,
    latest_deadline: Timestamp,
}

/// One request without an answer.
#[derive(Debug)]
struct Pending {
    purpose: Purpose,
    /// Who is gone if the answer is that the participant was not found.
    to: Option<ParticipantId>,
    bytes: usize,
    deadline: Timestamp,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// The application.
    Command(RequestId),
    /// The machine that enables messaging, with the words it tried.
    Enable(Family),
    /// A stream.
    Stream(StreamKey, Step),
    /// Nobody: a courtesy to the other side.
    Nobody,
}

/// What a stream asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// The offer, the acceptance, or credit: nothing happens unless it fails.
    Control,
    /// One chunk that costs so many bytes.
    Chunk(usize),
    /// The clean end.
    Close,
}

impl Requests {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            next: 1,
            pending: Table::default(),
            pending_bytes: 0,
            latest_deadline: Timestamp::ZERO,
        }
    }

    /// Names a command.
    pub(super) fn name(&mut self) -> RequestId {
        let name = RequestId(self.next);
        self.next += 1;
        name
    }

    /// How many requests have no answer, and their bytes.
    pub(super) fn queued(&self) -> (usize, usize) {
        (self.pending.len(), self.pending_bytes)
    }

    /// When the next request runs out of time.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.pending.first().map(|(_, pending)| pending.deadline)
    }

    /// Notes a request that is on its way.
    ///
    /// Time also runs while bytes wait in the socket, so what is under way counts for more of it.
    /// No request runs out of time before one that was sent earlier.
    fn add(
        &mut self,
        now: Timestamp,
        encoded: &Encoded,
        purpose: Purpose,
        to: Option<ParticipantId>,
    ) {
        let bytes = encoded.body_bytes;
        self.pending_bytes += bytes;
        let under_way = Duration::from_secs((self.pending_bytes / SLOW_BYTES_PER_SECOND) as u64);
        let deadline = self.latest_deadline.max(now + self.timeout + under_way);
        self.latest_deadline = deadline;
        self.pending.insert(encoded.id, Pending { purpose, to, bytes, deadline });
    }

    /// Gives everything more time.
    pub(super) fn postpone(&mut self, by: Duration) {
        for pending in self.pending.values_mut() {
            pending.deadline += by;
        }
        self.latest_deadline += by;
    }

    fn remove(&mut self, id: MessageId) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.pending_bytes -= pending.bytes;
        Some(pending)
    }

    fn remove_expired(&mut self, now: Timestamp) -> Option<Pending> {
        let (&id, first) = self.pending.first()?;
        if now < first.deadline {
            return None;
        }
        self.remove(id)
    }

    fn remove_first(&mut self) -> Option<Pending> {
        let (&id, _) = self.pending.first()?;
        self.remove(id)
    }
}

impl Session {
    /// Sends a request. If it is too large, nothing has changed.
    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        request: Request,
        purpose: Purpose,
    ) -> Result<(), SessionError> {
        let to = match &request {
            Request::Send { to, .. } => Some(to.clone()),
            Request::Enable
            | Request::Disable
            | Request::Broadcast { .. }
            | Request::OpenCall { .. }
            | Request::CallChunk { .. } => None,
        };
        if !self.is_usable() {
            return Err(SessionError::new(ErrorCode::NotConnected, "the connection was lost"));
        }
        let encoded = self.wire.encode(|id| ClientFrame::Request { id, request })?;
        self.requests.add(now, &encoded, purpose, to);
        self.transmit(encoded);
        Ok(())
    }

    /// Sends a request that a command waits for.
    pub(super) fn ask_for_command(
        &mut self,
        now: Timestamp,
        request: Request,
    ) -> Result<RequestId, SessionError> {
        let name = self.requests.name();
        self.ask(now, request, Purpose::Command(name))?;
        Ok(name)
    }

    pub(super) fn transmit(&mut self, encoded: Encoded) {
        for part in encoded.parts {
            self.transmit_part(part);
        }
    }

    pub(super) fn on_response(&mut self, now: Timestamp, id: MessageId, content: Content) {
        if self.on_call_answer(id, &content) {
            return;
        }
        if let Some(pending) = self.requests.remove(id) {
            self.settle(now, pending, outcome(content));
        }
    }

    pub(super) fn check_requests(&mut self, now: Timestamp) {
        while let Some(pending) = self.requests.remove_expired(now) {
            // Enabling has a time of its own.
            if let Purpose::Enable(_) = pending.purpose {
                continue;
            }
            let error = timeout("the server did not answer", self.config.request_timeout);
            self.settle(now, pending, Err(error));
        }
    }

    /// Answers the commands; enabling and the streams are failed by their own machines.
    pub(super) fn fail_all_requests(&mut self, error: &SessionError) {
        while let Some(pending) = self.requests.remove_first() {
            if let Purpose::Command(request) = pending.purpose {
                self.report(Event::Answered { request, result: Err(error.clone()) });
            }
        }
    }

    fn settle(&mut self, now: Timestamp, pending: Pending, result: Result<(), SessionError>) {
        let Pending { purpose, to, .. } = pending;
        let is_missing =
            result.as_ref().is_err_and(|error| error.code == ErrorCode::ParticipantNotFound);
        match purpose {
            Purpose::Command(request) => {
                if is(Bug::AnsweredTwice) {
                    self.report(Event::Answered { request, result: result.clone() });
                }
                self.report(Event::Answered { request, result });
            }
            Purpose::Enable(family) => self.on_enable_answer(now, family, result),
            Purpose::Stream(stream, step) => self.on_stream_answer(now, stream, step, result),
            Purpose::Nobody => {}
        }
        if let (Some(to), true) = (to, is_missing) {
            self.remove_participant(&to);
        }
    }
}

/// What an answer means. No particular content is success.
pub(super) fn outcome(content: Content) -> Result<(), SessionError> {
    let Content::Error { text, code } = content else { return Ok(()) };
    let kind = match code {
        _ if text == codes::NOT_FOUND_TEXT => ErrorCode::ParticipantNotFound,
        Some(codes::NOT_FOUND) => ErrorCode::ParticipantNotFound,
        Some(codes::PERMISSION_DENIED) => ErrorCode::PermissionDenied,
        Some(codes::INVALID_REQUEST) => ErrorCode::InvalidRequest,
        Some(codes::TIMEOUT) => ErrorCode::Timeout,
        Some(_) | None => ErrorCode::ServerError,
    };
    Err(SessionError::new(kind, text))
}

/// What did not happen within its time.
pub(super) fn timeout(what: &str, limit: Duration) -> SessionError {
    SessionError::new(ErrorCode::Timeout, format!("{what} within {} ms", milliseconds(limit)))
}

/// Without numbers of 128 bits, which take much code.
pub(super) fn milliseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1000).saturating_add(u64::from(time.subsec_millis()))
}

/// The slowest uplink on which requests do not run out of time while they wait for each other.
const SLOW_BYTES_PER_SECOND: usize = 16 * 1024;
