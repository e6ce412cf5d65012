//! The lines that end at this node. At both ends a line looks like a WebSocket.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_nats::Subject;
use axum::extract::ws::{CloseFrame, Message as WsMessage};
use bytes::Bytes;
use room_cluster::{Failure, Frame, Item, Line, LineId, NodeId, PART_BYTES, Parcel};
use tokio::sync::{Notify, mpsc};
use tracing::debug;

use crate::{rooms::lock, seat::WireError};

/// All lines of this node, by name.
#[derive(Debug)]
pub(crate) struct Lines {
    by_id: Mutex<HashMap<LineId, Entry>>,
    outgoing: Outgoing,
    max_message_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    peer: NodeId,
    /// The number of the peer's connection, as soon as it is known.
    connection: Option<u64>,
    shared: Arc<Shared>,
}

/// What is to be published, in order. Bounded by what the lines may have under way.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing(pub(crate) mpsc::UnboundedSender<(Subject, Bytes)>);

impl Outgoing {
    pub(crate) fn publish(&self, subject: Subject, bytes: Bytes) {
        // After the end nobody takes it, and nobody misses it.
        let _ = self.0.send((subject, bytes));
    }
}

/// What both halves of an end, and whoever hands out what comes, have together.
#[derive(Debug)]
struct Shared {
    id: LineId,
    to: Subject,
    outgoing: Outgoing,
    state: Mutex<State>,
    /// It may be possible to send more.
    moved: Notify,
}

#[derive(Debug)]
struct State {
    line: Line,
    /// `None` when the line is over.
    inbox: Option<mpsc::UnboundedSender<Item>>,
}

impl Lines {
    /// No lines yet.
    pub(crate) fn new(outgoing: Outgoing, max_message_bytes: usize) -> Self {
        Self { by_id: Mutex::default(), outgoing, max_message_bytes }
    }

    /// Makes an end of a line to a peer, which listens there.
    pub(crate) fn open(
        self: &Arc<Self>,
        id: LineId,
        peer: NodeId,
        connection: Option<u64>,
        to: Subject,
    ) -> LineEnd {
        let (inbox, items) = mpsc::unbounded_channel();
        let line = Line::new(id, self.max_message_bytes);
        let state = Mutex::new(State { line, inbox: Some(inbox) });
        let outgoing = self.outgoing.clone();
        let shared = Arc::new(Shared { id, to, outgoing, state, moved: Notify::new() });
        let entry = Entry { peer, connection, shared: Arc::clone(&shared) };
        lock(&self.by_id).insert(id, entry);
        let held = Arc::new(Held { shared, lines: Arc::clone(self) });
        LineEnd {
            reader: LineReader { items, passing: 0, held: Arc::clone(&held) },
            writer: LineWriter { waiting: Vec::new(), cost: 0, held },
        }
    }

    /// The peer has said over which of its connections the line goes.
    pub(crate) fn set_connection(&self, id: LineId, connection: u64) {
        if let Some(entry) = lock(&self.by_id).get_mut(&id) {
            entry.connection = Some(connection);
        }
    }

    /// A parcel came.
    pub(crate) fn receive(&self, bytes: &Bytes) {
        let id = match Parcel::line_of(bytes) {
            Ok(id) => id,
            Err(error) => return debug!(%error, "ignoring what is no parcel"),
        };
        let shared = lock(&self.by_id).get(&id).map(|entry| Arc::clone(&entry.shared));
        if let Some(shared) = shared {
            shared.receive(bytes);
        }
    }

    /// The lines to a peer over its earlier connections are lost, or with `None` all to it.
    pub(crate) fn lose_peer(&self, peer: NodeId, before: Option<u64>) {
        self.lose(|entry| {
            let is_earlier = before.is_none_or(|now| entry.connection.is_some_and(|at| at < now));
            entry.peer == peer && is_earlier
        });
    }

