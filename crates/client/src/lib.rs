//! The native driver of the session: tokio and a WebSocket.
//!
//! Start reading at [`Client`]. What it is given stands in [`RoomUrl`] and [`Token`]; all that it
//! knows of the protocol is the [`Session`](room_proto::Session) it carries for. There is no TLS.

mod client;
mod connect;
mod heartbeat;
mod room_url;
mod socket;
mod token;

pub use client::Client;
pub use room_url::{RoomUrl, RoomUrlError, RoomUrlFault};
pub use token::{Token, TokenError};
