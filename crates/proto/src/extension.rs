//! What our own server and client can do beyond the official protocol.
//!
//! The client says so in the query of the WebSocket URL (`room-messaging=1`), the server in
//! `room_ready`, under the key `room_messaging`. Others ignore both.

use serde::{Deserialize, Serialize};

/// The server's announcement, the value of `room_messaging` in `room_ready`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Extensions {
    /// The version of this announcement: 1.
    pub version: u32,
    /// The server takes direct requests (`messaging.send`), whose attachments are raw bytes.
    #[serde(default)]
    pub raw_attachments: bool,
    /// The largest body of a data packet the server takes, in bytes.
    #[serde(default)]
    pub max_packet_bytes: Option<usize>,
    /// The largest message body the server takes, in bytes.
    #[serde(default)]
    pub max_message_bytes: Option<usize>,
}

impl Extensions {
    /// The version this crate writes.
    pub const VERSION: u32 = 1;
    /// The query parameter by which a client says that it is one of ours; its value is the version.
    pub const QUERY: &'static str = "room-messaging";
    /// The key in `room_ready`.
    pub const KEY: &'static str = "room_messaging";
}