    /// All lines are lost.
    pub(crate) fn lose_all(&self) {
        self.lose(|_| true);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.by_id).len()
    }

    fn lose(&self, which: impl Fn(&Entry) -> bool) {
        let lost: Vec<_> =
            lock(&self.by_id).extract_if(|_, entry| which(entry)).map(|(_, entry)| entry).collect();
        for entry in lost {
            entry.shared.end(false);
        }
    }
}

impl Shared {
    fn receive(&self, bytes: &Bytes) {
        let mut state = lock(&self.state);
        let State { line, inbox: Some(inbox) } = &mut *state else { return };
        let is_over = match line.receive(bytes) {
            Ok(received) => {
                if let Some(reply) = received.reply {
                    self.outgoing.publish(self.to.clone(), reply);
                }
                let mut is_over = false;
                for item in received.items {
                    is_over |= item.frame == Frame::End;
                    // Whoever reads no more is about to end the line.
                    let _ = inbox.send(item);
                }
                is_over
            }
            Err(error) => {
                debug!(line = %self.id, %error, "a line is lost");
                let parcel = line.pack(vec![Frame::End]);
                self.outgoing.publish(self.to.clone(), parcel);
                true
            }
        };
        if is_over {
            state.inbox = None;
        }
        drop(state);
        self.moved.notify_one();
    }

    /// Ends the line, and tells the other end if it wants to know.
    fn end(&self, tells: bool) {
        let mut state = lock(&self.state);
        if state.inbox.take().is_some() && tells {
            let parcel = state.line.pack(vec![Frame::End]);
            self.outgoing.publish(self.to.clone(), parcel);
        }
        drop(state);
        self.moved.notify_one();
    }

    fn pass_on(&self, cost: u64) {
        let mut state = lock(&self.state);
        let reply = state.line.pass_on(cost);
        if let Some(reply) = reply.filter(|_| state.inbox.is_some()) {
            self.outgoing.publish(self.to.clone(), reply);
        }
    }

    /// Sends the frames if that is possible now; takes them then.
    fn try_send(&self, frames: &mut Vec<Frame>, cost: u64) -> Result<bool, WireError> {
        let mut state = lock(&self.state);
        if state.inbox.is_none() {
            return Err(WireError::Broken(String::from("the line is over")));
        }
        if !state.line.may_send(cost) {
            return Ok(false);
        }
        let parcel = state.line.pack(std::mem::take(frames));
        // Under the lock, so that parcels leave in the order of their numbers.
        self.outgoing.publish(self.to.clone(), parcel);
        Ok(true)
    }
}

/// The line is over when both halves of its end are gone.
#[derive(Debug)]
struct Held {
    shared: Arc<Shared>,
    lines: Arc<Lines>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.end(true);
        lock(&self.lines.by_id).remove(&self.shared.id);
    }
}

/// An end of a line.
#[derive(Debug)]
pub(crate) struct LineEnd {
    reader: LineReader,
    writer: LineWriter,
}

impl LineEnd {
    pub(crate) fn split(self) -> (LineReader, LineWriter) {
        (self.reader, self.writer)
    }

    /// Tells the other end that the client will not come, and has never been there.
    pub(crate) fn call_off(self) {
        let mut frames = vec![Frame::Close(Some((1000, String::new())))];
        // An error means that it knows.
        let _ = self.writer.held.shared.try_send(&mut frames, 0);
    }
}

/// What comes over a line.
#[derive(Debug)]
pub(crate) struct LineReader {
    items: mpsc::UnboundedReceiver<Item>,
    /// What the message that was read last costs. It is passed on when the next one is asked for.
    passing: u64,
    held: Arc<Held>,
}

