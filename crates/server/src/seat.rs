//! One member's connection: packets in, packets out, pings, and the end.
//!
//! Reading and writing are two futures of one task, so neither waits for the other and the two
//! halves of the wire never contend. What the wire is made of is in `seat/wire.rs`, and how a member
//! that can come back goes from one to the next in `seat/keeping.rs`.

mod keeping;
mod wire;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message as WsMessage};
use futures_util::future;
use room::{CLOSE_TOO_LARGE, CLOSE_VIOLATION, Place, Received, close_code};
use room_proto::{
    Batch, ClientFrame, Control, ServerFrame, Trace, Violation, batch, frame::FrameError,
};
use tokio::{
    sync::watch,
    time::{Instant, interval_at, sleep, sleep_until},
};
use tracing::{debug, warn};

use crate::{
    client::Client,
    metrics::{Incident, Level, Metrics, Total},
    outbox::{Ending, Next, Outbox},
    pacing::Pacing,
    rooms::{Membership, lock},
};

pub(crate) use self::{
    keeping::{Keep, Line, Seats, Turns},
    wire::{Reader, Wire, WireError, Writer},
};

/// A member's end of its connections, of which there is one at a time.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) membership: Membership,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) client: Client,
    /// Where the two directions stand.
    pub(crate) place: Mutex<Place>,
    /// What else is to be sent: it is not the room's, and not counted.
    pub(crate) controls: Mutex<Vec<Bytes>>,
    /// How the member can come back, if it can.
    pub(crate) keep: Option<Keep>,
    pub(crate) turns: Turns,
    /// 0 is no limit.
    pub(crate) max_messages_per_second: u32,
    pub(crate) heartbeat: Duration,
    pub(crate) metrics: Arc<Metrics>,
    /// Becomes true when the server shuts down.
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// What a member says to the room, and the trace that it belongs to.
type Spoken = (Result<ClientFrame, FrameError>, Option<Trace>);

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Over {
    /// The member has left, or was made to.
    Left,
    /// The connection broke.
    Lost,
}

impl Seat {
    /// Serves the line until it is over. `first` is sent before anything else.
    async fn occupy(&self, line: Line, first: Vec<Bytes>) -> Over {
        let _connected = line.wire.is_here().then(|| self.metrics.hold(Level::Connections));
        let (reader, writer) = line.wire.split();
        lock(&self.controls).clear();
        // Only who comes back is told something first.
        let is_back = !first.is_empty();
        tokio::select! {
            () = self.read(reader, is_back) => {}
            () = self.keep_writing(writer, first) => {}
            () = self.overdue() => {}
            () = self.expire(line.expiry) => {}
            () = self.shut_down() => {}
        }
        if self.outbox.has_ended() || self.keep.is_none() { Over::Left } else { Over::Lost }
    }

    /// Takes in what the client sends until it is gone.
    async fn read(&self, mut reader: Reader, is_back: bool) {
        let mut is_silent = is_back;
        let silence = self.heartbeat.saturating_mul(2);
        let metrics = Arc::clone(&self.metrics);
        let mut pacing = Pacing::new(self.max_messages_per_second, metrics);
        let mut heard = Instant::now();
        let mut alarm = std::pin::pin!(sleep_until(heard + silence));

        loop {
            let received = tokio::select! {
                received = reader.next() => received,
                () = &mut alarm => {
                    // Setting the alarm with every message would cost more than this.
                    if heard + silence > Instant::now() {
                        alarm.as_mut().reset(heard + silence);
                        continue;
                    }
                    // Without a close: whoever is there after all should come back.
                    return self.record(Incident::Idle, "");
                }
            };
            match received {
                Some(Ok(message)) => {
                    let pause = self.on_message(&mut pacing, message, &mut is_silent);
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                }
                Some(Err(error)) => return self.on_read_error(error).await,
                None => return,
            }
            heard = Instant::now();
        }
    }

    /// Gives how long to read no more.
    fn on_message(
        &self,
        pacing: &mut Pacing,
        message: WsMessage,
        is_silent: &mut bool,
    ) -> Duration {
        match message {
            WsMessage::Binary(packet) => {
                *is_silent = false;
                if !self.outbox.has_ended() {
                    return self.on_packets(pacing, &packet);
                }
            }
            WsMessage::Text(_) => {
                self.end_with_violation(CLOSE_VIOLATION, "text messages are not in the protocol");
            }
            // The WebSocket answers it, and then the stream ends.
            WsMessage::Close(frame) => {
                if self.keep.is_none() || is_goodbye(frame.as_ref(), *is_silent) {
                    self.outbox.abandon(Ending::Gone);
                    self.membership.end(Ending::Gone);
                }
            }
            WsMessage::Ping(_) | WsMessage::Pong(_) => {}
        }
        Duration::ZERO
    }

