//! A WebSocket that sends and receives in one step, so that neither waits for the other.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Error, Message, protocol::CloseFrame},
};

use crate::heartbeat::{Beat, Heartbeat};

/// An open WebSocket and what is to be sent on it.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    outgoing: VecDeque<Message>,
    /// The stream has no room for more.
    is_full: bool,
    heartbeat: Heartbeat,
}

/// What happens on a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SocketEvent {
    /// A binary message came.
    Received(Bytes),
    /// It closed or failed. The last event.
    Closed {
        /// The close code, if there was a close frame.
        code: Option<u16>,
        /// The reason in the close frame, or what failed.
        reason: String,
    },
}

impl Socket {
    pub(crate) fn new(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self {
            stream,
            outgoing: VecDeque::new(),
            is_full: false,
            heartbeat: Heartbeat::new(Instant::now()),
        }
    }

    /// Puts one binary message at the end of the queue. It leaves while [`Socket::next`] waits.
    pub(crate) fn send(&mut self, bytes: Bytes) {
        self.outgoing.push_back(Message::Binary(bytes));
    }

    /// Puts the close at the end of the queue.
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.outgoing.push_back(Message::Close(Some(frame)));
    }

    /// Sends, and waits for what comes. May be cancelled without loss.
    pub(crate) async fn next(&mut self) -> SocketEvent {
        loop {
            let silent = sleep_until(self.heartbeat.deadline());
            tokio::select! {
                event = poll_fn(|cx| self.poll_next(cx)) => return event,
                () = silent => {}
            }
            match self.heartbeat.beat(Instant::now()) {
                Beat::Wait => {}
                Beat::Ping => self.outgoing.push_back(Message::Ping(Bytes::new())),
                Beat::Dead => return closed(None, String::from("no sign of life")),
            }
        }
    }

    /// Sends what is left and reads to the end.
    pub(crate) async fn finish(&mut self) {
        while let SocketEvent::Received(_) = self.next().await {}
        // After a close that came first, this sends the answer.
        let _ = self.stream.close(None).await;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent> {
        loop {
            let sent = self.poll_send(cx);
            // What came before a failure to send is still worth reading.
            match self.stream.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    self.heartbeat.on_life(Instant::now());
                    if let Some(event) = event(message) {
                        return Poll::Ready(event);
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(failed(&error)),
                Poll::Ready(None) => return Poll::Ready(closed(None, String::new())),
                Poll::Pending => {
                    return match sent {
                        Poll::Ready(Err(error)) => Poll::Ready(failed(&error)),
                        Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
                    };
                }
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.outgoing.is_empty() {
            if self.stream.poll_ready_unpin(cx)?.is_pending() {
                self.is_full = true;
                return Poll::Pending;
            }
            if std::mem::take(&mut self.is_full) {
                // The other side takes what we send, however slowly.
                self.heartbeat.on_life(Instant::now());
            }
            if let Some(message) = self.outgoing.pop_front() {
                self.stream.start_send_unpin(message)?;
            }
        }
        self.stream.poll_flush_unpin(cx)
    }
}

/// What a message means. There are no texts in this protocol, and the library answers pings.
fn event(message: Message) -> Option<SocketEvent> {
    match message {
        Message::Binary(bytes) => Some(SocketEvent::Received(bytes)),
        Message::Close(None) => Some(closed(None, String::new())),
        Message::Close(Some(frame)) => {
            Some(closed(Some(frame.code.into()), frame.reason.to_string()))
        }
        Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
    }
}

fn failed(error: &Error) -> SocketEvent {
    closed(None, error.to_string())
}

fn closed(code: Option<u16>, reason: String) -> SocketEvent {
    SocketEvent::Closed { code, reason }
}
