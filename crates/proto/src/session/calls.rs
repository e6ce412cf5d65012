//! Duplex streams of generation 3: tool calls of `messaging.stream`, relayed by the server.
//!
//! ```text
//!  caller   Ringing --accepted--> Open --close--> Complete --end read--> (gone)
//!  callee   Awaiting --first chunk--> Asked --accept--> Open ...
//!                                              `--failure--> Failed --error read--> (gone)
//! ```
//!
//! The two sides write different frames for the same thing; `calls/message.rs` knows which.
//! `calls/commands.rs` is what the application does.

mod commands;
mod message;

use std::{collections::VecDeque, time::Duration};

use crate::{
    CallKey, ClientFrame, Content, ErrorCode, MessageId, ParticipantId, Request, SessionError,
    Table,
    session::{
        CallRead, Event, Session, StreamMessage, Timestamp,
        requests::{Purpose, outcome, timeout},
    },
};

use self::message::{First, FromCallee, cost};

/// All calls that are not over.
#[derive(Debug, Default)]
pub(super) struct Calls {
    last_key: u32,
    ends: Table<CallKey, Call>,
}

/// Our end of one call.
#[derive(Debug)]
struct Call {
    peer: ParticipantId,
    side: Side,
    state: State,
    inbox: VecDeque<StreamMessage>,
    inbox_bytes: usize,
    /// Its owner found nothing, and waits.
    is_hungry: bool,
}

#[derive(Clone, Debug)]
enum Side {
    /// We opened it, under a name of ours.
    Caller { name: String, request: MessageId },
    /// The server names it, by its number and by a text.
    Callee { name: String, number: MessageId },
}

#[derive(Clone, Debug)]
enum State {
    /// Callee: the first chunk has not come.
    Awaiting,
    /// Callee: the application has not answered.
    Asked,
    /// Caller: the other side has not answered.
    Ringing { deadline: Timestamp },
    /// Both sides may speak.
    Open,
    /// The other side has closed.
    Complete,
    /// It ended with an error.
    Failed(SessionError),
}

impl Calls {
    /// When the next call of ours runs out of time.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.ends.iter().filter_map(|(_, call)| call.deadline()).min()
    }

    /// Gives calls of ours more time.
    pub(super) fn postpone(&mut self, by: Duration) {
        for call in self.ends.values_mut() {
            if let State::Ringing { deadline } = &mut call.state {
                *deadline += by;
            }
        }
    }

    fn add(&mut self, peer: ParticipantId, side: Side, state: State) -> CallKey {
        self.last_key += 1;
        let key = CallKey(self.last_key);
        let call =
            Call { peer, side, state, inbox: VecDeque::new(), inbox_bytes: 0, is_hungry: true };
        self.ends.insert(key, call);
        key
    }

    /// It is over; what came can still be read.
    fn complete(&mut self, key: CallKey) {
        if let Some(call) = self.ends.get_mut(&key).filter(|call| !call.inbox.is_empty()) {
            call.state = State::Complete;
        } else {
            self.ends.remove(&key);
        }
    }

    /// What was over and has not been read for so long nobody will read any more.
    fn forget_finished(&mut self) {
        let finished = self.keys(|call| !call.is_live());
        if finished.len() >= MAX_CALLS
            && let Some(first) = finished.first()
        {
            self.ends.remove(first);
        }
    }

    fn find(&self, is_wanted: impl Fn(&Call) -> bool) -> Option<CallKey> {
        self.ends.iter().find(|(_, call)| is_wanted(call)).map(|(key, _)| *key)
    }

    fn keys(&self, is_wanted: impl Fn(&Call) -> bool) -> Vec<CallKey> {
        self.ends.iter().filter(|(_, call)| is_wanted(call)).map(|(key, _)| *key).collect()
    }
}