impl LineReader {
    /// The next message; `None` at the end of the line.
    pub(crate) async fn next(&mut self) -> Option<Result<WsMessage, WireError>> {
        let passed = std::mem::take(&mut self.passing);
        if passed > 0 {
            self.held.shared.pass_on(passed);
        }
        let item = self.items.recv().await?;
        self.passing = item.cost;
        match item.frame {
            Frame::Data(bytes) => Some(Ok(WsMessage::Binary(bytes))),
            Frame::Text => Some(Ok(WsMessage::Text("".into()))),
            Frame::Ping => Some(Ok(WsMessage::Ping(Bytes::new()))),
            Frame::Pong => Some(Ok(WsMessage::Pong(Bytes::new()))),
            Frame::Close(close) => Some(Ok(WsMessage::Close(
                close.map(|(code, reason)| CloseFrame { code, reason: reason.into() }),
            ))),
            Frame::Failed(Failure::TooLarge, text) => Some(Err(WireError::TooLarge(text))),
            Frame::Failed(Failure::Violation, text) => Some(Err(WireError::Violation(text))),
            // Parts and credit are no items.
            Frame::End | Frame::Part(_) | Frame::Credit(_) => None,
        }
    }
}

/// What goes over a line.
#[derive(Debug)]
pub(crate) struct LineWriter {
    waiting: Vec<Frame>,
    cost: u64,
    held: Arc<Held>,
}

impl LineWriter {
    /// Puts a message with those that are to be sent, and waits while the other end has too many.
    pub(crate) async fn feed(&mut self, message: WsMessage) -> Result<(), WireError> {
        let WsMessage::Binary(mut bytes) = message else {
            return self.add(frame(message)).await;
        };
        while bytes.len() > PART_BYTES {
            let part = bytes.split_to(PART_BYTES);
            self.add(Frame::Part(part)).await?;
        }
        self.add(Frame::Data(bytes)).await
    }

    /// Says that nothing more can be read from the client.
    pub(crate) async fn fail(&mut self, error: WireError) -> Result<(), WireError> {
        let frame = match error {
            WireError::TooLarge(text) => Frame::Failed(Failure::TooLarge, text),
            WireError::Violation(text) => Frame::Failed(Failure::Violation, text),
            WireError::Broken(_) => return Err(error),
        };
        self.add(frame).await?;
        self.flush().await
    }

    /// Sends what is to be sent.
    pub(crate) async fn flush(&mut self) -> Result<(), WireError> {
        let Self { waiting, cost, held } = self;
        while !waiting.is_empty() && !held.shared.try_send(waiting, *cost)? {
            held.shared.moved.notified().await;
        }
        *cost = 0;
        Ok(())
    }

    async fn add(&mut self, frame: Frame) -> Result<(), WireError> {
        let cost = frame.cost();
        if self.cost + cost > PART_BYTES as u64 {
            self.flush().await?;
        }
        self.cost += cost;
        self.waiting.push(frame);
        Ok(())
    }
}

