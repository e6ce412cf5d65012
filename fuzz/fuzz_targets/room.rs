//! Bytes of several members into a room: every request is answered once, and only those who are
//! there are spoken to.

#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use room::{
    Grants, Joining, Manner, MemberId, Output, Place, Room, RoomConfig, RoomLimits, Traits,
};
use room_proto::{
    ClientFrame, Content, Extensions, JsonText, Limits, MessageId, Outgoing, ParticipantId,
    Request, ServerFrame, body::BodyForm, frame::ClientDialect,
};

#[derive(Arbitrary, Debug)]
enum Step {
    Join { duplex: bool, merges_lists: bool, ours: bool },
    Leave(u8),
    Noise { from: u8, bytes: Vec<u8> },
    Enable(u8),
    Disable(u8),
    Send { from: u8, to: u8, text: String },
    Broadcast(u8),
    Attributes { from: u8, text: String },
    OpenCall { from: u8, name: u8 },
    CallChunk { from: u8, name: u8, content: u8, to: u8 },
    Answer { from: u8, call: u8, content: u8 },
    AnswerChunk { from: u8, call: u8, content: u8 },
    Resume { member: u8, received: u8 },
}

struct World {
    room: Room,
    places: BTreeMap<MemberId, Place>,
    /// Requests without an answer.
    open: Vec<(MemberId, MessageId)>,
    next_id: u64,
    joins: usize,
}

impl World {
    fn new() -> Self {
        let extensions = Extensions {
            version: 1,
            raw_attachments: true,
            batches: true,
            enabled: false,
            max_packet_bytes: None,
            max_message_bytes: None,
            max_attribute_bytes: None,
            resume: None,
        };
        let limits =
            RoomLimits { max_members: 5, max_attribute_bytes: 200, ..RoomLimits::default() };
        let room = Room::new(RoomConfig {
            name: String::from("room"),
            url: String::from("ws://room"),
            session_id: String::from("run"),
            extensions,
            limits,
        });
        Self { room, places: BTreeMap::new(), open: Vec::new(), next_id: 1, joins: 0 }
    }

    fn member(&self, number: u8) -> Option<MemberId> {
        let members: Vec<_> = self.places.keys().copied().collect();
        members.get(usize::from(number) % members.len().max(1)).copied()
    }

    fn join(&mut self, traits: Traits) {
        self.joins += 1;
        let joining = Joining {
            participant_id: ParticipantId::new(&format!("p{}", self.joins)),
            name: String::from("name"),
            role: String::from("user"),
            attributes: JsonText::empty_object(),
            grants: Grants::ALL,
            traits,
            resume: None,
            enables: traits.duplex,
        };
        if let Ok(member) = self.room.join(joining) {
            let manner = Manner {
                handshake: BodyForm::Packed,
                packet_bytes: 100,
                limits: Limits::default(),
                joins_answers: true,
                batches: false,
                kept_bytes: traits.ours.then_some(1000),
            };
            self.places.insert(member, Place::new(manner));
        }
    }

    fn leave(&mut self, member: MemberId) {
        self.places.remove(&member);
        self.open.retain(|(asker, _)| *asker != member);
        self.room.leave(member);
    }

    fn bytes(&mut self, from: MemberId, bytes: &[u8]) {
        let Some(place) = self.places.get_mut(&from) else { return };
        let bytes = Bytes::copy_from_slice(bytes);
        match place.receive(&bytes, &bytes) {
            Ok(received) => {
                if let Some(frame) = received.frame {
                    if let Ok(ClientFrame::Request { id, request }) = &frame
                        && !matches!(request, Request::OpenCall { .. })
                    {
                        self.open.push((from, *id));
                    }
                    if let Err(error) = &frame
                        && error.answerable
                    {
                        self.open.push((from, error.id));
                    }
                    self.room.handle(from, frame);
                }
            }
            Err(_) => self.leave(from),
        }
    }

    fn say(&mut self, from: u8, frame: impl FnOnce(MessageId) -> ClientFrame) {
        let Some(from) = self.member(from) else { return };
        self.next_id += 1;
        let message = frame(MessageId(self.next_id)).encode(&ClientDialect::ours_direct());
        for packet in message.packets(100) {
            self.bytes(from, &packet);
        }
    }