impl Call {
    fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Ringing { deadline } => Some(deadline),
            State::Awaiting | State::Asked | State::Open | State::Complete | State::Failed(_) => {
                None
            }
        }
    }

    /// Whether the other side may still say something.
    fn is_live(&self) -> bool {
        !matches!(self.state, State::Complete | State::Failed(_))
    }

    fn is_caller_named(&self, wanted: &str) -> bool {
        matches!(&self.side, Side::Caller { name, .. } if name == wanted)
    }

    fn is_callee_named(&self, wanted: &str) -> bool {
        matches!(&self.side, Side::Callee { name, .. } if name == wanted)
    }

    fn is_asked_by(&self, wanted: MessageId) -> bool {
        matches!(self.side, Side::Caller { request, .. } if request == wanted)
    }

    fn read(&mut self) -> CallRead {
        if let Some(message) = self.inbox.pop_front() {
            self.inbox_bytes -= cost(&message);
            return CallRead::Message(message);
        }
        match &self.state {
            State::Complete => CallRead::End,
            State::Failed(error) => CallRead::Failed(error.clone()),
            State::Awaiting | State::Asked | State::Ringing { .. } | State::Open => {
                self.is_hungry = true;
                CallRead::Pending
            }
        }
    }
}

impl Session {
    /// `room.tool_call.messaging`: somebody calls. The first chunk will say what about.
    pub(super) fn on_call(&mut self, number: MessageId, name: String, caller: ParticipantId) {
        let refusal = if self.calls.find(|call| call.is_callee_named(&name)).is_some() {
            Some("messaging stream tool_call_id is already active")
        } else if self.calls.keys(Call::is_live).len() >= MAX_CALLS {
            Some("too many streams")
        } else {
            None
        };
        match refusal {
            Some(text) => self.answer_call(number, error(text)),
            None => {
                self.calls.forget_finished();
                self.calls.add(caller, Side::Callee { name, number }, State::Awaiting);
            }
        }
    }

    /// A chunk of the caller's. Those of unknown calls are ignored.
    pub(super) fn on_caller_chunk(&mut self, name: &str, chunk: Content) {
        let Some(key) = self.calls.find(|call| call.is_callee_named(name) && call.is_live()) else {
            return;
        };
        let Some(call) = self.calls.ends.get(&key) else { return };
        match (call.state.clone(), chunk) {
            (State::Awaiting, Content::Json(json)) => match First::parse(&json) {
                Ok(First { from, message }) => self.on_first(key, from, message),
                Err(text) => self.refuse_chunk(key, text),
            },
            (State::Awaiting | State::Asked, Content::Close { .. }) => {
                self.refuse_chunk(key, "messaging stream closed before acceptance");
            }
            (State::Awaiting | State::Asked, _) => {
                self.refuse_chunk(key, "messaging stream received a message before acceptance");
            }
            (State::Open, Content::Json(json)) => match message::from_caller(&json) {
                Ok(message) => self.on_call_message(key, message),
                Err(text) => self.refuse_chunk(key, text),
            },
            (State::Open, Content::Close { status_code, message }) => {
                self.on_call_closed(key, status_code, message);
            }
            (State::Open, _) => self.refuse_chunk(key, "a chunk must be a JSON object"),
            (State::Ringing { .. } | State::Complete | State::Failed(_), _) => {}
        }
    }

    fn on_first(&mut self, key: CallKey, from: ParticipantId, message: StreamMessage) {
        let Some(call) = self.calls.ends.get_mut(&key) else { return };
        let Side::Callee { name, .. } = &call.side else { return };
        let stream_id = name.clone();
        call.state = State::Asked;
        call.peer = from.clone();
        self.report(Event::CallRequested { call: key, stream_id, from, message });
    }

