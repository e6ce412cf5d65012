//! Streams of both kinds between members at different nodes.

use bytes::Bytes;
use room_proto::{
    CallKey, Event, JsonText, StreamKey,
    session::{CallRead, Read, StreamMessage},
};

use crate::{
    guest::Guest,
    harness::{Server, outgoing},
    nats::Nats,
    nodes::{come_back, nodes},
    spread::added,
};

const CHUNK_BYTES: usize = 32 * 1024;
const CHUNKS: usize = 256;

#[tokio::test]
async fn a_slow_reader_makes_the_writer_wait_and_gets_every_byte() {
    let Some(nats) = Nats::start().await else { return };
    let [_, two, three] = nodes(&nats).await;
    let mut ann = Guest::join(&two, "lobby", "ann").await;
    let mut bob = Guest::join(&three, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;
    let (writer, reader) = open(&mut ann, &mut bob).await;

    // Nobody reads: the window is all that can be written.
    let mut written = 0;
    while ann.session.writable_bytes(writer).unwrap() > 0 {
        write(&mut ann, writer, written).await;
        written += 1;
        assert!(written < CHUNKS, "nothing makes the writer wait");
    }

    tokio::join!(write_rest(&mut ann, writer, written), read_all(&mut bob, reader, &two));
}

#[tokio::test]
async fn a_duplex_stream_goes_both_ways_between_nodes() {
    let Some(nats) = Nats::start().await else { return };
    let [_, two, three] = nodes(&nats).await;
    let mut ann = Guest::join(&two, "lobby", "ann").await;
    let mut bob = Guest::join(&three, "lobby", "bob").await;
    added(&mut ann, &bob.id()).await;
    let to = bob.id();

    let mine = ann
        .command(|session, now| session.open_call(now, &to, &outgoing("open", "{}", 0)))
        .await
        .unwrap();
    let is_requested = |event: &Event| matches!(event, Event::CallRequested { .. });
    let events = bob.until(is_requested).await;
    let Some(Event::CallRequested { call: yours, .. }) = events.last() else { panic!() };
    bob.command(|session, _| session.accept_call(*yours)).await.unwrap();
    ann.until(|event| matches!(event, Event::CallOpened { result: Ok(_), .. })).await;

    for size in [0, 10, 100_000, 2_000_000] {
        ann.command(|session, now| session.send_call(now, mine, &outgoing("there", "{}", size)))
            .await
            .unwrap();
        assert_eq!(next(&mut bob, *yours).await.attachment.len(), size);
        bob.command(|session, now| session.send_call(now, *yours, &outgoing("back", "{}", size)))
            .await
            .unwrap();
        assert_eq!(next(&mut ann, mine).await.attachment.len(), size);
    }
}

async fn open(ann: &mut Guest, bob: &mut Guest) -> (StreamKey, StreamKey) {
    let (to, header) = (bob.id(), JsonText::empty_object());
    let writer =
        ann.command(|session, now| session.open_stream(now, &to, "s1", header)).await.unwrap();
    let events = bob.until(|event| matches!(event, Event::StreamRequested { .. })).await;
    let Some(Event::StreamRequested { stream, .. }) = events.last() else { panic!() };
    let reader = *stream;
    bob.command(|session, now| session.accept_stream(now, reader)).await.unwrap();
    ann.until(|event| matches!(event, Event::StreamOpened { result: Ok(()), .. })).await;
    (writer, reader)
}

async fn write_rest(ann: &mut Guest, stream: StreamKey, written: usize) {
    for number in written..CHUNKS {
        if ann.session.writable_bytes(stream).unwrap() == 0 {
            ann.until(|event| *event == Event::StreamWritable(stream)).await;
        }
        write(ann, stream, number).await;
    }
    ann.command(|session, now| session.close_stream(now, stream).map(drop)).await.unwrap();
    ann.until(|event| matches!(event, Event::StreamClosed { result: Ok(()), .. })).await;
}

/// In the middle the connection is lost, and goes on over another node.
async fn read_all(bob: &mut Guest, stream: StreamKey, other: &Server) {
    let mut has_moved = false;
    let mut read = 0;
    loop {
        if read == CHUNKS / 2 && !has_moved {
            has_moved = true;
            bob.cut();
            let events = come_back(bob, other).await;
            assert!(matches!(events.last(), Some(Event::Resumed)), "{events:?}");
        }
        match bob.command(|session, now| Ok(session.read_stream(now, stream))).await.unwrap() {
            Read::Chunk { data, .. } => {
                assert_eq!(data, chunk(read), "chunk {read}");
                read += 1;
            }
            Read::Pending => {
                bob.until(|event| *event == Event::StreamReadable(stream)).await;
            }
            Read::End => return assert_eq!(read, CHUNKS),
            Read::Failed(error) => panic!("after {read} chunks: {error}"),
        }
    }
}

async fn write(ann: &mut Guest, stream: StreamKey, number: usize) {
    let header = JsonText::empty_object();
    let data = chunk(number);
    ann.command(|session, now| session.write_stream(now, stream, &header, data)).await.unwrap();
}

fn chunk(number: usize) -> Bytes {
    (0..CHUNK_BYTES).map(|index| (index * 31 + number * 17) as u8).collect()
}

async fn next(guest: &mut Guest, call: CallKey) -> StreamMessage {
    loop {
        let read = guest.command(|session, _| Ok(session.read_call(call))).await.unwrap();
        match read {
            CallRead::Message(message) => return message,
            CallRead::Pending => {
                guest.until(|event| *event == Event::CallReadable(call)).await;
            }
            end => panic!("a message is due, not {end:?}"),
        }
    }
}
