//! A room without a server, for `room-messaging/local`.
//!
//! [`Hall`] is the room with its members' seats: packets in, packets out, no I/O and no clock. On
//! wasm32 `boundary.rs` shows it to `js/local-host.ts`.

#[cfg(target_arch = "wasm32")]
mod boundary;
mod hall;
mod seat;

#[cfg(target_arch = "wasm32")]
pub use boundary::LocalCore;
pub use hall::{Guest, Hall, HallConfig, LineId, Told};
pub use seat::Time;