    /// A chunk of the callee's. Those of unknown calls are ignored.
    pub(super) fn on_callee_chunk(&mut self, now: Timestamp, name: &str, chunk: &Content) {
        let Some(key) = self.calls.find(|call| call.is_caller_named(name) && call.is_live()) else {
            return;
        };
        let Some(call) = self.calls.ends.get_mut(&key) else { return };
        let is_ringing = matches!(call.state, State::Ringing { .. });
        match (FromCallee::parse(chunk), is_ringing) {
            (FromCallee::Accepted { stream_id }, true) => {
                call.state = State::Open;
                self.report(Event::CallOpened { call: key, result: Ok(stream_id) });
            }
            (FromCallee::Message(message), false) => self.on_call_message(key, message),
            (FromCallee::Disconnected, false) => {}
            (FromCallee::Closed { status_code, message }, false) => {
                self.on_call_closed(key, status_code, message);
            }
            (FromCallee::Wrong(text), _) => self.break_call(now, key, text),
            (
                FromCallee::Accepted { .. }
                | FromCallee::Message(_)
                | FromCallee::Disconnected
                | FromCallee::Closed { .. },
                _,
            ) => self.break_call(now, key, "the first chunk must say that it is accepted"),
        }
    }

    /// The answer to a call of ours, if it is one. Success is told by the first chunk.
    pub(super) fn on_call_answer(&mut self, id: MessageId, content: &Content) -> bool {
        let Some(key) = self.calls.find(|call| call.is_asked_by(id)) else { return false };
        if let Err(error) = outcome(content.clone()) {
            let error = if error.code == ErrorCode::ServerError {
                SessionError::new(ErrorCode::StreamRejected, error.message)
            } else {
                error
            };
            self.fail_call(key, &error);
        }
        true
    }

    fn on_call_message(&mut self, key: CallKey, message: StreamMessage) {
        let limit = self.config.max_unpaced_bytes;
        let Some(call) = self.calls.ends.get_mut(&key) else { return };
        call.inbox_bytes += cost(&message);
        if call.inbox_bytes > limit || call.inbox.len() >= MAX_MESSAGES {
            let text = "the stream brought more than its reader can hold";
            self.fail_call(key, &SessionError::new(ErrorCode::TooLarge, text));
            return;
        }
        call.inbox.push_back(message);
        self.wake_call(key);
    }

    /// The other side has closed; only status 1000 is a clean end.
    fn on_call_closed(&mut self, key: CallKey, status_code: u16, message: Option<String>) {
        let Some(call) = self.calls.ends.get_mut(&key) else { return };
        if status_code == CLOSE_NORMAL {
            call.state = State::Complete;
            self.wake_call(key);
            self.report(Event::CallClosed { call: key, result: Ok(()) });
            return;
        }
        let text = message.unwrap_or_else(|| format!("the stream was closed with {status_code}"));
        self.fail_call(key, &SessionError::new(ErrorCode::StreamAborted, text));
    }

    pub(super) fn check_calls(&mut self, now: Timestamp) {
        let is_late = |call: &Call| call.deadline().is_some_and(|deadline| deadline <= now);
        for key in self.calls.keys(is_late) {
            self.say_closed(now, key, 1000, None);
            let error = timeout("the stream was not answered", self.config.stream_open_timeout);
            self.fail_call(key, &error);
        }
    }

    /// Ends the calls with somebody who is gone.
    pub(super) fn fail_calls_with(&mut self, peer: &ParticipantId, error: &SessionError) {
        for key in self.calls.keys(|call| call.peer == *peer && call.is_live()) {
            self.fail_call(key, error);
        }
    }

    /// Ends all calls, at the other side too.
    pub(super) fn abort_all_calls(&mut self, now: Timestamp, reason: &str) {
        for key in self.calls.keys(Call::is_live) {
            self.abort_call(now, key, reason);
        }
    }

    /// At the end of the session. What is complete can still be read.
    pub(super) fn fail_all_calls(&mut self, error: &SessionError) {
        for key in self.calls.keys(Call::is_live) {
            self.fail_call(key, error);
        }
    }

