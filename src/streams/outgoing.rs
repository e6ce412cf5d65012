//! A stream that this side opened.

use std::{cell::OnceCell, rc::Rc};

use futures::FutureExt;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::WritableStream;

use crate::{
    driver::Driver,
    error::json,
    streams::{Form, StreamState, sink::ChunkSink},
    values::copy_in,
};

/// The end that writes. Wrapped by `MessageStreamWriter` in `js/`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct OutgoingStream {
    driver: Rc<Driver>,
    state: Rc<StreamState>,
    writable: OnceCell<WritableStream>,
}

impl OutgoingStream {
    pub(crate) fn new(driver: Rc<Driver>, state: Rc<StreamState>) -> Self {
        Self { driver, state, writable: OnceCell::new() }
    }
}

#[wasm_bindgen]
impl OutgoingStream {
    /// The stream's id on the wire.
    #[wasm_bindgen(getter, js_name = streamId)]
    pub fn stream_id(&self) -> String {
        self.state.id().to_owned()
    }

    /// Who reads it.
    #[wasm_bindgen(getter)]
    pub fn to(&self) -> String {
        self.state.peer().as_str().to_owned()
    }

    /// Settles when the other side accepts, refuses, leaves or does not answer in time.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn opened(&self) -> Promise {
        self.driver.promise(Ok(self.state.opened()))
    }

    /// Writes a chunk; resolves when the session has taken it and there is room for another.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn write(&self, header: &str, data: &Uint8Array) -> Promise {
        let written = json("the header", header).and_then(|header| {
            let data = copy_in(data)?;
            self.state.write(&self.driver, &header, &data)
        });
        let driver = Rc::clone(&self.driver);
        let state = Rc::clone(&self.state);
        let writable = async move { state.writable(&driver).await };
        self.driver.promise(written.map(|()| writable.boxed_local()))
    }

    /// Ends the stream cleanly; resolves when the server has taken all of it.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn close(&self) -> Promise {
        self.driver.promise(self.state.close(&self.driver))
    }

    /// Settles when the stream is over.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn closed(&self) -> Promise {
        self.driver.promise(Ok(self.state.closed()))
    }

    /// Ends the stream as incomplete, or withdraws an offer that is not answered.
    pub fn abort(&self, reason: &str) {
        self.state.abort(&self.driver, reason);
    }

    /// Chunks `{header, data}`. One for each stream.
    ///
    /// # Errors
    ///
    /// What the browser throws if it has no `WritableStream`.
    #[wasm_bindgen(getter)]
    pub fn writable(&self) -> Result<WritableStream, JsValue> {
        if let Some(writable) = self.writable.get() {
            return Ok(writable.clone());
        }
        let writable = self.sink(Form::Chunks)?;
        Ok(self.writable.get_or_init(|| writable).clone())
    }

    /// Bare bytes, cut to fit.
    ///
    /// # Errors
    ///
    /// What the browser throws if it has no `WritableStream`.
    pub fn bytes(&self) -> Result<WritableStream, JsValue> {
        self.sink(Form::Bytes)
    }

    /// How many bytes may be written without waiting.
    #[wasm_bindgen(getter, js_name = desiredSize)]
    pub fn desired_size(&self) -> f64 {
        if self.state.ended().is_some() || self.driver.is_socket_full() {
            return 0.0;
        }
        self.state.writable_bytes(&self.driver).map_or(0.0, |bytes| bytes as f64)
    }

    fn sink(&self, form: Form) -> Result<WritableStream, JsValue> {
        ChunkSink::new(Rc::clone(&self.driver), Rc::clone(&self.state), form).into_stream()
    }
}
