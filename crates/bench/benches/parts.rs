//! `cargo bench -p room-bench`: what the parts of a message's way cost, each alone and without a socket.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use room::{
    Grants, Joining, Manner, MemberId, Output, Place, Room, RoomConfig, RoomLimits, Traits,
};
use room_proto::{
    Assembler, Batch, ClientFrame, Delivered, Extensions, JsonText, Limits, MessageId, Outgoing,
    ParticipantId, Request, ServerFrame, batch, body::BodyForm, frame::ClientDialect,
};

/// A message of 100 bytes of JSON, and a piece of a file.
const SIZES: [(&str, usize); 2] = [("100 B", 0), ("64 KiB", 64 * 1024)];

fn outgoing(attachment: usize) -> Outgoing {
    let text = "x".repeat(100 - r#"{"text":""}"#.len());
    Outgoing {
        kind: String::from("chat"),
        message: JsonText::object(&format!(r#"{{"text":"{text}"}}"#)).expect("an object"),
        attachment: Bytes::from(vec![7; attachment]),
    }
}

fn request(attachment: usize) -> ClientFrame {
    let to = ParticipantId::new("b");
    let request = Request::Send { to, outgoing: outgoing(attachment) };
    ClientFrame::Request { id: MessageId(7), request }
}

fn delivered(attachment: usize) -> ServerFrame {
    let Outgoing { kind, message, attachment } = outgoing(attachment);
    ServerFrame::Message(Delivered {
        from: ParticipantId::new("a"),
        kind,
        message,
        attachment,
        trace: None,
    })
}

/// The client's words for our server, and for others.
fn dialects() -> [(&'static str, ClientDialect); 2] {
    [("direct", ClientDialect::ours_direct()), ("tool call", ClientDialect::ours_toolkit())]
}

fn encode(criterion: &mut Criterion) {
    for (size, attachment) in SIZES {
        let mut group = criterion.benchmark_group(format!("encode, {size}"));
        group.throughput(Throughput::Bytes(100 + attachment as u64));
        for (name, dialect) in dialects() {
            let frame = request(attachment);
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    frame.encode(&dialect).packets(usize::MAX).into_iter().for_each(drop_packet)
                });
            });
        }
        let frame = delivered(attachment);
        group.bench_function("delivered", |bencher| {
            bencher.iter(|| {
                let message = frame.encode(MessageId(7), BodyForm::Packed);
                message.packets(usize::MAX).into_iter().for_each(drop_packet);
            });
        });
    }
}

fn drop_packet(packet: Bytes) {
    drop(black_box(packet));
}

fn decode(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (size, attachment) in SIZES {
        let mut group = criterion.benchmark_group(format!("decode, {size}"));
        group.throughput(Throughput::Bytes(100 + attachment as u64));
        for (name, dialect) in dialects() {
            let packets: Vec<_> = request(attachment).encode(&dialect).packets(usize::MAX);
            group.bench_function(name, |bencher| {
                let mut assembler = Assembler::new(limits);
                bencher.iter(|| {
                    let messages = packets.iter().filter_map(|packet| {
                        assembler.push(packet, packet).expect("these are packets")
                    });
                    messages.for_each(|message| {
                        black_box(ClientFrame::decode(&message, &limits).expect("a frame"));
                    });
                });
            });
        }
        let message = delivered(attachment).encode(MessageId(7), BodyForm::Packed);
        let packets: Vec<_> = message.packets(usize::MAX);
        group.bench_function("delivered", |bencher| {
            let mut assembler = Assembler::new(limits);
            bencher.iter(|| {
                for packet in &packets {
                    let message = assembler.push(packet, packet).expect("these are packets");
                    black_box(message.map(|message| ServerFrame::decode(&message, &limits)));
                }
            });
        });
    }
}

