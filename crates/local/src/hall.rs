//! A room with its members' ends of the wire.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use room::{
    Grants, JoinError, Joining, Manner, MemberId, Output, Place, Received, Room, RoomConfig,
    RoomLimits, Traits, close_code,
};
use room_proto::{Extensions, JsonText, Limits, ParticipantId, body::BodyForm};

/// A room, and a place for each member.
#[derive(Debug)]
pub struct Hall {
    room: Room,
    places: HashMap<MemberId, Place>,
    /// Said at once, before what the room says.
    ended: VecDeque<(MemberId, Told)>,
}

/// Who comes in.
#[derive(Clone, Debug)]
pub struct Guest {
    /// How the others will know it.
    pub participant_id: String,
    /// Its name.
    pub name: String,
    /// `user`, `agent`, `tool` or another word.
    pub role: String,
    /// Further attributes, a JSON object.
    pub attributes: JsonText,
}

/// What a member is to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    /// These WebSocket messages.
    Packets(Vec<Bytes>),
    /// That its connection is over. It has left.
    Over {
        /// The WebSocket close code.
        code: u16,
        /// Why, in words.
        reason: String,
    },
}

impl Hall {
    /// Makes an empty room.
    #[must_use]
    pub fn new(name: &str, url: &str, session_id: &str) -> Self {
        let limits = RoomLimits::default();
        let config = RoomConfig {
            name: name.to_owned(),
            url: url.to_owned(),
            session_id: session_id.to_owned(),
            extensions: Extensions {
                version: Extensions::VERSION,
                raw_attachments: true,
                max_packet_bytes: Some(MAX_PACKET_BYTES),
                max_message_bytes: Some(Limits::default().max_message_bytes),
                max_attribute_bytes: Some(limits.max_attribute_bytes),
                resume: None,
            },
            limits,
        };
        Self { room: Room::new(config), places: HashMap::new(), ended: VecDeque::new() }
    }

    /// Lets a member in, who may do everything.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if there is no place for it.
    pub fn join(&mut self, guest: Guest) -> Result<MemberId, JoinError> {
        let Guest { participant_id, name, role, attributes } = guest;
        let member = self.room.join(Joining {
            participant_id: ParticipantId::new(&participant_id),
            name,
            role,
            attributes,
            grants: Grants::ALL,
            traits: Traits { duplex: true, merges_lists: false, ours: true },
            resume: None,
        })?;
        self.places.insert(member, Place::new(manner()));
        Ok(member)
    }

    /// Takes a WebSocket message of a member. Who is not a member is not heard.
    pub fn receive(&mut self, from: MemberId, packet: &[u8]) {
        let Some(place) = self.places.get_mut(&from) else { return };
        match place.receive(packet) {
            // There is no reply where nothing is kept.
            Ok(Received { frame, reply: _ }) => {
                if let Some(frame) = frame {
                    self.room.handle(from, frame);
                }
            }
            Err(violation) => {
                let code = close_code(&violation);
                self.ended.push_back((from, Told::Over { code, reason: violation.to_string() }));
                self.leave(from);
            }
        }
    }

    /// Takes a member out. Does nothing if it is not there.
    pub fn leave(&mut self, member: MemberId) {
        self.places.remove(&member);
        self.room.leave(member);
    }

    /// The next thing to tell, and to whom.
    pub fn poll(&mut self) -> Option<(MemberId, Told)> {
        if let Some(over) = self.ended.pop_front() {
            return Some(over);
        }
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Deliver { to, frame } => {
                    if let Some(place) = self.places.get_mut(&to) {
                        return Some((to, Told::Packets(place.encode(&frame))));
                    }
                }
                Output::Close { to, code, reason } => {
                    self.leave(to);
                    return Some((to, Told::Over { code, reason }));
                }
                // Its sender made a mistake, and does not wait to be told.
                Output::Refused { .. } => {}
            }
        }
        None
    }
}

fn manner() -> Manner {
    Manner {
        handshake: BodyForm::Packed,
        packet_bytes: usize::MAX,
        limits: Limits::default(),
        kept_bytes: None,
    }
}

