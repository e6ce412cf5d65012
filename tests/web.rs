//! The boundary in a browser, against the room's real logic in the same module.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "web/base64.rs"]
mod base64;
#[path = "web/calls.rs"]
mod calls;
#[path = "web/connection.rs"]
mod connection;
#[path = "web/messages.rs"]
mod messages;
#[path = "web/page.rs"]
mod page;
#[path = "web/streams.rs"]
mod streams;
#[path = "web/world.rs"]
mod world;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
