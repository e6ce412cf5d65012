//! A stream that the other side opened.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
};

use js_sys::Promise;
use room_proto::{ErrorCode, JsonText, SessionError};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::ReadableStream;

use crate::{
    driver::Driver,
    error::Outcome,
    streams::{Form, StreamState, source::ChunkSource},
};

/// The end that reads. Wrapped by `MessageStreamReader` in `js/`.
///
/// It starts as an offer. Freeing it unanswered refuses the offer, so that the other side need not
/// wait.
#[wasm_bindgen]
#[derive(Debug)]
pub struct IncomingStream {
    driver: Rc<Driver>,
    state: Rc<StreamState>,
    header: JsonText,
    answered: Cell<bool>,
    readable: OnceCell<ReadableStream>,
}

impl IncomingStream {
    pub(crate) fn new(driver: Rc<Driver>, state: Rc<StreamState>, header: JsonText) -> Self {
        Self { driver, state, header, answered: Cell::new(false), readable: OnceCell::new() }
    }
}

#[wasm_bindgen]
impl IncomingStream {
    /// The stream's id on the wire.
    #[wasm_bindgen(getter, js_name = streamId)]
    pub fn stream_id(&self) -> String {
        self.state.id().to_owned()
    }

    /// Who writes it.
    #[wasm_bindgen(getter)]
    pub fn from(&self) -> String {
        self.state.peer().as_str().to_owned()
    }

    /// What the opener says about it: JSON text of any value.
    #[wasm_bindgen(getter)]
    pub fn header(&self) -> String {
        self.header.as_str().to_owned()
    }

    /// Takes the offer.
    ///
    /// # Errors
    ///
    /// A `RoomError` if the offer was withdrawn or answered before.
    pub fn accept(&self) -> Result<(), JsValue> {
        self.try_accept().map_err(|error| self.driver.error(error))
    }

    /// Refuses the offer. Does nothing if it is no longer open.
    pub fn reject(&self, reason: &str) {
        if self.answered.replace(true) || self.state.ended().is_some() {
            return;
        }
        let key = self.state.key();
        // An offer that was withdrawn meanwhile needs no answer.
        let _ = self.driver.command(|session, now| session.reject_stream(now, key, reason));
        // The session says nothing more about it.
        self.driver.forget_stream(key);
        let refused = SessionError::new(ErrorCode::Aborted, "the offer was refused");
        self.state.on_closed(&self.driver, Err(refused));
    }

    /// Settles when the stream is over, an offer that was withdrawn included.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn closed(&self) -> Promise {
        self.driver.promise(Ok(self.state.closed()))
    }

    /// Chunks as `MessageStreamChunk`s. One for each stream.
    ///
    /// # Errors
    ///
    /// What the browser throws if it has no `ReadableStream`.
    #[wasm_bindgen(getter)]
    pub fn readable(&self) -> Result<ReadableStream, JsValue> {
        if let Some(readable) = self.readable.get() {
            return Ok(readable.clone());
        }
        let readable = self.source(Form::Chunks)?;
        Ok(self.readable.get_or_init(|| readable).clone())
    }

    /// The data of the same chunks. Takes them from the same place: use either.
    ///
    /// # Errors
    ///
    /// What the browser throws if it has no `ReadableStream`.
    pub fn bytes(&self) -> Result<ReadableStream, JsValue> {
        self.source(Form::Bytes)
    }

    /// Ends the stream; the writer hears the reason. An offer is refused.
    pub fn cancel(&self, reason: &str) {
        if self.answered.get() {
            self.state.abort(&self.driver, reason);
        } else {
            self.reject(reason);
        }
    }

    fn try_accept(&self) -> Outcome {
        self.state.failure()?;
        let key = self.state.key();
        self.driver.command(|session, now| session.accept_stream(now, key))?;
        self.answered.set(true);
        Ok(())
    }

    fn source(&self, form: Form) -> Result<ReadableStream, JsValue> {
        ChunkSource::new(Rc::clone(&self.driver), Rc::clone(&self.state), form).into_stream()
    }
}

impl Drop for IncomingStream {
    fn drop(&mut self) {
        self.reject("the offer was not answered");
    }
}