/// Everything that the server does with a message but sockets and locks.
fn route(criterion: &mut Criterion) {
    for (size, attachment) in SIZES {
        let mut group = criterion.benchmark_group(format!("route, {size}"));
        let frame = request(attachment);
        let encoded = frame.encode(&ClientDialect::ours_direct());
        // As they come from a page that sends many at once.
        let mut batch = Batch::default();
        let mut count = 0;
        while !batch.is_full() {
            encoded.packets(usize::MAX).into_iter().for_each(|packet| batch.push(packet));
            count += 1;
        }
        let message = batch.take().expect("there is something in it");
        group.throughput(Throughput::Elements(count));
        group.bench_function("one to one, of a batch", |bencher| {
            let mut server = Server::new(2);
            bencher.iter(|| server.receive(&message));
        });
    }

    let mut group = criterion.benchmark_group("route, 100 B");
    group.throughput(Throughput::Elements(50));
    let request = Request::Broadcast { outgoing: outgoing(0) };
    let frame = ClientFrame::Request { id: MessageId(7), request };
    let message = frame.encode(&ClientDialect::ours_direct());
    group.bench_function("one to 50", |bencher| {
        let mut server = Server::new(51);
        bencher.iter(|| {
            for packet in message.packets(usize::MAX) {
                server.receive(&packet);
            }
        });
    });
}

/// A room with members, of whom the first talks.
struct Server {
    room: Room,
    places: Vec<(MemberId, Place, Batch)>,
}

impl Server {
    fn new(members: usize) -> Self {
        let extensions = Extensions {
            version: Extensions::VERSION,
            raw_attachments: true,
            batches: true,
            enabled: false,
            max_packet_bytes: None,
            max_message_bytes: None,
            max_attribute_bytes: None,
            resume: None,
        };
        let mut room = Room::new(RoomConfig {
            name: String::from("bench"),
            url: String::new(),
            session_id: String::new(),
            extensions,
            limits: RoomLimits::default(),
        });
        let mut places = Vec::new();
        for number in 0..members {
            let name =
                ["a", "b"].get(number).map_or_else(|| number.to_string(), ToString::to_string);
            let member = room.join(joining(&name)).expect("there is a place");
            let enable = ClientFrame::Request { id: MessageId(0), request: Request::Enable };
            room.handle(member, Ok(enable));
            let manner = Manner {
                handshake: BodyForm::Packed,
                packet_bytes: usize::MAX,
                limits: Limits::default(),
                joins_answers: true,
                batches: true,
                kept_bytes: Some(16 * 1024 * 1024),
            };
            places.push((member, Place::new(manner), Batch::default()));
        }
        let mut server = Self { room, places };
        server.deliver();
        server
    }

    fn receive(&mut self, message: &Bytes) {
        for packet in batch::packets(message) {
            let (member, place, _) = &mut self.places[0];
            let frame = place.receive(message, packet).expect("these are packets").frame;
            if let Some(frame) = frame {
                self.room.handle(*member, frame);
            }
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some(output) = self.room.poll_output() {
            let Output::Deliver { to, frame, .. } = output else { panic!("{output:?}") };
            let find = |(member, _, _): &&mut (MemberId, Place, Batch)| *member == to;
            let (_, place, batch) = self.places.iter_mut().find(find).expect("it is a member");
            for packet in place.encode(&frame) {
                batch.push(packet);
                if batch.is_full() {
                    black_box(batch.take());
                }
            }
        }
        for (_, place, batch) in &mut self.places {
            black_box(place.acknowledge(true));
            black_box(batch.take());
        }
    }
}

fn joining(name: &str) -> Joining {
    Joining {
        participant_id: ParticipantId::new(name),
        name: name.to_owned(),
        role: String::from("user"),
        attributes: JsonText::empty_object(),
        grants: Grants::ALL,
        traits: Traits { duplex: true, merges_lists: false, ours: true },
        resume: None,
        enables: false,
    }
}

criterion_group!(parts, encode, decode, route);
criterion_main!(parts);