    /// The packets of one message; gives the longest pause that they ask for.
    fn on_packets(&self, pacing: &mut Pacing, message: &Bytes) -> Duration {
        let (frames, read) = self.read_packets(message);
        self.metrics.tally(Total::BytesReceived, message.len() as u64);
        self.metrics.tally(Total::MessagesReceived, frames.len() as u64);
        let mut pause = Duration::ZERO;
        for (frame, trace) in frames {
            pause = pause.max(pacing.handle(&self.membership, frame, trace));
        }
        if let Err(error) = read {
            self.end_with_violation(close_code(&error), &error.to_string());
        }
        let acknowledgement = lock(&self.place).acknowledge(false);
        if let Some(acknowledgement) = acknowledgement {
            self.say(acknowledgement);
        }
        pause
    }

    /// What is for the room in one message, up to what cannot be read. The lock is gone before the room
    /// is asked.
    fn read_packets(&self, message: &Bytes) -> (Vec<Spoken>, Result<(), Violation>) {
        let mut frames = Vec::new();
        let mut place = lock(&self.place);
        for packet in batch::packets(message) {
            match place.receive(message, packet) {
                Ok(Received { frame, reply, trace }) => {
                    reply.into_iter().for_each(|reply| self.say(reply));
                    frames.extend(frame.map(|frame| (frame, trace)));
                }
                Err(error) => return (frames, Err(error)),
            }
        }
        (frames, Ok(()))
    }

    /// Sends what is not the room's.
    fn say(&self, control: Bytes) {
        lock(&self.controls).push(control);
        self.outbox.wake();
    }

    fn end_with_violation(&self, code: u16, reason: &str) {
        if self.outbox.has_ended() {
            return;
        }
        let incident = match code {
            CLOSE_TOO_LARGE => Incident::MessageTooLarge,
            _ => Incident::ProtocolViolation,
        };
        self.record(incident, reason);
        self.membership.end(Ending::close(code, reason));
    }

    /// Logs and counts that the member is disconnected. `detail` has nothing of what was sent.
    fn record(&self, incident: Incident, detail: &str) {
        self.metrics.add(incident);
        let (room, participant) = (self.membership.room_name(), self.membership.participant());
        warn!(%room, %participant, reason = incident.reason(), detail, "disconnecting a member");
    }

    /// After an error nothing more can be read, but a close can be sent.
    async fn on_read_error(&self, error: WireError) {
        match error {
            WireError::TooLarge(text) => self.end_with_violation(CLOSE_TOO_LARGE, &text),
            WireError::Violation(text) => self.end_with_violation(CLOSE_VIOLATION, &text),
            WireError::Broken(error) => {
                debug!(participant = %self.membership.participant(), error, "reading failed");
                return;
            }
        }
        // What is unread makes the system reset the connection. Let the close arrive first.
        sleep(LINGER).await;
    }

    /// Does not return if all was sent: the client's answer to the last thing ends the reading, and
    /// so the connection. Only who is moved is not waited for any longer than it takes.
    async fn keep_writing(&self, writer: Writer, first: Vec<Bytes>) {
        if let Err(error) = self.write(writer, first).await {
            debug!(participant = %self.membership.participant(), %error, "writing failed");
            if self.keep.is_some() {
                return;
            }
            self.outbox.abandon(Ending::Gone);
        } else if self.outbox.has_moved() {
            // For ours to answer the close, and for the rest to arrive at others: what is unread makes
            // the system reset the connection.
            return sleep(if self.client.traits.ours { GRACE } else { LINGER }).await;
        }
        future::pending().await
    }

    /// Sends what the room has for the client, until the outbox ends.
    ///
    /// Fills the wire's buffer as long as there is something, then flushes.
    async fn write(&self, writer: Writer, first: Vec<Bytes>) -> Result<(), WireError> {
        let mut pings = interval_at(Instant::now() + self.heartbeat, self.heartbeat);
        let mut packer = Packer::new(writer, self.client.traits.ours, Arc::clone(&self.metrics));
        for packet in first {
            packer.feed(packet).await?;
        }
        // When what can wait has waited long enough.
        let mut later: Option<Instant> = None;
        loop {
            let controls = std::mem::take(&mut *lock(&self.controls));
            for control in controls {
                packer.feed(control).await?;
            }
            let is_patient = later.is_none_or(|later| later > Instant::now());
            match self.outbox.poll(is_patient) {
                Next::Frames(frames) => {
                    later = None;
                    self.metrics.tally(Total::MessagesSent, frames.len() as u64);
                    for packet in self.encode(frames) {
                        packer.feed(packet).await?;
                    }
                }
                next @ (Next::Nothing | Next::Later) => {
                    packer.flush(&self.place).await?;
                    later = (next == Next::Later)
                        .then(|| later.unwrap_or_else(|| Instant::now() + PATIENCE));
                    tokio::select! {
                        () = self.outbox.filled() => {}
                        () = moment(later) => {}
                        _ = pings.tick() => self.ping(&mut packer).await?,
                    }
                    continue;
                }
                Next::End(Ending::Close { code, reason }) => {
                    packer.flush(&self.place).await?;
                    return packer.close(code, &reason).await;
                }
                // Official clients come back after a connection that was lost, but not after a
                // close; ours knows what 1001 means.
                Next::End(Ending::Moved) => {
                    packer.flush(&self.place).await?;
                    return if self.client.traits.ours {
                        packer.close(CLOSE_GOING_AWAY, "server shutting down").await
                    } else {
                        Ok(())
                    };
                }
                Next::End(Ending::Gone | Ending::Cut) => return Ok(()),
            }
            // A member that only listens must be pinged too, however much there is to hear.
            if future::poll_immediate(pings.tick()).await.is_some() {
                self.ping(&mut packer).await?;
            }
        }
    }

