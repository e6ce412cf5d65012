//! The one place where time is read.

use room_proto::Timestamp;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The time since the page or worker started.
pub(crate) fn now() -> Timestamp {
    let milliseconds = performance_now().unwrap_or_else(|_| js_sys::Date::now());
    Timestamp::from_micros((milliseconds * 1000.0) as u64)
}

#[wasm_bindgen]
extern "C" {
    /// In pages, workers and Node; throws where there is no `performance`.
    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn performance_now() -> Result<f64, JsValue>;
}
