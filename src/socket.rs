//! One browser WebSocket.
//!
//! Messages are handed over as they come, because a task of ours for each would cost as much as all that
//! is done with a small one; what else happens is read as a stream. A message comes as the buffer that
//! the browser made of it, so that what is large in it need not be copied out of our memory again; see
//! `lent.rs`.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::{
    Stream, StreamExt,
    channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
};
use gloo_net::websocket::events::CloseEvent as Closing;
use js_sys::ArrayBuffer;
use room_proto::{ErrorCode, SessionError};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

/// The half that sends.
pub(crate) struct Socket {
    raw: WebSocket,
}

impl Socket {
    /// Listens to `raw`, which is connecting or open. Messages go to `receive`, as long as the events
    /// are kept.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if it is not a WebSocket.
    pub(crate) fn attach(
        raw: WebSocket,
        receive: impl Fn(ArrayBuffer) + 'static,
    ) -> Result<(Self, SocketEvents), SessionError> {
        let events = SocketEvents::of(raw.clone(), receive).map_err(|_| {
            SessionError::new(ErrorCode::InvalidArgument, "the socket must be a WebSocket")
        })?;
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

/// What happens on a socket, but for messages.
pub(crate) enum SocketEvent {
    Opened,
    /// It closed, or failed before it opened. The last event.
    Closed(Closing),
}

/// The half that listens.
///
/// To be read to the last event: Node's sockets throw an error that nobody listens for.
pub(crate) struct SocketEvents {
    raw: WebSocket,
    events: UnboundedReceiver<SocketEvent>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_other: Closure<dyn FnMut(Event)>,
}

impl SocketEvents {
    fn of(raw: WebSocket, receive: impl Fn(ArrayBuffer) + 'static) -> Result<Self, JsValue> {
        if !raw.is_object() {
            return Err(JsValue::UNDEFINED);
        }
        let (sender, events) = unbounded();
        let on_message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            // The protocol has binary messages only.
            if data.is_object() {
                receive(data.unchecked_into());
            }
        });
        let socket = raw.clone();
        let on_other = Closure::new({
            let sender = sender.clone();
            move |event: Event| on_other(&sender, &socket, event)
        });

        raw.set_binary_type(BinaryType::Arraybuffer);
        raw.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())?;
        for kind in OTHERS {
            raw.add_event_listener_with_callback(kind, on_other.as_ref().unchecked_ref())?;
        }
        // Asked only here, where it is known to be a socket.
        if raw.ready_state() == WebSocket::OPEN {
            tell(&sender, SocketEvent::Opened);
        }
        Ok(Self { raw, events, on_message, on_other })
    }
}

impl Stream for SocketEvents {
    type Item = SocketEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SocketEvent>> {
        self.events.poll_next_unpin(cx)
    }
}

impl Drop for SocketEvents {
    fn drop(&mut self) {
        let listen = self.on_message.as_ref().unchecked_ref();
        // It was added, so it can be taken away.
        let _ = self.raw.remove_event_listener_with_callback("message", listen);
        for kind in OTHERS {
            let listen = self.on_other.as_ref().unchecked_ref();
            let _ = self.raw.remove_event_listener_with_callback(kind, listen);
        }
    }
}

fn on_other(sender: &UnboundedSender<SocketEvent>, socket: &WebSocket, event: Event) {
    match event.type_().as_str() {
        "open" => tell(sender, SocketEvent::Opened),
        "close" => {
            let event: CloseEvent = event.unchecked_into();
            let (code, reason, was_clean) = (event.code(), event.reason(), event.was_clean());
            tell(sender, SocketEvent::Closed(Closing { code, reason, was_clean }));
        }
        // Node's socket does not fire `close` after a refusal.
        _ if socket.ready_state() != WebSocket::OPEN => {
            let reason = String::new();
            let closing = Closing { code: NO_CLOSE_FRAME, reason, was_clean: false };
            tell(sender, SocketEvent::Closed(closing));
        }
        _ => {}
    }
}

fn tell(sender: &UnboundedSender<SocketEvent>, event: SocketEvent) {
    // Who does not listen any more need not be told.
    let _ = sender.unbounded_send(event);
}

const OTHERS: [&str; 3] = ["open", "close", "error"];

/// The code in a `close` event for a connection that broke.
pub(crate) const NO_CLOSE_FRAME: u16 = 1006;
