//! A room with members of all kinds, and what each of them was told.

use std::collections::HashMap;

use bytes::Bytes;
use room::{Grants, JoinError, Joining, MemberId, Output, Room, RoomConfig, RoomLimits, Traits};
use room_proto::{
    ClientFrame, Content, Delivered, Extensions, JsonText, MessageId, Outgoing, Request,
    ServerFrame,
};

pub(crate) const OURS: Traits = Traits { duplex: false, merges_lists: false, ours: true };
pub(crate) const OLD: Traits = Traits { duplex: false, merges_lists: true, ours: false };
pub(crate) const DUPLEX: Traits = Traits { duplex: true, merges_lists: false, ours: false };

pub(crate) struct Bench {
    pub(crate) room: Room,
    told: HashMap<MemberId, Vec<ServerFrame>>,
    pub(crate) closed: Vec<(MemberId, u16, String)>,
    pub(crate) refused: Vec<(MemberId, String)>,
    next_id: u64,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_limits(RoomLimits::default())
    }

    pub(crate) fn with_limits(limits: RoomLimits) -> Self {
        let extensions = Extensions {
            version: 1,
            raw_attachments: true,
            batches: false,
            enabled: false,
            max_packet_bytes: None,
            max_message_bytes: None,
            max_attribute_bytes: None,
            resume: None,
        };
        let config = RoomConfig {
            name: String::from("lobby"),
            url: String::from("ws://example.org/rooms/lobby"),
            session_id: String::from("run-1"),
            extensions,
            limits,
        };
        Self {
            room: Room::new(config),
            told: HashMap::new(),
            closed: Vec::new(),
            refused: Vec::new(),
            next_id: 0,
        }
    }

    pub(crate) fn try_join(&mut self, joining: Joining) -> Result<MemberId, JoinError> {
        let member = self.room.join(joining);
        self.drain();
        member
    }

    /// A member whose id is its name, without its greeting.
    pub(crate) fn join(&mut self, name: &str, traits: Traits) -> MemberId {
        self.join_with(name, traits, Grants::ALL)
    }

    pub(crate) fn join_with(&mut self, name: &str, traits: Traits, grants: Grants) -> MemberId {
        let joining = Joining { grants, traits, ..joining(name) };
        let member = self.try_join(joining).expect("there is a place");
        self.told(member);
        member
    }

    /// A member that has enabled messaging and has read all it was told.
    pub(crate) fn enabled(&mut self, name: &str, traits: Traits) -> MemberId {
        let member = self.join(name, traits);
        self.ask(member, Request::Enable);
        for told in self.told.values_mut() {
            told.clear();
        }
        member
    }

    /// Asks for something; gives the id of the request, which begins at 0.
    pub(crate) fn ask(&mut self, member: MemberId, request: Request) -> MessageId {
        let id = MessageId(self.next_id);
        self.next_id += 1;
        self.say(member, ClientFrame::Request { id, request });
        id
    }

    pub(crate) fn say(&mut self, member: MemberId, frame: ClientFrame) {
        self.room.handle(member, Ok(frame));
        self.drain();
    }

    pub(crate) fn leave(&mut self, member: MemberId) {
        self.room.leave(member);
        self.drain();
    }

    /// What a member was told since the last look.
    pub(crate) fn told(&mut self, member: MemberId) -> Vec<ServerFrame> {
        self.told.remove(&member).unwrap_or_default()
    }

    /// The one answer that a member was given since the last look, and nothing else.
    pub(crate) fn answer(&mut self, member: MemberId, asked: MessageId) -> Content {
        match self.told(member).as_slice() {
            [ServerFrame::Response { id, content }] if *id == asked => content.clone(),
            other => panic!("one answer to {asked:?}, not {other:?}"),
        }
    }

    /// What a member was told as messages: from, type, JSON.
    pub(crate) fn messages(&mut self, member: MemberId) -> Vec<(String, String, String)> {
        let told = self.told(member);
        let messages = told.into_iter().filter_map(|frame| match frame {
            ServerFrame::Message(Delivered { from, kind, message, .. }) => {
                Some((from.to_string(), kind, message.as_str().to_owned()))
            }
            _ => None,
        });
        messages.collect()
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Deliver { to, frame, .. } => {
                    self.told.entry(to).or_default().push((*frame).clone());
                }
                Output::Close { to, code, reason } => {
                    self.closed.push((to, code, reason));
                    self.room.leave(to);
                }
                Output::Refused { from, reason } => self.refused.push((from, reason)),
            }
        }
    }
}

pub(crate) fn joining(name: &str) -> Joining {
    Joining {
        participant_id: name.into(),
        name: name.to_owned(),
        role: String::from("user"),
        attributes: JsonText::empty_object(),
        grants: Grants::ALL,
        traits: OURS,
        resume: None,
        enables: false,
    }
}

pub(crate) fn json(text: &str) -> JsonText {
    JsonText::parse(text).expect("a test writes JSON")
}

pub(crate) fn outgoing(kind: &str) -> Outgoing {
    let attachment = Bytes::from_static(b"\x01\x02");
    Outgoing { kind: kind.to_owned(), message: json(r#"{"text":"\ud800"}"#), attachment }
}

pub(crate) fn send(to: &str, kind: &str) -> Request {
    Request::Send { to: to.into(), outgoing: outgoing(kind) }
}

pub(crate) fn triple(from: &str, kind: &str, message: &str) -> (String, String, String) {
    (from.to_owned(), kind.to_owned(), message.to_owned())
}

/// The code of an error.
pub(crate) fn code(content: &Content) -> Option<i64> {
    match content {
        Content::Error { code, .. } => *code,
        _ => None,
    }
}
