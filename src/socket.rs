//! One browser WebSocket.
//!
//! Messages are handed over as they come, because a task of ours for each would cost as much as all that
//! is done with a small one; the end is waited for. A message comes as the buffer that the browser made
//! of it, so that what is large in it need not be copied out of our memory again; see `lent.rs`.

use futures::channel::oneshot;
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
    /// Listens to `raw`, which is connecting or open, or of which `closing` tells the end. Messages go to
    /// `receive`, as long as the events are kept.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if it is not a WebSocket.
    pub(crate) fn attach(
        raw: WebSocket,
        closing: Option<Event>,
        receive: impl Fn(ArrayBuffer) + 'static,
    ) -> Result<(Self, SocketEvents), SessionError> {
        let events = SocketEvents::of(raw.clone(), closing, receive).map_err(|_| {
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

/// The half that listens, until the socket closes.
///
/// To be kept to the end: Node's sockets throw an error that nobody listens for.
pub(crate) struct SocketEvents {
    raw: WebSocket,
    closing: oneshot::Receiver<Closing>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_closing: Closure<dyn FnMut(Event)>,
}

impl SocketEvents {
    fn of(
        raw: WebSocket,
        closing: Option<Event>,
        receive: impl Fn(ArrayBuffer) + 'static,
    ) -> Result<Self, JsValue> {
        if !raw.is_object() {
            return Err(JsValue::UNDEFINED);
        }
        let on_message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            // The protocol has binary messages only.
            if data.is_object() {
                receive(data.unchecked_into());
            }
        });
        let (sender, receiver) = oneshot::channel();
        let (socket, mut sender) = (raw.clone(), Some(sender));
        let mut tell = move |event: Event| {
            if let (Some(closing), Some(sender)) = (closing_of(&socket, event), sender.take()) {
                // Who does not listen any more need not be told.
                let _ = sender.send(closing);
            }
        };
        if let Some(event) = closing {
            tell(event);
        }
        let on_closing = Closure::new(tell);

        raw.set_binary_type(BinaryType::Arraybuffer);
        raw.add_event_listener_with_callback(MESSAGE, on_message.as_ref().unchecked_ref())?;
        for kind in CLOSING {
            raw.add_event_listener_with_callback(kind, on_closing.as_ref().unchecked_ref())?;
        }
        Ok(Self { raw, closing: receiver, on_message, on_closing })
    }

    /// Resolves when the socket has closed, or failed before it opened.
    pub(crate) async fn closed(mut self) -> Closing {
        let closing = (&mut self.closing).await;
        // It cannot be gone before it has told: it is in a closure that is ours.
        closing.unwrap_or_else(|_| failed())
    }
}

impl Drop for SocketEvents {
    fn drop(&mut self) {
        let listen = self.on_message.as_ref().unchecked_ref();
        // It was added, so it can be taken away.
        let _ = self.raw.remove_event_listener_with_callback(MESSAGE, listen);
        for kind in CLOSING {
            let listen = self.on_closing.as_ref().unchecked_ref();
            let _ = self.raw.remove_event_listener_with_callback(kind, listen);
        }
    }
}

/// How a socket closed, if that is what happened.
fn closing_of(socket: &WebSocket, event: Event) -> Option<Closing> {
    if event.type_() == CLOSE {
        let event: CloseEvent = event.unchecked_into();
        let (code, reason, was_clean) = (event.code(), event.reason(), event.was_clean());
        return Some(Closing { code, reason, was_clean });
    }
    // Node's socket does not fire `close` after a refusal.
    (socket.ready_state() != WebSocket::OPEN).then(failed)
}

fn failed() -> Closing {
    Closing { code: NO_CLOSE_FRAME, reason: String::new(), was_clean: false }
}

const MESSAGE: &str = "message";
const CLOSE: &str = "close";
const CLOSING: [&str; 2] = [CLOSE, "error"];

/// The code in a `close` event for a connection that broke.
pub(crate) const NO_CLOSE_FRAME: u16 = 1006;
