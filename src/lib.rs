//! The browser boundary of the room-messaging client. It translates and decides nothing.
//!
//! JavaScript sees `Engine`, which takes commands, and gives it an `EngineListener`, which hears
//! what comes of them. Promises, streams and timers are made in `js/`. What they do is decided by
//! `room_proto::Session`, which `driver.rs` carries. On other targets than wasm32 there is nothing
//! here.

#![cfg(target_arch = "wasm32")]

mod driver;
mod engine;
mod error;
mod lent;
mod listener;
mod options;
mod socket;
mod words;

use std::panic;

use js_sys::Function;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

pub use engine::Engine;
pub use listener::{EngineListener, EngineParticipant};

/// A third of the size of the one that the target has.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Sets what is called, with the message, when this module fails and will not answer any more.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(callback: Function) {
    panic::set_hook(Box::new(move |info| {
        // What it throws is lost: there is nobody to tell any more.
        let _ = callback.call1(&JsValue::UNDEFINED, &JsValue::from_str(&info.to_string()));
    }));
}