    fn ask(&mut self, from: u8, request: Request) {
        self.say(from, |id| ClientFrame::Request { id, request });
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Deliver { to, frame, .. } => {
                    let place = self.places.get_mut(&to).expect("who is not there is spoken to");
                    let _ = place.encode(&frame);
                    if let ServerFrame::Response { id, .. } = frame.as_ref() {
                        let asked = self.open.iter().position(|open| *open == (to, *id));
                        if let Some(asked) = asked {
                            self.open.remove(asked);
                        }
                    }
                }
                Output::Close { to, .. } => self.leave(to),
                Output::Refused { .. } => {}
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Join { duplex, merges_lists, ours } => {
                self.join(Traits { duplex, merges_lists, ours });
            }
            Step::Leave(member) => {
                if let Some(member) = self.member(member) {
                    self.leave(member);
                }
            }
            Step::Noise { from, bytes } => {
                if let Some(from) = self.member(from) {
                    self.bytes(from, &bytes);
                }
            }
            Step::Enable(from) => self.ask(from, Request::Enable),
            Step::Disable(from) => self.ask(from, Request::Disable),
            Step::Send { from, to, text } => {
                let to = ParticipantId::new(&format!("p{}", to % 8));
                self.ask(from, Request::Send { to, outgoing: outgoing(&text) });
            }
            Step::Broadcast(from) => self.ask(from, Request::Broadcast { outgoing: outgoing("") }),
            Step::Attributes { from, text } => {
                let attributes =
                    JsonText::object(&text).unwrap_or_else(|_| JsonText::empty_object());
                self.say(from, |id| ClientFrame::SetAttributes { id, attributes });
            }
            Step::OpenCall { from, name } => {
                self.ask(from, Request::OpenCall { tool_call_id: call_name(name) });
            }
            Step::CallChunk { from, name, content: kind, to } => {
                let (tool_call_id, chunk) = (call_name(name), content(kind, to));
                self.ask(from, Request::CallChunk { tool_call_id, chunk });
            }
            Step::Answer { from, call, content: kind } => {
                let (call, content) = (MessageId(call.into()), content(kind, 0));
                self.say(from, |_| ClientFrame::ToolCallResponse { call, content });
            }
            Step::AnswerChunk { from, call, content: kind } => {
                let (number, chunk) = (MessageId(call.into()), content(kind, 0));
                let tool_call_id = call_name(call);
                self.say(from, |_| ClientFrame::ToolCallResponseChunk {
                    call: number,
                    tool_call_id,
                    chunk,
                });
            }
            Step::Resume { member, received } => {
                if let Some(member) = self.member(member)
                    && let Some(place) = self.places.get_mut(&member)
                {
                    let can = place.can_resume(received.into());
                    assert_eq!(place.resume(received.into()).is_some(), can);
                }
            }
        }
        self.drain();
        assert!(self.open.is_empty(), "without an answer: {:?}", self.open);
        assert_eq!(self.room.len(), self.places.len());
    }
}

fn call_name(name: u8) -> String {
    format!("call-{}", name % 4)
}

fn content(kind: u8, to: u8) -> Content {
    match kind % 5 {
        0 => Content::Open,
        1 => Content::Close { status_code: 1000, message: None },
        2 => Content::Error { text: String::from("no"), code: None },
        3 => Content::Empty,
        _ => Content::Json(
            JsonText::object(&format!(
                r#"{{"to_participant_id":"p{}","type":"chat","message_json":"{{}}"}}"#,
                to % 8
            ))
            .unwrap(),
        ),
    }
}

fn outgoing(text: &str) -> Outgoing {
    let message = JsonText::object(text).unwrap_or_else(|_| JsonText::empty_object());
    Outgoing { kind: String::from("chat"), message, attachment: Bytes::new() }
}

fuzz_target!(|steps: Vec<Step>| {
    let mut world = World::new();
    for step in steps {
        world.step(step);
    }
});
