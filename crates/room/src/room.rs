//! A room and its members.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use room_proto::{
    ClientFrame, Content, Extensions, MessageId, ParticipantId, Request, ServerFrame, Trace,
    content::codes, frame::FrameError,
};
use thiserror::Error;

use crate::{
    calls::Calls,
    member::{Joining, Member, MemberId},
};

/// What a room is told when it is made.
#[derive(Clone, Debug)]
pub struct RoomConfig {
    /// Its name.
    pub name: String,
    /// Where clients find it.
    pub url: String,
    /// Names this run of the room.
    pub session_id: String,
    /// What is announced to our own clients.
    pub extensions: Extensions,
    /// Bounds on what members may use.
    pub limits: RoomLimits,
}

/// Bounds on what members may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RoomLimits {
    /// Members of one room.
    pub max_members: usize,
    /// The JSON text of one member's attributes, in bytes.
    pub max_attribute_bytes: usize,
    /// Duplex streams that one member has open as their caller.
    pub max_calls: usize,
    /// What may wait for the acceptance of one duplex stream, in bytes.
    pub max_held_bytes: usize,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            max_members: 1000,
            max_attribute_bytes: 64 * 1024,
            max_calls: 256,
            max_held_bytes: 1024 * 1024,
        }
    }
}

/// What the driver is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Send a message to a member.
    Deliver {
        /// Who gets it.
        to: MemberId,
        /// The message. Shared, because a broadcast has many recipients.
        frame: Arc<ServerFrame>,
        /// Whether it may wait a moment for something else that goes to the same member.
        can_wait: bool,
    },
    /// End a member's connection, after what was delivered before. The driver then calls
    /// [`Room::leave`].
    Close {
        /// Whose.
        to: MemberId,
        /// The WebSocket close code.
        code: u16,
        /// Why, in words.
        reason: String,
    },
    /// Log that a message was refused whose sender does not wait for an answer.
    Refused {
        /// Who sent it.
        from: MemberId,
        /// Why, in words.
        reason: String,
    },
}

/// Why somebody cannot come in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum JoinError {
    /// There are as many members as may be.
    #[error("the room is full ({limit} participants)")]
    Full {
        /// The limit.
        limit: usize,
    },
    /// The participant id is taken.
    #[error("the participant id is in use")]
    IdInUse,
}

/// A room.
#[derive(Debug)]
pub struct Room {
    pub(crate) config: RoomConfig,
    pub(crate) members: BTreeMap<MemberId, Member>,
    by_participant: HashMap<ParticipantId, MemberId>,
    pub(crate) calls: Calls,
    outputs: VecDeque<Output>,
    last_member: u64,
    /// Of the message that is being handled.
    pub(crate) trace: Option<Trace>,
}

impl Room {
    /// Makes an empty room.
    #[must_use]
    pub fn new(config: RoomConfig) -> Self {
        Self {
            config,
            members: BTreeMap::new(),
            by_participant: HashMap::new(),
            calls: Calls::default(),
            outputs: VecDeque::new(),
            last_member: 0,
            trace: None,
        }
    }

    /// Lets a member in, and greets it.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if there is no place for it.
    pub fn join(&mut self, joining: Joining) -> Result<MemberId, JoinError> {
        let limit = self.config.limits.max_members;
        if self.members.len() >= limit {
            return Err(JoinError::Full { limit });
        }
        if self.by_participant.contains_key(&joining.participant_id) {
            return Err(JoinError::IdInUse);
        }

        self.last_member += 1;
        let id = MemberId(self.last_member);
        let resume = joining.resume.clone();
        let enabled = joining.enables && joining.traits.ours && joining.grants.messaging;
        let member = Member::new(joining);
        let greetings = [
            ServerFrame::Connected {
                participant_id: member.participant_id.clone(),
                attributes: member.attributes.clone(),
            },
            ServerFrame::RoomReady {
                room_name: self.config.name.clone(),
                room_url: self.config.url.clone(),
                session_id: self.config.session_id.clone(),
                extensions: member.traits.ours.then(|| Extensions {
                    enabled,
                    resume,
                    ..self.config.extensions.clone()
                }),
            },
        ];
        self.by_participant.insert(member.participant_id.clone(), id);
        self.members.insert(id, member);
        for greeting in greetings {
            self.deliver(id, greeting);
        }
        if enabled {
            self.enable(id);
        }
        Ok(id)
    }

    /// Takes what a member says, read or not readable. Who is not a member is not heard.
    pub fn handle(&mut self, from: MemberId, frame: Result<ClientFrame, FrameError>) {
        self.handle_traced(from, frame, None);
    }

