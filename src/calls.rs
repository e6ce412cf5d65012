//! Duplex streams: one end each. `MessagingStream` in `js/` wraps it.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use bytes::Bytes;
use js_sys::{Promise, Uint8Array};
use room_proto::{
    CallKey, ErrorCode, Outgoing, ParticipantId, SessionError,
    session::{CallRead, StreamMessage},
};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{
    driver::Driver,
    error::{Outcome, json_object},
    latch::{Answer, Bell, Latch, answer, promise},
    values::copy_in,
};

/// What is known of one end; shared by the exported object and the driver.
pub(crate) struct CallState {
    key: CallKey,
    peer: ParticipantId,
    /// Known to the caller when it is accepted.
    id: RefCell<String>,
    opened: Latch<Outcome>,
    ended: Latch<Outcome>,
    readable: Bell,
}

impl CallState {
    pub(crate) fn new(key: CallKey, id: &str, peer: &ParticipantId) -> Rc<Self> {
        Rc::new(Self {
            key,
            peer: peer.clone(),
            id: RefCell::new(id.to_owned()),
            opened: Latch::new(),
            ended: Latch::new(),
            readable: Bell::default(),
        })
    }

    pub(crate) fn key(&self) -> CallKey {
        self.key
    }

    pub(crate) fn id(&self) -> String {
        self.id.borrow().clone()
    }

    pub(crate) fn on_opened(&self, result: Result<String, SessionError>) {
        if let Ok(id) = &result {
            self.id.replace(id.clone());
        }
        self.opened.set(result.map(drop));
    }

    pub(crate) fn on_readable(&self) {
        self.readable.ring();
    }

    pub(crate) fn on_closed(&self, outcome: Outcome) {
        if let Err(error) = &outcome {
            self.opened.set(Err(error.clone()));
        }
        self.ended.set(outcome);
        self.readable.ring();
    }

    /// Why it is not open any more.
    fn failure(&self) -> Outcome {
        match self.ended.value() {
            None => Ok(()),
            Some(Err(error)) => Err(error),
            Some(Ok(())) => {
                Err(SessionError::new(ErrorCode::StreamClosed, "the stream has been closed"))
            }
        }
    }
}

impl fmt::Debug for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallState").field("key", &self.key).finish_non_exhaustive()
    }
}

/// One end of a duplex stream.
///
/// An end that the other side opened starts as a request. Freeing it unanswered refuses it, so
/// that the other side need not wait.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CallStream {
    driver: Rc<Driver>,
    state: Rc<CallState>,
    /// It is ours, or has been accepted or refused.
    answered: Cell<bool>,
}

impl CallStream {
    pub(crate) fn ours(driver: Rc<Driver>, state: Rc<CallState>) -> Self {
        Self { driver, state, answered: Cell::new(true) }
    }

    pub(crate) fn theirs(driver: Rc<Driver>, state: Rc<CallState>) -> Self {
        Self { driver, state, answered: Cell::new(false) }
    }
}

#[wasm_bindgen]
impl CallStream {
    /// The stream's id, the same at both ends; empty until it is accepted.
    #[wasm_bindgen(getter, js_name = streamId)]
    pub fn stream_id(&self) -> String {
        self.state.id()
    }

    /// The other side.
    #[wasm_bindgen(getter)]
    pub fn peer(&self) -> String {
        self.state.peer.as_str().to_owned()
    }

    /// Settles when the other side accepts, refuses, leaves or does not answer in time.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn opened(&self) -> Promise {
        self.driver.promise(Ok(answer(self.state.opened.wait())))
    }

    /// Settles when the stream is over, a request that was withdrawn included.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn closed(&self) -> Promise {
        self.driver.promise(Ok(answer(self.state.ended.wait())))
    }

    /// Takes a request.
    ///
    /// # Errors
    ///
    /// A `RoomError` if it was withdrawn or answered before.
    pub fn accept(&self) -> Result<(), JsValue> {
        let key = self.state.key;
        let accepted = self
            .state
            .failure()
            .and_then(|()| self.driver.command(|session, _| session.accept_call(key)));
        accepted.map_err(|error| self.driver.error(error))?;
        self.answered.set(true);
        Ok(())
    }

    /// Refuses a request. Does nothing if it is no longer open.
    pub fn reject(&self, reason: &str) {
        if self.answered.replace(true) || self.state.ended.is_set() {
            return;
        }
        let key = self.state.key;
        // One that was withdrawn meanwhile needs no answer.
        let _ = self.driver.command(|session, _| session.reject_call(key, reason));
        // The session says nothing more about it.
        self.driver.forget_call(key);
        let refused = SessionError::new(ErrorCode::Aborted, "the stream was refused");
        self.state.on_closed(Err(refused));
    }

    /// Sends a message; resolves when the server has taken it, where the server says so.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn send(&self, kind: &str, message: &str, attachment: Option<Uint8Array>) -> Promise {
        self.driver.promise(self.try_send(kind, message, attachment))
    }

    /// The next message, made by `CoreListener.streamMessage`; `undefined` at the end.
    #[wasm_bindgen(unchecked_return_type = "Promise<object | undefined>")]
    pub fn next(&self) -> Promise {
        let (driver, state) = (Rc::clone(&self.driver), Rc::clone(&self.state));
        promise(Box::pin(async move {
            loop {
                match driver.command(|session, _| session.read_call(state.key)) {
                    CallRead::Message(message) => return driver.stream_message(&message),
                    CallRead::End => return Ok(JsValue::UNDEFINED),
                    CallRead::Failed(error) => {
                        return match state.ended.value() {
                            // Its end has been read before, or we closed it.
                            Some(Ok(())) => Ok(JsValue::UNDEFINED),
                            Some(Err(error)) => Err(driver.error(error)),
                            None => Err(driver.error(error)),
                        };
                    }
                    // Cancelled only if the state itself is gone, and then nobody is here.
                    CallRead::Pending => drop(state.readable.wait().await),
                }
            }
        }))
    }

    /// Ends the stream for both directions.
    pub fn close(&self) {
        let key = self.state.key;
        self.driver.command(|session, now| session.close_call(now, key));
    }

    fn try_send(
        &self,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<Answer, SessionError> {
        self.state.failure()?;
        let message = json_object("the message", message)?;
        let attachment = attachment.as_ref().map_or(Ok(Vec::new()), copy_in)?;
        let attachment = Bytes::from(attachment);
        let outgoing = Outgoing { kind: kind.to_owned(), message, attachment };
        let key = self.state.key;
        self.driver.request_or_done(|session, now| session.send_call(now, key, &outgoing))
    }
}

impl Drop for CallStream {
    fn drop(&mut self) {
        self.reject("the request was not answered");
    }
}

impl Driver {
    fn stream_message(&self, message: &StreamMessage) -> Result<JsValue, JsValue> {
        let StreamMessage { kind, message, attachment } = message;
        let attachment = (!attachment.is_empty()).then(|| Uint8Array::from(attachment.as_ref()));
        self.listener().stream_message(kind, message.as_str(), attachment)
    }
}
