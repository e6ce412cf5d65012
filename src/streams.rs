//! Streams: one end each, and their chunks as `ReadableStream` and `WritableStream`.
//!
//! The sources and sinks are our own and not those of wasm-streams: that crate fixes the queue
//! sizes and drops the reasons of `abort()` and `cancel()`.

mod incoming;
mod outgoing;
mod sink;
mod source;
mod state;

use futures::{FutureExt, future::LocalBoxFuture};
use js_sys::Promise;
use wasm_bindgen::JsValue;

use crate::latch::promise;

pub use incoming::IncomingStream;
pub use outgoing::OutgoingStream;
pub(crate) use state::StreamState;

/// What the chunks of a browser stream are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// Objects `{header, data}`.
    Chunks,
    /// Bytes alone.
    Bytes,
}

/// Does `work` at once if it need not wait, and gives a promise only if it must.
///
/// Most chunks need not wait, and a promise for each would cost more than the chunk.
fn now_or_promise(
    mut work: LocalBoxFuture<'static, Result<JsValue, JsValue>>,
) -> Result<Option<Promise>, JsValue> {
    match (&mut work).now_or_never() {
        Some(result) => result.map(|_| None),
        None => Ok(Some(promise(work))),
    }
}
