//! The browser boundary of the room-messaging client. It translates and decides nothing.
//!
//! JavaScript sees `Core` and the two stream ends; the public face around them is `js/`. What
//! they do is decided by `room_proto::Session`, which `driver.rs` carries. On other targets than
//! wasm32 there is nothing here.

#![cfg(target_arch = "wasm32")]

mod calls;
mod client;
mod clock;
mod driver;
mod error;
mod latch;
mod listener;
mod options;
mod socket;
mod streams;
mod values;

use std::panic;

use js_sys::Function;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

pub use calls::CallStream;
pub use client::Core;
pub use listener::{CoreListener, CoreParticipant};
pub use streams::{IncomingStream, OutgoingStream};

/// Sets what is called, with the message, when this module fails and will not answer any more.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(callback: Function) {
    panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        // What it throws is lost: there is nobody to tell any more.
        let _ = callback.call1(&JsValue::UNDEFINED, &JsValue::from_str(&info.to_string()));
    }));
}
