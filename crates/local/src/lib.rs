//! A room without a server, for `room-messaging/local`.
//!
//! [`Hall`] is the room with its members' ends of the wire: packets in, packets out, no I/O. On
//! wasm32 `boundary.rs` shows it to `js/local-host.ts`.

#[cfg(target_arch = "wasm32")]
mod boundary;
mod hall;

#[cfg(target_arch = "wasm32")]
pub use boundary::LocalCore;
pub use hall::{Guest, Hall, Told};
