//! What the servers carry between two native clients, which write what was encoded before and count
//! what they get: `room-bench --native`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use room_proto::{
    Assembler, Batch, ClientFrame, Delivered, JsonText, Limits, MessageId, Outgoing, ParticipantId,
    Request, ServerFrame, batch,
    frame::{ClientDialect, system},
    packet::Packet,
};
use room_server::{NewToken, RoomName, Secret};
use tokio::{net::TcpStream, sync::Semaphore};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

const ROUNDS: usize = 3;
/// How many messages one run carries, and what is beside their 100 bytes.
const RUNS: [(&str, usize, usize); 2] = [("100 B", 500_000, 0), ("64 KiB", 20_000, 64 * 1024)];
/// How much may be under way.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;
const TEXT_BYTES: usize = 100;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Carries both sizes through the room server and the relay, in turns, and prints how fast.
pub(crate) async fn run(rooms: u16, relay: u16, secret: &Secret) -> anyhow::Result<()> {
    for round in 1..=ROUNDS {
        for (name, count, attachment) in RUNS {
            let room = through_room(rooms, secret, count, attachment).await?;
            let relay = through_relay(relay, round, count, attachment).await?;
            for (way, took) in [("room", room), ("relay", relay)] {
                let rate = count as f64 / took.as_secs_f64();
                let bytes = rate * (TEXT_BYTES + attachment) as f64;
                println!("{round}, {name}, {way}: {rate:.0} messages/s, {:.0} MB/s", bytes / 1e6);
            }
        }
    }
    Ok(())
}

/// Acknowledged messages in batches, as our client sends them.
async fn through_room(
    port: u16,
    secret: &Secret,
    count: usize,
    attachment: usize,
) -> anyhow::Result<Duration> {
    let (from, _) = join(port, secret).await?;
    let (to, id) = join(port, secret).await?;
    let frame = ClientFrame::Request {
        id: MessageId(7),
        request: Request::Send { to: id, outgoing: outgoing(attachment)? },
    };
    let mut batch = Batch::default();
    let mut each = 0;
    while !batch.is_full() && each < count {
        let message = frame.encode(&ClientDialect::ours_direct());
        message.packets(usize::MAX).into_iter().for_each(|packet| batch.push(packet));
        each += 1;
    }
    let message = batch.take().context("there is something in it")?;
    carry(from, to, (message, each), count, messages_in).await
}

/// One WebSocket message for each, and nothing said back.
async fn through_relay(
    port: u16,
    round: usize,
    count: usize,
    attachment: usize,
) -> anyhow::Result<Duration> {
    let url = format!("ws://127.0.0.1:{port}/native-{round}-{attachment}");
    let (from, _) = connect_async(&url).await?;
    let (to, _) = connect_async(&url).await?;
    let message = Bytes::from(vec![7; TEXT_BYTES + attachment]);
    carry(from, to, (message, 1), count, |_| 1).await
}

/// Sends one WebSocket message, in which there are some, until there were so many; and counts them.
async fn carry(
    from: Socket,
    mut to: Socket,
    (message, each): (Bytes, usize),
    count: usize,
    count_in: impl Fn(&Bytes) -> usize,
) -> anyhow::Result<Duration> {
    let (mut sink, mut stream) = from.split();
    // What is said to the sender has to go somewhere.
    let heard = tokio::spawn(async move { while let Some(Ok(_)) = stream.next().await {} });
    let places = (WINDOW_BYTES / message.len()).clamp(1, 1024);
    let window = Arc::new(Semaphore::new(places));
    let begin = Instant::now();
    let sender = {
        let (window, message) = (Arc::clone(&window), message.clone());
        tokio::spawn(async move {
            let mut sent = 0;
            while sent < count {
                match window.try_acquire() {
                    Ok(place) => place.forget(),
                    Err(_) => {
                        sink.flush().await?;
                        window.acquire().await?.forget();
                    }
                }
                sink.feed(Message::Binary(message.clone())).await?;
                sent += each;
            }
            sink.flush().await?;
            anyhow::Ok(sink)
        })
    };

    let (mut received, mut given) = (0, 0);
    while received < count {
        if let Message::Binary(bytes) = to.next().await.context("the receiver is gone")?? {
            received += count_in(&bytes);
            // The server puts messages together in its own way.
            let whole = received / each;
            window.add_permits(whole - given);
            given = whole;
        }
    }
    let took = begin.elapsed();
    drop(sender.await??);
    heard.abort();
    Ok(took)
}

fn messages_in(message: &Bytes) -> usize {
    let is_body = |packet: &&[u8]| match Packet::decode(packet) {
        Ok(Packet::Data { id, .. }) => id.0 != u64::MAX,
        Ok(Packet::First { .. }) | Err(_) => false,
    };
    batch::packets(message).filter(is_body).count()
}

/// A member with messaging enabled, which has heard all that it is told at first.
async fn join(port: u16, secret: &Secret) -> anyhow::Result<(Socket, ParticipantId)> {
    let room = RoomName::new("native")?;
    let token = NewToken { room: &room, name: "native", role: "user", expires_in: None };
    let token = token.sign(secret);
    let query = format!("room-messaging=1&resume=new&token={token}");
    let (mut socket, _) =
        connect_async(format!("ws://127.0.0.1:{port}/rooms/native?{query}")).await?;
    let enable = ClientFrame::Request { id: MessageId(1), request: Request::Enable };
    for packet in enable.encode(&ClientDialect::ours_direct()).packets(usize::MAX) {
        socket.send(Message::Binary(packet)).await?;
    }

    let mut assembler = Assembler::new(Limits::default());
    let mut own = None;
    loop {
        let message = socket.next().await.context("the server is gone")??;
        let Message::Binary(bytes) = message else { continue };
        for packet in batch::packets(&bytes) {
            let Some(message) = assembler.push(&bytes, packet)? else { continue };
            let frame = ServerFrame::decode(&message, &Limits::default())?;
            if let ServerFrame::Connected { participant_id, .. } = frame {
                own = Some(participant_id);
            } else if let ServerFrame::Message(Delivered { kind, .. }) = frame
                && kind == system::ENABLED
            {
                return Ok((socket, own.context("it was not greeted")?));
            }
        }
    }
}

fn outgoing(attachment: usize) -> anyhow::Result<Outgoing> {
    let text = "x".repeat(TEXT_BYTES - r#"{"text":""}"#.len());
    Ok(Outgoing {
        kind: String::from("chat"),
        message: JsonText::object(&format!(r#"{{"text":"{text}"}}"#))?,
        attachment: Bytes::from(vec![7; attachment]),
    })
}