    /// The same; the trace goes with the message, to those who may be told of it.
    pub fn handle_traced(
        &mut self,
        from: MemberId,
        frame: Result<ClientFrame, FrameError>,
        trace: Option<Trace>,
    ) {
        self.trace = trace;
        self.on_frame(from, frame);
        self.trace = None;
    }

    fn on_frame(&mut self, from: MemberId, frame: Result<ClientFrame, FrameError>) {
        if !self.members.contains_key(&from) {
            return;
        }
        match frame {
            Ok(ClientFrame::Request { id, request }) => self.on_request(from, id, request),
            Ok(ClientFrame::SetAttributes { attributes, .. }) => {
                self.on_attributes(from, &attributes);
            }
            Ok(ClientFrame::ToolCallResponse { call, content }) => {
                self.on_callee_answer(from, call, content);
            }
            Ok(ClientFrame::ToolCallResponseChunk { call, chunk, .. }) => {
                self.on_callee_chunk(from, call, chunk);
            }
            Err(FrameError { id, answerable: true, code, text }) => {
                self.answer(from, id, Content::Error { text, code: Some(code) });
            }
            Err(FrameError { answerable: false, text, .. }) => self.refuse(from, text),
        }
    }

    /// Takes a member out. Does nothing if it is not there.
    pub fn leave(&mut self, member: MemberId) {
        // In this order, so that nobody takes the end of a call for a clean one.
        self.announce_gone(member);
        self.end_calls_of(member);
        if let Some(member) = self.members.remove(&member) {
            self.by_participant.remove(&member.participant_id);
        }
    }

    /// The next thing for the driver to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// How the others know a member.
    #[must_use]
    pub fn participant_id(&self, member: MemberId) -> Option<&ParticipantId> {
        self.members.get(&member).map(|member| &member.participant_id)
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn on_request(&mut self, from: MemberId, id: MessageId, request: Request) {
        let is_awaited = request.is_awaited();
        let answer = match request {
            Request::Enable => return self.on_enable(from, id),
            Request::Disable => self.on_disable(from),
            Request::Send { to, outgoing } => self.on_send(from, &to, outgoing),
            Request::Broadcast { outgoing } => self.on_broadcast(from, outgoing),
            Request::OpenCall { tool_call_id } => return self.on_open_call(from, id, tool_call_id),
            Request::CallChunk { tool_call_id, chunk } => {
                self.on_caller_chunk(from, &tool_call_id, chunk)
            }
        };
        // Other clients send the next chunk when the one before is answered.
        let is_ours = self.members.get(&from).is_some_and(|member| member.traits.ours);
        let can_wait = is_ours && !is_awaited && answer == Content::Empty;
        let frame = Arc::new(ServerFrame::Response { id, content: answer });
        self.outputs.push_back(Output::Deliver { to: from, frame, can_wait });
    }

    /// An enabled participant.
    pub(crate) fn find_enabled(&self, id: &ParticipantId) -> Option<MemberId> {
        let member = *self.by_participant.get(id)?;
        self.members.get(&member).filter(|member| member.is_enabled).map(|_| member)
    }

    pub(crate) fn answer(&mut self, to: MemberId, id: MessageId, content: Content) {
        self.deliver(to, ServerFrame::Response { id, content });
    }

    pub(crate) fn deliver(&mut self, to: MemberId, frame: ServerFrame) {
        self.deliver_shared(to, Arc::new(frame));
    }

    pub(crate) fn deliver_shared(&mut self, to: MemberId, frame: Arc<ServerFrame>) {
        self.outputs.push_back(Output::Deliver { to, frame, can_wait: false });
    }

    pub(crate) fn refuse(&mut self, from: MemberId, reason: String) {
        self.outputs.push_back(Output::Refused { from, reason });
    }

    pub(crate) fn close(&mut self, to: MemberId, code: u16, reason: String) {
        self.outputs.push_back(Output::Close { to, code, reason });
    }
}

pub(crate) fn error(code: i64, text: impl Into<String>) -> Content {
    Content::Error { text: text.into(), code: Some(code) }
}

/// The one answer by which every client recognises that somebody is gone.
pub(crate) fn not_found() -> Content {
    error(codes::NOT_FOUND, codes::NOT_FOUND_TEXT)
}

pub(crate) fn denied(what: &str) -> Content {
    error(codes::PERMISSION_DENIED, format!("the token does not allow {what}"))
}