    /// Ends our end with an error, and says so to whoever waits.
    fn fail_call(&mut self, key: CallKey, error: &SessionError) {
        let Some(call) = self.calls.ends.get_mut(&key) else { return };
        match call.state {
            State::Awaiting => drop(self.calls.ends.remove(&key)),
            State::Asked => {
                self.calls.ends.remove(&key);
                self.report(Event::CallWithdrawn { call: key, error: error.clone() });
            }
            State::Ringing { .. } => {
                self.calls.ends.remove(&key);
                self.report(Event::CallOpened { call: key, result: Err(error.clone()) });
            }
            State::Open => {
                call.state = State::Failed(error.clone());
                call.inbox = VecDeque::new();
                self.wake_call(key);
                self.report(Event::CallClosed { call: key, result: Err(error.clone()) });
            }
            State::Complete | State::Failed(_) => {}
        }
    }

    /// The callee wrote what makes no sense.
    fn break_call(&mut self, now: Timestamp, key: CallKey, text: &str) {
        self.say_closed(now, key, CLOSE_INVALID, Some(text));
        self.fail_call(key, &SessionError::new(ErrorCode::StreamAborted, text));
    }

    /// The caller wrote what makes no sense. Before the acceptance that is a refusal.
    fn refuse_chunk(&mut self, key: CallKey, text: &str) {
        let Some(call) = self.calls.ends.get(&key) else { return };
        let Side::Callee { number, .. } = call.side else { return };
        if let State::Open = call.state {
            self.say_as_callee(key, error(text));
            self.say_as_callee(key, close(CLOSE_INVALID, Some(text)));
        } else {
            self.answer_call(number, error(text));
        }
        self.fail_call(key, &SessionError::new(ErrorCode::StreamAborted, text));
    }

    fn wake_call(&mut self, key: CallKey) {
        let Some(call) = self.calls.ends.get_mut(&key) else { return };
        if std::mem::take(&mut call.is_hungry) {
            self.report(Event::CallReadable(key));
        }
    }

    /// `room.tool_call_response`: accepts or refuses. Nobody answers it.
    fn answer_call(&mut self, call: MessageId, content: Content) {
        if let Ok(encoded) = self.wire.encode(|_| ClientFrame::ToolCallResponse { call, content }) {
            self.transmit(encoded);
        }
    }

    /// `room.tool_call_response_chunk`. Nobody answers it.
    fn say_as_callee(&mut self, key: CallKey, chunk: Content) {
        let Some(Side::Callee { name, number }) = self.side(key) else { return };
        let frame =
            |_| ClientFrame::ToolCallResponseChunk { call: number, tool_call_id: name, chunk };
        if let Ok(encoded) = self.wire.encode(frame) {
            self.transmit(encoded);
        }
    }

    /// Tells the other side that it is over.
    fn say_closed(&mut self, now: Timestamp, key: CallKey, status: u16, message: Option<&str>) {
        match self.side(key) {
            Some(Side::Callee { .. }) => self.say_as_callee(key, close(status, message)),
            Some(Side::Caller { name, .. }) => {
                let chunk = close(status, message);
                let request = Request::CallChunk { tool_call_id: name, chunk };
                // A close fits into every limit, and nobody waits for its answer.
                let _ = self.ask(now, request, Purpose::Nobody);
            }
            None => {}
        }
    }

    fn side(&self, key: CallKey) -> Option<Side> {
        self.calls.ends.get(&key).map(|call| call.side.clone())
    }
}

fn close(status_code: u16, message: Option<&str>) -> Content {
    Content::Close { status_code, message: message.map(str::to_owned) }
}

fn error(text: &str) -> Content {
    Content::Error { text: text.to_owned(), code: None }
}

const CLOSE_NORMAL: u16 = 1000;
const CLOSE_INVALID: u16 = 1007;

/// How many calls there may be at once.
const MAX_CALLS: usize = 1024;
/// Small messages take more memory than their bytes.
const MAX_MESSAGES: usize = 256 * 1024;
