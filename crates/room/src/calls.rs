//! Duplex streams: calls of the tool `messaging.stream`, relayed between a caller and a callee.
//!
//! ```text
//!  Unaddressed --first chunk--> Pending --callee accepts--> Accepted
//!       `-----------------------------`---- refused, closed, somebody left --> (gone)
//! ```
//!
//! The caller knows a call by the name it chose, the callee by one that the room makes, so that
//! callers cannot collide at a callee. Chunks of calls that are over are answered and forgotten.

use std::collections::BTreeMap;

use room_proto::{
    Content, JsonText, MessageId, ParticipantId, ServerFrame, content::codes, members,
};
use serde::{Deserialize, Serialize};

use crate::{
    member::MemberId,
    room::{Room, denied, error, not_found},
};

/// All calls that are not over.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// By the number under which the callee knows them.
    by_number: BTreeMap<MessageId, Call>,
    last_number: u64,
}

#[derive(Debug)]
struct Call {
    caller: MemberId,
    /// The caller's name for it.
    name: String,
    /// The request that the callee's answer answers.
    request: MessageId,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nobody has been named.
    Unaddressed,
    /// The callee has not answered; what comes meanwhile is held back.
    Pending { callee: MemberId, callee_name: String, held: Vec<Content>, held_bytes: usize },
    /// Both sides may speak.
    Accepted { callee: MemberId, callee_name: String },
}

impl State {
    /// The callee, and its name for the call.
    fn callee(&self) -> Option<(MemberId, &str)> {
        match self {
            Self::Unaddressed => None,
            Self::Pending { callee, callee_name, .. } | Self::Accepted { callee, callee_name } => {
                Some((*callee, callee_name))
            }
        }
    }
}

impl Calls {
    fn of_caller(&self, caller: MemberId, name: &str) -> Option<MessageId> {
        let mut calls = self.by_number.iter();
        calls
            .find(|(_, call)| call.caller == caller && call.name == name)
            .map(|(number, _)| *number)
    }

    fn count_of(&self, caller: MemberId) -> usize {
        self.by_number.values().filter(|call| call.caller == caller).count()
    }

    fn of_member(&self, member: MemberId) -> Vec<MessageId> {
        let is_in = |call: &Call| {
            call.caller == member || call.state.callee().is_some_and(|(callee, _)| callee == member)
        };
        self.by_number.iter().filter(|(_, call)| is_in(call)).map(|(number, _)| *number).collect()
    }
}

/// What the first chunk says besides the message.
#[derive(Deserialize)]
struct Address {
    to_participant_id: String,
}

/// The first chunk that a caller gets.
#[derive(Serialize)]
struct Accepted<'a> {
    kind: &'static str,
    stream_id: &'a str,
}

impl Room {
    /// Held until the first chunk tells who is called. Answered then, or when the callee does.
    pub(crate) fn on_open_call(&mut self, caller: MemberId, request: MessageId, name: String) {
        if let Some(refusal) = self.refuse_call(caller, &name) {
            return self.answer(caller, request, refusal);
        }
        self.calls.last_number += 1;
        let number = MessageId(self.calls.last_number);
        let call = Call { caller, name, request, state: State::Unaddressed };
        self.calls.by_number.insert(number, call);
    }

    fn refuse_call(&self, caller: MemberId, name: &str) -> Option<Content> {
        let limit = self.config.limits.max_calls;
        if !self.may(caller, |grants| grants.send) {
            return Some(denied("sending messages"));
        }
        if self.calls.of_caller(caller, name).is_some() {
            return Some(error(codes::INVALID_STATE, format!("the call {name:?} is already open")));
        }
        if self.calls.count_of(caller) >= limit {
            return Some(error(codes::OPERATION_FAILED, format!("more than {limit} open streams")));
        }
        None
    }

    /// Gives the answer to the chunk itself: always `empty`, older callers wait for it.
    pub(crate) fn on_caller_chunk(
        &mut self,
        caller: MemberId,
        name: &str,
        chunk: Content,
    ) -> Content {
        let Some(number) = self.calls.of_caller(caller, name) else { return Content::Empty };
        let Some(call) = self.calls.by_number.get_mut(&number) else { return Content::Empty };
        let is_close = matches!(chunk, Content::Close { .. });
        match &mut call.state {
            State::Unaddressed => self.on_first_chunk(number, chunk),
            State::Pending { .. } if is_close => {
                let text = "the stream was closed before it was accepted";
                self.relay_to_callee(number, chunk);
                self.finish_unaccepted(number, error(codes::INVALID_STATE, text));
            }
            State::Pending { held, held_bytes, .. } => {
                *held_bytes += weight(&chunk);
                held.push(chunk);
                if *held_bytes > self.config.limits.max_held_bytes {
                    let text = "too much was sent before the stream was accepted";
                    self.relay_to_callee(number, close());
                    self.finish_unaccepted(number, error(codes::OPERATION_FAILED, text));
                }
            }
            State::Accepted { .. } => {
                self.relay_to_callee(number, chunk);
                if is_close {
                    self.calls.by_number.remove(&number);
                }
            }
        }
        Content::Empty
    }

    fn on_first_chunk(&mut self, number: MessageId, chunk: Content) {
        match self.address(&chunk) {
            Ok((callee, message)) => self.call(number, callee, &message),
            Err(refusal) => self.finish_unaccepted(number, refusal),
        }
    }

