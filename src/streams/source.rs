//! The underlying source of a `ReadableStream`.

use std::rc::Rc;

use js_sys::{Object, Promise, Uint8Array};
use room_proto::{JsonText, session::Read};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};
use web_sys::{QueuingStrategy, ReadableStream, ReadableStreamDefaultController};

use crate::{
    driver::Driver,
    error::report_thrown,
    streams::{Form, StreamState, now_or_promise},
    values::reason_text,
};

/// Gives chunks to the browser; the names of the methods are the standard's.
#[wasm_bindgen(skip_typescript)]
#[derive(Debug)]
pub struct ChunkSource {
    driver: Rc<Driver>,
    state: Rc<StreamState>,
    form: Form,
}

impl ChunkSource {
    pub(super) fn new(driver: Rc<Driver>, state: Rc<StreamState>, form: Form) -> Self {
        Self { driver, state, form }
    }

    /// Makes the browser's stream.
    ///
    /// It has no queue of its own: a chunk is taken when somebody reads, and that is what grants
    /// the writer new credit.
    pub(super) fn into_stream(self) -> Result<ReadableStream, JsValue> {
        let strategy = QueuingStrategy::new();
        strategy.set_high_water_mark(0.0);
        let source: Object = JsValue::from(self).unchecked_into();
        ReadableStream::new_with_underlying_source_and_strategy(&source, &strategy)
    }
}

#[wasm_bindgen]
impl ChunkSource {
    /// Shows the controller to whoever ends streams that cannot end by themselves.
    pub fn start(&self, controller: &ReadableStreamDefaultController) {
        report_thrown(self.driver.listener().stream_made(controller));
    }

    /// Gives one chunk, the end, or the error. The browser calls it once at a time.
    pub fn pull(
        &self,
        controller: ReadableStreamDefaultController,
    ) -> Result<Option<Promise>, JsValue> {
        let driver = Rc::clone(&self.driver);
        let state = Rc::clone(&self.state);
        let form = self.form;
        now_or_promise(Box::pin(async move {
            loop {
                match next(&driver, &state) {
                    // A stream of bytes has no use for an empty piece.
                    Next::Chunk { data, .. } if form == Form::Bytes && data.length() == 0 => {}
                    Next::Chunk { header, data } => {
                        let chunk = chunk(&driver, form, &header, data)?;
                        // Refused if the reader cancelled meanwhile; then nobody wants it.
                        let _ = controller.enqueue_with_chunk(&chunk);
                        return Ok(JsValue::UNDEFINED);
                    }
                    Next::Wait => state.readable().await,
                    Next::End => {
                        // Refused if the reader cancelled meanwhile, which is an end as well.
                        let _ = controller.close();
                        return Ok(JsValue::UNDEFINED);
                    }
                    Next::Failed(error) => return Err(error),
                }
            }
        }))
    }

    /// Ends the stream; the writer hears the reason.
    pub fn cancel(&self, reason: JsValue) {
        self.state.abort(&self.driver, &reason_text(&reason));
    }
}

enum Next {
    Chunk { header: JsonText, data: Uint8Array },
    Wait,
    End,
    Failed(JsValue),
}

fn next(driver: &Rc<Driver>, state: &StreamState) -> Next {
    let read = driver.command(|session, now| session.read_stream(now, state.key()));
    match (read, state.ended()) {
        (Read::Chunk { header, data }, _) => {
            Next::Chunk { header, data: Uint8Array::from(data.as_ref()) }
        }
        (Read::End, _) | (Read::Pending, Some(Ok(()))) => Next::End,
        (Read::Pending, None) => Next::Wait,
        // The reason that the stream was closed with tells more than the session's later word.
        (Read::Pending | Read::Failed(_), Some(Err(error)))
        | (Read::Failed(error), Some(Ok(())) | None) => Next::Failed(driver.error(error)),
    }
}

fn chunk(
    driver: &Driver,
    form: Form,
    header: &JsonText,
    data: Uint8Array,
) -> Result<JsValue, JsValue> {
    match form {
        Form::Bytes => Ok(data.into()),
        Form::Chunks => driver.listener().chunk(header.as_str(), data),
    }
}
