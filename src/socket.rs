//! One browser WebSocket.
//!
//! Receiving goes through gloo-net, over a clone of the handle. Sending goes to the handle itself:
//! gloo-net's sink says `Ok` to what a closed socket drops, and copies each message.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{Sink, Stream};
use gloo_net::websocket::{self, Message, WebSocketError};
use room_proto::{ErrorCode, SessionError};
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

/// The half that sends.
pub(crate) struct Socket {
    raw: WebSocket,
}

impl Socket {
    /// Listens to `raw`, which is connecting or open.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if it is not a WebSocket.
    pub(crate) fn attach(raw: WebSocket) -> Result<(Self, SocketEvents), SessionError> {
        let not_a_socket =
            |_| SessionError::new(ErrorCode::InvalidArgument, "the socket must be a WebSocket");
        if !raw.is_object() {
            return Err(not_a_socket(()));
        }
        let socket =
            websocket::futures::WebSocket::try_from(raw.clone()).map_err(|_| not_a_socket(()))?;
        let events = SocketEvents { raw: raw.clone(), socket, opened: false };
        Ok((Self { raw }, events))
    }

    /// Sends one binary message, or drops it if the socket is closing: that is reported by the
    /// events.
    ///
    /// # Errors
    ///
    /// What the socket throws. Those of browsers do not.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<(), JsValue> {
        if self.raw.ready_state() == WebSocket::OPEN {
            self.raw.send_with_u8_array(bytes)?;
        }
        Ok(())
    }

    pub(crate) fn close(&self, code: u16, reason: &str) {
        if self.raw.close_with_code_and_reason(code, reason).is_err() {
            // The code or the reason was not to its liking; closing matters more.
            let _ = self.raw.close();
        }
    }
}

/// What happens on a socket.
pub(crate) enum SocketEvent {
    Opened,
    Received(Vec<u8>),
    /// It closed, or failed before it opened.
    Closed {
        code: Option<u16>,
        reason: String,
    },
}

/// The half that listens.
///
/// To be read to its end: dropping it before the socket closed makes gloo-net close the socket
/// and dispatch a `close` event of its own invention.
pub(crate) struct SocketEvents {
    raw: WebSocket,
    socket: websocket::futures::WebSocket,
    opened: bool,
}

impl Stream for SocketEvents {
    type Item = SocketEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SocketEvent>> {
        if !self.opened && self.poll_opened(cx) {
            self.opened = true;
            return Poll::Ready(Some(SocketEvent::Opened));
        }
        loop {
            let Some(event) = ready!(Pin::new(&mut self.socket).poll_next(cx)) else {
                return Poll::Ready(None);
            };
            if let Some(event) = self.translate(event) {
                return Poll::Ready(Some(event));
            }
        }
    }
}

impl SocketEvents {
    /// gloo-net tells of the opening only by its sink getting ready.
    fn poll_opened(&mut self, cx: &mut Context<'_>) -> bool {
        let is_ready = Pin::new(&mut self.socket).poll_ready(cx).is_ready();
        is_ready && self.raw.ready_state() == WebSocket::OPEN
    }

    fn translate(&self, event: Result<Message, WebSocketError>) -> Option<SocketEvent> {
        match event {
            Ok(Message::Bytes(bytes)) => Some(SocketEvent::Received(bytes)),
            // The protocol has binary messages only.
            Ok(Message::Text(_)) => None,
            // Node's socket does not fire `close` after a refusal.
            Err(WebSocketError::ConnectionError) => {
                (!self.opened).then(|| SocketEvent::Closed { code: None, reason: String::new() })
            }
            Err(WebSocketError::ConnectionClose(event)) => {
                let code = (event.code != NO_CLOSE_FRAME).then_some(event.code);
                Some(SocketEvent::Closed { code, reason: event.reason })
            }
            Err(WebSocketError::MessageSendError(_) | _) => None,
        }
    }
}

/// The code in a `close` event for a connection that broke.
const NO_CLOSE_FRAME: u16 = 1006;