/// What the server takes too.
const MAX_PACKET_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use room_proto::{
        Assembler, ClientFrame, Delivered, MessageId, Outgoing, Request, ServerFrame,
        frame::ClientDialect,
    };

    use super::*;

    /// Members who read all they are told.
    struct Bench {
        hall: Hall,
        assemblers: HashMap<MemberId, Assembler>,
    }

    impl Bench {
        fn new() -> Self {
            let hall = Hall::new("lobby", "ws://local.invalid/rooms/lobby", "run-1");
            Self { hall, assemblers: HashMap::new() }
        }

        fn join(&mut self, name: &str) -> MemberId {
            let member = self.hall.join(guest(name)).expect("there is a place");
            self.assemblers.insert(member, Assembler::new(Limits::default()));
            member
        }

        fn say(&mut self, from: MemberId, request: Request) {
            let id = MessageId(7);
            let frame = ClientFrame::Request { id, request };
            let message = frame.encode(&ClientDialect::ours_direct());
            for packet in message.packets(1024) {
                self.hall.receive(from, &packet);
            }
        }

        /// What everybody is told, until nothing is left to tell.
        fn told(&mut self) -> Vec<(MemberId, ServerFrame)> {
            let mut frames = Vec::new();
            while let Some((member, told)) = self.hall.poll() {
                let Told::Packets(packets) = told else { panic!("{member:?} was sent away") };
                let assembler = self.assemblers.get_mut(&member).expect("it has joined");
                for packet in packets {
                    if let Some(message) = assembler.push(&packet).expect("we write packets") {
                        let frame = ServerFrame::decode(&message, &Limits::default())
                            .expect("we write frames");
                        frames.push((member, frame));
                    }
                }
            }
            frames
        }
    }

    fn guest(name: &str) -> Guest {
        Guest {
            participant_id: name.to_owned(),
            name: name.to_owned(),
            role: String::from("user"),
            attributes: JsonText::empty_object(),
        }
    }

    #[test]
    fn a_member_is_greeted_as_by_our_server() {
        let mut bench = Bench::new();
        let ada = bench.join("ada");

        let told = bench.told();

        assert!(told.iter().all(|(member, _)| *member == ada));
        let extensions = told.iter().find_map(|(_, frame)| {
            let ServerFrame::RoomReady { extensions, .. } = frame else { return None };
            extensions.clone()
        });
        let extensions = extensions.expect("our clients are told");
        assert!(extensions.raw_attachments);
        assert_eq!(extensions.resume, None);
    }

    #[test]
    fn a_message_arrives_in_packets() {
        let mut bench = Bench::new();
        let (ada, bob) = (bench.join("ada"), bench.join("bob"));
        bench.say(ada, Request::Enable);
        bench.say(bob, Request::Enable);
        bench.told();

        let attachment = Bytes::from(vec![5; 3000]);
        let outgoing = Outgoing {
            kind: String::from("chat"),
            message: JsonText::empty_object(),
            attachment: attachment.clone(),
        };
        bench.say(ada, Request::Send { to: ParticipantId::new("bob"), outgoing });

        let heard = bench.told().into_iter().find_map(|(member, frame)| {
            let ServerFrame::Message(Delivered { kind, attachment, .. }) = frame else {
                return None;
            };
            (member == bob).then_some((kind, attachment))
        });
        assert_eq!(heard, Some((String::from("chat"), attachment)));
    }

    #[test]
    fn who_breaks_the_protocol_is_told_and_has_left() {
        let mut bench = Bench::new();
        let ada = bench.join("ada");
        bench.told();

        bench.hall.receive(ada, b"nonsense");

        let (member, told) = bench.hall.poll().expect("it is told");
        assert_eq!(member, ada);
        assert!(matches!(told, Told::Over { code: 4001, .. }), "{told:?}");
        assert_eq!(bench.hall.poll(), None);
        bench.hall.receive(ada, b"nonsense");
        assert_eq!(bench.hall.poll(), None, "who has left is not heard");
    }

    #[test]
    fn an_id_is_there_once() {
        let mut bench = Bench::new();
        let ada = bench.join("ada");

        assert_eq!(bench.hall.join(guest("ada")), Err(JoinError::IdInUse));
        bench.hall.leave(ada);
        assert!(bench.hall.join(guest("ada")).is_ok());
    }
}
