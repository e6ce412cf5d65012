//! What the application does with calls.

use crate::{
    CallKey, ClientFrame, Content, ErrorCode, Outgoing, ParticipantId, Request, RequestId,
    SessionError,
    session::{
        CallRead, Event, Session, StreamForm, Timestamp,
        calls::{CLOSE_NORMAL, Call, Side, State, error, message},
        requests::Purpose,
    },
};

impl Session {
    /// Opens a duplex stream to a participant, with its first message. Answered by
    /// [`Event::CallOpened`].
    ///
    /// # Errors
    ///
    /// `not-connected` before the room is ready, the ending's after the end; `not-enabled`;
    /// `participant-not-found`; `stream-unsupported` if the participant says so;
    /// `invalid-argument`; `too-large`.
    pub fn open_call(
        &mut self,
        now: Timestamp,
        to: &ParticipantId,
        first: &Outgoing,
    ) -> Result<CallKey, SessionError> {
        self.check_outgoing(first)?;
        if !self.is_enabled() {
            return Err(SessionError::new(ErrorCode::NotEnabled, "messaging is not enabled"));
        }
        if self.participant(to.as_str()).is_none() {
            let text = format!("there is no participant {to}");
            return Err(SessionError::new(ErrorCode::ParticipantNotFound, text));
        }
        self.check_takes(to, StreamForm::Duplex)?;

        let own = self.participant_id().map_or("", ParticipantId::as_str);
        let name = format!("{own}-stream-{}", self.calls.last_key + 1);
        let request = Request::OpenCall { tool_call_id: name.clone() };
        let opening = self.wire.encode(|id| ClientFrame::Request { id, request })?;
        // It is answered when somebody has made up their mind, so its time is not that of requests.
        let deadline = now + self.config.stream_open_timeout;
        let side = Side::Caller { name: name.clone(), request: opening.id };
        self.transmit(opening);

        let chunk = message::caller_chunk(Some(to), first);
        let key = self.calls.add(to.clone(), side, State::Ringing { deadline });
        let said = self.ask(now, Request::CallChunk { tool_call_id: name, chunk }, Purpose::Nobody);
        if let Err(error) = said {
            self.say_closed(now, key, CLOSE_NORMAL, None);
            self.calls.ends.remove(&key);
            return Err(error);
        }
        Ok(key)
    }

    /// Takes a call. From now on both sides may speak.
    ///
    /// # Errors
    ///
    /// `stream-closed` if it was withdrawn or answered before; the ending's after the end.
    pub fn accept_call(&mut self, call: CallKey) -> Result<(), SessionError> {
        let number = self.asked(call)?;
        self.answer_call(number, Content::Open);
        if let Some(call) = self.calls.ends.get_mut(&call) {
            call.state = State::Open;
        }
        Ok(())
    }

    /// Refuses a call. There are no further events about it.
    ///
    /// # Errors
    ///
    /// `stream-closed` if it was withdrawn or answered before; the ending's after the end.
    pub fn reject_call(&mut self, call: CallKey, reason: &str) -> Result<(), SessionError> {
        let number = self.asked(call)?;
        self.answer_call(number, error(reason));
        self.calls.ends.remove(&call);
        Ok(())
    }

    /// Sends a message over a call. The caller's are answered by the server, the callee's are not:
    /// then there is no [`RequestId`].
    ///
    /// # Errors
    ///
    /// `stream-closed` if it is not open; `invalid-argument`; `too-large`; the ending's after the
    /// end.
    pub fn send_call(
        &mut self,
        now: Timestamp,
        call: CallKey,
        outgoing: &Outgoing,
    ) -> Result<Option<RequestId>, SessionError> {
        self.check_outgoing(outgoing)?;
        match self.open_side(call)? {
            Side::Caller { name, .. } => {
                let chunk = message::caller_chunk(None, outgoing);
                let request = Request::CallChunk { tool_call_id: name, chunk };
                self.ask_for_command(now, request).map(Some)
            }
            Side::Callee { name, number } => {
                let chunk = message::callee_chunk(outgoing);
                let frame = |_| ClientFrame::ToolCallResponseChunk {
                    call: number,
                    tool_call_id: name,
                    chunk,
                };
                let encoded = self.wire.encode(frame)?;
                self.transmit(encoded);
                Ok(None)
            }
        }
    }

    /// Ends a call, for both directions. What came can still be read. One of ours that is not answered is withdrawn, one of the
    /// other side refused. Does nothing if it is over.
    pub fn close_call(&mut self, now: Timestamp, call: CallKey) {
        let state = self.calls.ends.get(&call).map(|call| call.state.clone());
        match state {
            Some(State::Open) => {
                self.say_closed(now, call, CLOSE_NORMAL, None);
                self.calls.complete(call);
                self.report(Event::CallClosed { call, result: Ok(()) });
            }
            Some(State::Complete | State::Failed(_)) => drop(self.calls.ends.remove(&call)),
            Some(State::Awaiting | State::Asked | State::Ringing { .. }) => {
                self.abort_call(now, call, "the stream was closed");
            }
            None => {}
        }
    }

    /// Reads the next message of a call.
    pub fn read_call(&mut self, call: CallKey) -> CallRead {
        let Some(end) = self.calls.ends.get_mut(&call) else {
            return CallRead::Failed(ended());
        };
        let read = end.read();
        if let CallRead::End | CallRead::Failed(_) = read {
            self.calls.ends.remove(&call);
        }
        read
    }

    /// Ends a call of any state with an error here, and tells the other side.
    pub(super) fn abort_call(&mut self, now: Timestamp, key: CallKey, reason: &str) {
        let Some(call) = self.calls.ends.get(&key) else { return };
        match (&call.state, &call.side) {
            (State::Awaiting | State::Asked, Side::Callee { number, .. }) => {
                let number = *number;
                self.answer_call(number, error(reason));
            }
            (State::Ringing { .. } | State::Open, _) => {
                self.say_closed(now, key, CLOSE_NORMAL, None);
            }
            (State::Awaiting | State::Asked | State::Complete | State::Failed(_), _) => {}
        }
        self.fail_call(key, &SessionError::new(ErrorCode::Aborted, reason));
    }

    /// The server's number of a call that waits for our answer.
    fn asked(&self, key: CallKey) -> Result<crate::MessageId, SessionError> {
        self.check_ready()?;
        match self.calls.ends.get(&key) {
            Some(Call { state: State::Asked, side: Side::Callee { number, .. }, .. }) => {
                Ok(*number)
            }
            Some(_) | None => Err(ended()),
        }
    }

    fn open_side(&self, key: CallKey) -> Result<Side, SessionError> {
        self.check_ready()?;
        match self.calls.ends.get(&key) {
            Some(Call { state: State::Open, side, .. }) => Ok(side.clone()),
            Some(Call { state: State::Failed(error), .. }) => Err(error.clone()),
            Some(_) | None => Err(ended()),
        }
    }
}

fn ended() -> SessionError {
    SessionError::new(ErrorCode::StreamClosed, "the stream is not open")
}