    /// Whom the first chunk names, and what it says to them.
    fn address(&self, chunk: &Content) -> Result<(MemberId, JsonText), Content> {
        let invalid = || {
            let text = "the first chunk of a stream must be JSON with a to_participant_id";
            error(codes::INVALID_REQUEST, text)
        };
        let Content::Json(json) = chunk else { return Err(invalid()) };
        let address: Address = serde_json::from_str(json.as_str()).map_err(|_| invalid())?;
        let to = ParticipantId::new(&address.to_participant_id);
        let callee = self.find_enabled(&to).ok_or_else(not_found)?;
        if !self.members.get(&callee).is_some_and(|member| member.traits.duplex) {
            let text = "the participant does not support messaging streams";
            return Err(error(codes::OPERATION_FAILED, text));
        }
        Ok((callee, members::without(json, "to_participant_id")))
    }

    fn call(&mut self, number: MessageId, callee: MemberId, first: &JsonText) {
        let Some(call) = self.calls.by_number.get_mut(&number) else { return };
        let Some(caller) = self.members.get(&call.caller) else { return };
        let caller_id = caller.participant_id.clone();
        // Unique in the room: no other call has this number, and no member this id.
        let callee_name = format!("{caller_id}-{}", number.0);
        call.state = State::Pending {
            callee,
            callee_name: callee_name.clone(),
            held: Vec::new(),
            held_bytes: 0,
        };

        let from = JsonText::from_value(&caller_id.as_str());
        let first = members::with(first, "from_participant_id", &from);
        let tool_call_id = callee_name.clone();
        self.deliver(callee, ServerFrame::ToolCall { call: number, tool_call_id, caller_id });
        let chunk = Content::Json(first);
        self.deliver(callee, ServerFrame::CallChunk { tool_call_id: callee_name, chunk });
    }

    /// The callee accepts or refuses. Late answers to calls that are over are ignored.
    pub(crate) fn on_callee_answer(&mut self, from: MemberId, number: MessageId, content: Content) {
        let Some(call) = self.calls.by_number.get_mut(&number) else { return };
        let State::Pending { callee, callee_name, held, .. } = &mut call.state else { return };
        if *callee != from {
            return;
        }
        if content != Content::Open {
            let refusal = match content {
                Content::Error { .. } => content,
                Content::Empty
                | Content::Json(_)
                | Content::Text(_)
                | Content::Open
                | Content::Close { .. }
                | Content::Other { .. } => {
                    error(codes::OPERATION_FAILED, "the participant's answer makes no sense")
                }
            };
            return self.finish_unaccepted(number, refusal);
        }

        let held = std::mem::take(held);
        let callee_name = std::mem::take(callee_name);
        let (caller, request, name) = (call.caller, call.request, call.name.clone());
        let accepted =
            JsonText::from_value(&Accepted { kind: "accepted", stream_id: &callee_name });
        call.state = State::Accepted { callee: from, callee_name };
        self.answer(caller, request, Content::Open);
        let chunk = Content::Json(accepted);
        self.deliver(caller, ServerFrame::ResponseChunk { tool_call_id: name, chunk });
        for chunk in held {
            self.relay_to_callee(number, chunk);
        }
    }

    pub(crate) fn on_callee_chunk(&mut self, from: MemberId, number: MessageId, chunk: Content) {
        let Some(call) = self.calls.by_number.get(&number) else { return };
        let State::Accepted { callee, .. } = call.state else { return };
        if callee != from {
            return;
        }
        let is_close = matches!(chunk, Content::Close { .. });
        let frame = ServerFrame::ResponseChunk { tool_call_id: call.name.clone(), chunk };
        self.deliver(call.caller, frame);
        if is_close {
            self.calls.by_number.remove(&number);
        }
    }

    /// Each side hears in its own words that the other is gone.
    pub(crate) fn end_calls_of(&mut self, member: MemberId) {
        for number in self.calls.of_member(member) {
            let Some(call) = self.calls.by_number.get(&number) else { continue };
            let is_accepted = matches!(call.state, State::Accepted { .. });
            if call.caller == member {
                // Who called itself is not told that it is gone.
                if call.state.callee().is_some_and(|(callee, _)| callee != member) {
                    self.relay_to_callee(number, close());
                }
                self.calls.by_number.remove(&number);
            } else if is_accepted {
                let tool_call_id = call.name.clone();
                let frame = ServerFrame::ResponseChunk { tool_call_id, chunk: close() };
                self.deliver(call.caller, frame);
                self.calls.by_number.remove(&number);
            } else {
                self.finish_unaccepted(number, not_found());
            }
        }
    }

    /// Answers the caller's request with an error and forgets the call.
    fn finish_unaccepted(&mut self, number: MessageId, refusal: Content) {
        if let Some(call) = self.calls.by_number.remove(&number) {
            self.answer(call.caller, call.request, refusal);
        }
    }

    fn relay_to_callee(&mut self, number: MessageId, chunk: Content) {
        let call = self.calls.by_number.get(&number);
        let Some((callee, name)) = call.and_then(|call| call.state.callee()) else { return };
        let frame = ServerFrame::CallChunk { tool_call_id: name.to_owned(), chunk };
        self.deliver(callee, frame);
    }
}

fn close() -> Content {
    Content::Close { status_code: 1000, message: None }
}

fn weight(chunk: &Content) -> usize {
    match chunk {
        Content::Json(json) => json.as_str().len(),
        Content::Text(text) | Content::Error { text, .. } => text.len(),
        Content::Empty | Content::Open | Content::Close { .. } | Content::Other { .. } => 16,
    }
}
