//! The native driver of the session: tokio and a WebSocket.
//!
//! Start reading at [`Client`]. What it is given stands in [`RoomUrl`], [`TokenSource`] and
//! [`Options`], or comes from [`Accounts`]; all that it knows of the protocol is the
//! [`Session`](room_proto::Session) it carries for, over as many connections as that takes. There is
//! no TLS.

mod accounts;
mod backoff;
mod client;
mod connect;
mod heartbeat;
mod line;
mod options;
mod room_url;
mod socket;
mod token;
mod token_source;

pub use accounts::{Accounts, AccountsError};
pub use backoff::Backoff;
pub use client::Client;
pub use options::Options;
pub use room_url::{RoomUrl, RoomUrlError, RoomUrlFault};
pub use token::{Token, TokenError};
pub use token_source::TokenSource;
