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

use wasm_bindgen::prelude::wasm_bindgen;

pub use calls::CallStream;
pub use client::Core;
pub use listener::{CoreListener, CoreParticipant};
pub use streams::{IncomingStream, OutgoingStream};

/// Runs once when the module is loaded.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}