/// What has no parts.
fn frame(message: WsMessage) -> Frame {
    match message {
        WsMessage::Binary(bytes) => Frame::Data(bytes),
        WsMessage::Text(_) => Frame::Text,
        WsMessage::Ping(_) => Frame::Ping,
        WsMessage::Pong(_) => Frame::Pong,
        WsMessage::Close(frame) => {
            Frame::Close(frame.map(|frame| (frame.code, frame.reason.as_str().to_owned())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: NodeId = NodeId(1);
    const BOB: NodeId = NodeId(2);

    #[tokio::test]
    async fn what_goes_in_comes_out_whole_and_in_order() {
        let (mut bench, ann, bob) = Bench::new();
        let (_, mut writer) = ann.split();
        let (mut reader, _writer) = bob.split();
        let large = Bytes::from(vec![3; 5 * PART_BYTES / 2]);
        let messages = [WsMessage::Ping(Bytes::new()), WsMessage::Binary(large)];

        for message in messages.clone() {
            writer.feed(message).await.expect("the line is there");
        }
        writer.flush().await.expect("the line is there");
        bench.carry();

        for message in messages {
            assert_eq!(reader.next().await, Some(Ok(message)));
        }
    }

    #[tokio::test]
    async fn a_parcel_that_is_lost_ends_the_line_at_both_ends() {
        let (mut bench, ann, bob) = Bench::new();
        let ((mut from_bob, mut to_bob), (mut from_ann, mut to_ann)) = (ann.split(), bob.split());
        let hello = || WsMessage::Binary(Bytes::from_static(b"hello"));

        to_bob.feed(hello()).await.expect("the line is there");
        to_bob.flush().await.expect("the line is there");
        bench.lose();
        to_bob.feed(hello()).await.expect("nobody knows yet");
        to_bob.flush().await.expect("nobody knows yet");
        bench.carry();

        assert_eq!(from_ann.next().await, None);
        assert_eq!(from_bob.next().await, None);
        for writer in [&mut to_ann, &mut to_bob] {
            writer.feed(hello()).await.expect("it only waits");
            assert!(matches!(writer.flush().await, Err(WireError::Broken(_))));
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_slow_reader_is_told_when_the_line_is_over() {
        let (mut bench, ann, bob) = Bench::new();
        let (_reader, mut writer) = ann.split();
        let (reader, other) = bob.split();
        let writing = tokio::spawn(async move {
            loop {
                writer.feed(WsMessage::Binary(Bytes::from(vec![0; PART_BYTES]))).await?;
                writer.flush().await?;
            }
            #[expect(unreachable_code, reason = "it says what the task gives")]
            Ok::<(), WireError>(())
        });
        while bench.sent().await < 4 {}
        bench.carry();
        assert!(!writing.is_finished());

        drop((reader, other));
        bench.carry();

        assert!(writing.await.expect("no panic").is_err());
    }

    #[tokio::test]
    async fn lines_over_an_earlier_connection_are_lost_and_others_are_not() {
        let (bench, ann, _bob) = Bench::new();
        let (mut reader, _writer) = ann.split();
        bench.lines[0].set_connection(LineId(7), 5);

        bench.lines[0].lose_peer(BOB, Some(5));
        bench.lines[0].lose_peer(ANN, None);
        assert_eq!(bench.lines[0].count(), 1);
        bench.lines[0].lose_peer(BOB, Some(6));

        assert_eq!(bench.lines[0].count(), 0);
        assert_eq!(reader.next().await, None);
    }

    /// Two nodes, and what is between them.
    struct Bench {
        lines: [Arc<Lines>; 2],
        waiting: [mpsc::UnboundedReceiver<(Subject, Bytes)>; 2],
    }

    impl Bench {
        fn new() -> (Self, LineEnd, LineEnd) {
            let node = || {
                let (sender, receiver) = mpsc::unbounded_channel();
                (Arc::new(Lines::new(Outgoing(sender), 1024 * 1024)), receiver)
            };
            let ((ann, from_ann), (bob, from_bob)) = (node(), node());
            let end_of_ann = ann.open(LineId(7), BOB, None, Subject::from("bob"));
            let end_of_bob = bob.open(LineId(7), ANN, Some(1), Subject::from("ann"));
            let bench = Self { lines: [ann, bob], waiting: [from_ann, from_bob] };
            (bench, end_of_ann, end_of_bob)
        }

        /// Until nothing is on its way.
        fn carry(&mut self) {
            let mut is_quiet = false;
            while !is_quiet {
                is_quiet = true;
                for from in [0, 1] {
                    while let Ok((_, parcel)) = self.waiting[from].try_recv() {
                        self.lines[1 - from].receive(&parcel);
                        is_quiet = false;
                    }
                }
            }
        }

        /// What ann has sent does not arrive.
        fn lose(&mut self) {
            while self.waiting[0].try_recv().is_ok() {}
        }

        /// How many parcels ann has sent that are on their way, when the others had their turn.
        async fn sent(&self) -> usize {
            tokio::task::yield_now().await;
            self.waiting[0].len()
        }
    }
}
