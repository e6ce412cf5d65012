//! A client of ours in a room of another node: what its socket says goes over a line, and back.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message as WsMessage, WebSocket};
use futures_util::{
    FutureExt as _, SinkExt as _, StreamExt as _, future,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tracing::debug;

use crate::{
    cluster::lines::{LineEnd, LineReader, LineWriter},
    entrance::Entrant,
    seat::{CLOSE_GOING_AWAY, GRACE, WireError},
};

/// A line to the owner of a room, for a client that is about to be connected with it.
#[derive(Debug)]
pub(crate) struct Edge {
    /// `None` when it is used.
    line: Option<LineEnd>,
    /// After so much silence the line is lost.
    silence: Duration,
    /// Whether the client is new to the room, and not one that goes on.
    is_new: bool,
    is_ours: bool,
}

impl Edge {
    /// Before the owner has answered.
    pub(crate) fn new(line: LineEnd, entrant: &Entrant) -> Self {
        // Whoever comes back must not lose its seat.
        let is_new = entrant.comeback.is_none();
        let is_ours = entrant.client.traits.ours;
        Self { line: Some(line), silence: Duration::ZERO, is_new, is_ours }
    }

    /// The owner has said yes, and says something at least so often.
    pub(crate) fn accept(&mut self, heartbeat: Duration, is_new: bool) {
        self.silence = heartbeat.saturating_mul(2);
        self.is_new = is_new;
    }

    /// Carries what either side says, until the socket or the line is over. Then the socket is
    /// dropped: without a close before, that is a loss, after which the client should come back.
    pub(crate) async fn carry(mut self, socket: WebSocket, shutdown: watch::Receiver<bool>) {
        let Some(line) = self.line.take() else { return };
        let (sink, stream) = socket.split();
        let (reader, writer) = line.split();
        let is_leaving = AtomicBool::new(false);
        let down = Down {
            sink,
            shutdown,
            silence: self.silence,
            is_ours: self.is_ours,
            is_leaving: &is_leaving,
        };
        tokio::select! {
            result = down.carry(reader) => trace("to", result),
            result = up(stream, writer, &is_leaving) => trace("from", result),
        }
    }
}

/// The upgrade failed, or nobody waits for it: nobody will come.
impl Drop for Edge {
    fn drop(&mut self) {
        if let Some(line) = self.line.take().filter(|_| self.is_new) {
            line.call_off();
        }
    }
}

fn trace(direction: &str, result: Result<(), WireError>) {
    if let Err(error) = result {
        debug!(%error, direction, "a client's connection is lost");
    }
}

/// From the client to the owner. Does not return while the owner may still have something to say.
async fn up(
    mut stream: SplitStream<WebSocket>,
    mut writer: LineWriter,
    is_leaving: &AtomicBool,
) -> Result<(), WireError> {
    while let Some(message) = stream.next().await {
        let mut next = Some(message);
        // What is there already goes with it.
        while let Some(message) = next.take() {
            match message.map_err(WireError::from) {
                // The client answers this server, not the room.
                Ok(WsMessage::Close(_)) if is_leaving.load(Ordering::Relaxed) => return Ok(()),
                Ok(message) => writer.feed(message).await?,
                Err(error) => {
                    writer.fail(error).await?;
                    return future::pending().await;
                }
            }
            next = stream.next().now_or_never().flatten();
        }
        writer.flush().await?;
    }
    Ok(())
}

async fn begins(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the server is gone already.
    let _ = shutdown.wait_for(|down| *down).await;
}

/// From the owner to the client.
struct Down<'a> {
    sink: SplitSink<WebSocket, WsMessage>,
    shutdown: watch::Receiver<bool>,
    silence: Duration,
    is_ours: bool,
    is_leaving: &'a AtomicBool,
}

impl Down<'_> {
    async fn carry(mut self, mut reader: LineReader) -> Result<(), WireError> {
        let mut shutdown = self.shutdown.clone();
        loop {
            let read = tokio::select! {
                read = timeout(self.silence, reader.next()) => read,
                () = begins(&mut shutdown) => return self.leave().await,
            };
            let mut next = read.map_err(|_| WireError::Broken(String::from("silence")))?;
            if next.is_none() {
                return Ok(());
            }
            while let Some(message) = next.take() {
                self.sink.feed(message?).await?;
                next = reader.next().now_or_never().flatten();
            }
            self.sink.flush().await?;
        }
    }

    /// The server shuts down: our clients know what 1001 means, the others come back after a loss.
    async fn leave(mut self) -> Result<(), WireError> {
        if self.is_ours {
            self.is_leaving.store(true, Ordering::Relaxed);
            let reason = "server shutting down".into();
            let frame = CloseFrame { code: CLOSE_GOING_AWAY, reason };
            self.sink.send(WsMessage::Close(Some(frame))).await?;
            sleep(GRACE).await;
        }
        Ok(())
    }
}
