//! The underlying sink of a `WritableStream`.

use std::rc::Rc;

use js_sys::{Object, Promise};
use room_proto::{Extensions, JsonText};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};
use web_sys::{QueuingStrategy, WritableStream, WritableStreamDefaultController};

use crate::{
    driver::Driver,
    error::{Failure, report_thrown},
    streams::{Form, StreamState, now_or_promise},
    values::{bytes_of, copy_in, header_text, reason_text},
};

/// Takes chunks from the browser; the names of the methods are the standard's.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct ChunkSink {
    driver: Rc<Driver>,
    state: Rc<StreamState>,
    form: Form,
}

impl ChunkSink {
    pub(super) fn new(driver: Rc<Driver>, state: Rc<StreamState>, form: Form) -> Self {
        Self { driver, state, form }
    }

    /// Makes the browser's stream.
    ///
    /// The queue holds one chunk: it counts until its write resolves, so `desiredSize` is 0 for as
    /// long as the session has no room.
    pub(super) fn into_stream(self) -> Result<WritableStream, JsValue> {
        let strategy = QueuingStrategy::new();
        strategy.set_high_water_mark(1.0);
        let sink: Object = JsValue::from(self).unchecked_into();
        WritableStream::new_with_underlying_sink_and_strategy(&sink, &strategy)
    }
}

#[wasm_bindgen]
impl ChunkSink {
    /// Remembers the controller, which can fail the stream between two writes.
    pub fn start(&self, controller: WritableStreamDefaultController) {
        report_thrown(self.driver.listener().stream_made(&controller));
        self.state.add_sink(controller);
    }

    /// Takes one chunk. Until it is done, the browser calls nothing but `abort`... and that only
    /// afterwards.
    pub fn write(&self, chunk: JsValue) -> Result<Option<Promise>, JsValue> {
        let driver = Rc::clone(&self.driver);
        let state = Rc::clone(&self.state);
        let form = self.form;
        now_or_promise(Box::pin(async move {
            let written = match form {
                Form::Chunks => write_chunk(&driver, &state, chunk.unchecked_ref()).await,
                Form::Bytes => write_bytes(&driver, &state, &chunk).await,
            };
            written.map(|()| JsValue::UNDEFINED).map_err(|failure| {
                // The browser gives the stream up without calling `abort`.
                state.abort(&driver, &failure.error.message);
                driver.error(failure)
            })
        }))
    }

    /// Ends the stream cleanly.
    pub fn close(&self) -> Promise {
        self.driver.promise(self.state.close(&self.driver))
    }

    /// Ends the stream as incomplete.
    pub fn abort(&self, reason: JsValue) {
        self.state.abort(&self.driver, &reason_text(&reason));
    }
}

async fn write_chunk(
    driver: &Rc<Driver>,
    state: &StreamState,
    chunk: &Chunk,
) -> Result<(), Failure> {
    let not_a_chunk = |cause| Failure::invalid("a chunk must be an object with `data`", cause);
    let header = header_text(&chunk.header().map_err(not_a_chunk)?)?;
    let data = bytes_of(&chunk.data().map_err(not_a_chunk)?)?;

    state.write(driver, &header, &copy_in(&data)?)?;
    Ok(state.writable(driver).await?)
}

/// Writes bytes in pieces, each when there is room for it.
async fn write_bytes(
    driver: &Rc<Driver>,
    state: &StreamState,
    bytes: &JsValue,
) -> Result<(), Failure> {
    let bytes = bytes_of(bytes)?;
    let header = JsonText::empty_object();
    let mut rest = bytes;
    while rest.length() > 0 {
        let len = rest.length().min(piece_bytes(driver));
        let piece = rest.subarray(0, len);
        state.write(driver, &header, &copy_in(&piece)?)?;
        state.writable(driver).await?;
        rest = rest.subarray(len, rest.length());
    }
    Ok(())
}

/// How much one chunk of bare bytes carries.
fn piece_bytes(driver: &Driver) -> u32 {
    let is_raw = |extensions: &Extensions| extensions.raw_attachments;
    if driver.session().extensions().is_some_and(is_raw) { 256 * 1024 } else { 64 * 1024 }
}

#[wasm_bindgen]
extern "C" {
    /// Whatever was written to the stream. Its getters are foreign code and may throw.
    type Chunk;

    #[wasm_bindgen(method, getter, catch)]
    fn header(this: &Chunk) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn data(this: &Chunk) -> Result<JsValue, JsValue>;
}