    /// The packets of all of them. The lock is gone before any is sent.
    fn encode(&self, frames: VecDeque<Arc<ServerFrame>>) -> Vec<Bytes> {
        lock(&self.place).encode_run(frames)
    }

    /// Asks whether the member is there. A page cannot see that, so ours are told that we are.
    async fn ping(&self, packer: &mut Packer) -> Result<(), WireError> {
        if self.keep.is_some() {
            packer.feed(Control::Pong.encode()).await?;
        }
        packer.writer.feed(WsMessage::Ping(Bytes::new())).await
    }

    /// Waits until the end has been due for too long.
    async fn overdue(&self) {
        self.outbox.ended().await;
        if self.outbox.has_moved() {
            // Who is slow has until the end for the rest.
            self.is_down().await;
        }
        if !self.outbox.is_cut() {
            sleep(GRACE).await;
        }
    }

    /// Waits until the token has expired with which the connection was made. There is no close:
    /// whoever has another token should come back.
    async fn expire(&self, expiry: Option<Instant>) {
        moment(expiry).await;
        self.record(Incident::TokenExpired, "");
    }

    /// Waits for the server's end. What is queued then is still sent.
    async fn shut_down(&self) {
        self.is_down().await;
        self.membership.end(Ending::Moved);
        future::pending().await
    }

    async fn is_down(&self) {
        let mut shutdown = self.shutdown.clone();
        // An error means that the server is gone already.
        let _ = shutdown.wait_for(|down| *down).await;
    }
}

/// Puts packets together where the client can read that, and fills the wire's buffer with them.
struct Packer {
    writer: Writer,
    batch: Option<Batch>,
    metrics: Arc<Metrics>,
}

impl Packer {
    fn new(writer: Writer, batches: bool, metrics: Arc<Metrics>) -> Self {
        Self { writer, batch: batches.then(Batch::default), metrics }
    }

    async fn feed(&mut self, packet: Bytes) -> Result<(), WireError> {
        let Some(batch) = &mut self.batch else { return self.feed_message(packet).await };
        for message in batch.add(packet) {
            self.feed_message(message).await?;
        }
        Ok(())
    }

    async fn feed_batch(&mut self) -> Result<(), WireError> {
        match self.batch.as_mut().and_then(Batch::take) {
            Some(message) => self.feed_message(message).await,
            None => Ok(()),
        }
    }

    async fn feed_message(&mut self, message: Bytes) -> Result<(), WireError> {
        self.metrics.tally(Total::BytesSent, message.len() as u64);
        self.writer.feed(WsMessage::Binary(message)).await
    }

    async fn close(&mut self, code: u16, reason: &str) -> Result<(), WireError> {
        let frame = CloseFrame { code, reason: reason.into() };
        self.writer.send(WsMessage::Close(Some(frame))).await
    }

    /// What is owed to the client goes with it.
    async fn flush(&mut self, place: &Mutex<Place>) -> Result<(), WireError> {
        if let Some(batch) = self.batch.as_mut().filter(|batch| !batch.is_empty()) {
            let acknowledgement = lock(place).acknowledge(true);
            acknowledgement.into_iter().for_each(|packet| batch.push(packet));
        }
        self.feed_batch().await?;
        self.writer.flush().await
    }
}

/// Waits for the moment, if there is one.
async fn moment(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => future::pending().await,
    }
}

/// Whether a close says that the client does not come back.
///
/// Browsers say "going away" for pages that are closed, and for sockets that a page gave up before
/// they were open: of a client that came back and was silent, it means the latter.
fn is_goodbye(frame: Option<&CloseFrame>, is_silent: bool) -> bool {
    frame.is_some_and(|frame| match frame.code {
        CLOSE_NORMAL => true,
        CLOSE_GOING_AWAY => !is_silent,
        _ => false,
    })
}

const CLOSE_NORMAL: u16 = 1000;
pub(crate) const CLOSE_GOING_AWAY: u16 = 1001;

/// How long an answer waits for which nobody waits.
const PATIENCE: Duration = Duration::from_millis(10);

/// How long the end of a connection may take.
pub(crate) const GRACE: Duration = Duration::from_secs(3);
const LINGER: Duration = Duration::from_secs(1);
