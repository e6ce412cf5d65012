//! Passes every binary message on to everybody else at the same address, and does nothing else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

/// How many messages wait for a slow receiver before its senders wait.
const QUEUE: usize = 256;

type Rooms = Arc<Mutex<HashMap<String, Vec<(u64, Sender<Bytes>)>>>>;

/// Serves until the process ends.
pub(crate) async fn serve(listener: TcpListener) {
    let rooms = Rooms::default();
    let mut id = 0;
    while let Ok((stream, _)) = listener.accept().await {
        id += 1;
        // A connection that fails is its client's trouble.
        drop(tokio::spawn(member(stream, id, Arc::clone(&rooms))));
    }
}

async fn member(stream: TcpStream, id: u64, rooms: Rooms) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut name = String::new();
    #[expect(clippy::result_large_err, reason = "tungstenite wants it so")]
    let note = |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut name);
        Ok(response)
    };
    let (sink, mut source) = accept_hdr_async(stream, note).await.ok()?.split();
    let (sender, receiver) = channel(QUEUE);
    change(&rooms, &name, |members| members.push((id, sender)));
    tokio::spawn(write(receiver, sink));

    while let Some(Ok(message)) = source.next().await {
        if let Message::Binary(bytes) = message {
            for other in others(&rooms, &name, id) {
                // Who is gone needs nothing.
                let _ = other.send(bytes.clone()).await;
            }
        }
    }
    change(&rooms, &name, |members| members.retain(|(member, _)| *member != id));
    Some(())
}

/// Writes all that waits before it flushes.
async fn write(
    mut receiver: Receiver<Bytes>,
    mut sink: SplitSink<WebSocketStream<TcpStream>, Message>,
) -> Option<()> {
    while let Some(bytes) = receiver.recv().await {
        sink.feed(Message::Binary(bytes)).await.ok()?;
        while let Ok(bytes) = receiver.try_recv() {
            sink.feed(Message::Binary(bytes)).await.ok()?;
        }
        sink.flush().await.ok()?;
    }
    Some(())
}

fn change(rooms: &Rooms, name: &str, act: impl FnOnce(&mut Vec<(u64, Sender<Bytes>)>)) {
    let mut rooms = rooms.lock().unwrap_or_else(PoisonError::into_inner);
    act(rooms.entry(name.to_owned()).or_default());
}

fn others(rooms: &Rooms, name: &str, id: u64) -> Vec<Sender<Bytes>> {
    let rooms = rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let members = rooms.get(name).into_iter().flatten();
    members.filter(|(member, _)| *member != id).map(|(_, sender)| sender.clone()).collect()
}
