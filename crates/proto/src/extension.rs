//! What our own server and client can do beyond the official protocol.
//!
//! The client says so in the query of the WebSocket URL (`room-messaging=1`), the server in
//! `room_ready`, under the key `room_messaging`. Others ignore both.

use serde::{Deserialize, Serialize};

use crate::json::{Fields, Mismatch, Raw};

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
    /// The largest attributes of a participant the server takes, as JSON in bytes.
    #[serde(default)]
    pub max_attribute_bytes: Option<usize>,
    /// The server reads batches, see [`batch`](crate::batch).
    #[serde(default)]
    pub batches: bool,
    /// `messaging.enabled` comes without being asked for again: the client did so when it connected
    /// ([`Extensions::ENABLE_QUERY`]), and its token allows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enabled: bool,
    /// The session can go on after the connection is lost, if the client asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// How a session can go on after a loss; see [`link`](crate::link).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Resume {
    /// Names the session, and is a secret: whoever knows it, and has a token for the same
    /// participant, takes the session over.
    pub epoch: String,
    /// How long the server waits for the client to come back.
    pub grace_ms: u64,
    /// The server says something at least this often, so that silence means a loss.
    pub heartbeat_ms: u64,
}

impl Resume {
    /// The query parameter by which a client asks for a session that can go on ([`Resume::NEW`]),
    /// or goes on with one (`EPOCH.RECEIVED`).
    pub const QUERY: &'static str = "resume";
    /// The value that asks.
    pub const NEW: &'static str = "new";
}

impl Extensions {
    /// The version this crate writes.
    pub const VERSION: u32 = 1;
    /// The query parameter by which a client says that it is one of ours; its value is the version.
    pub const QUERY: &'static str = "room-messaging";
    /// The query parameter by which a client of ours asks for messaging to be enabled as soon as the
    /// room is ready, which saves it a round trip. Its value has the kinds of streams that it takes
    /// ([`StreamForm`](crate::session::StreamForm)), with commas between them.
    pub const ENABLE_QUERY: &'static str = "enable";
    /// The longest value of [`ENABLE_QUERY`](Self::ENABLE_QUERY) that a server goes by, in bytes: it becomes
    /// an attribute. With a longer one a client is not enabled, and asks as others do.
    pub const MAX_ENABLE_BYTES: usize = 64;
    /// The key in `room_ready`.
    pub const KEY: &'static str = "room_messaging";

    /// Reads the announcement.
    pub(crate) fn read(json: &[u8]) -> Result<Self, Mismatch> {
        let names = &[
            "version",
            "raw_attachments",
            "max_packet_bytes",
            "max_message_bytes",
            "max_attribute_bytes",
            "batches",
            "enabled",
            "resume",
        ];
        let fields = Fields::read(json, names)?;
        let resume = fields.maybe("resume", Some)?;
        Ok(Self {
            version: fields.need("version", |raw| raw.unsigned()?.try_into().ok())?,
            raw_attachments: fields.maybe("raw_attachments", Raw::flag)?.unwrap_or_default(),
            max_packet_bytes: fields.maybe("max_packet_bytes", size)?,
            max_message_bytes: fields.maybe("max_message_bytes", size)?,
            max_attribute_bytes: fields.maybe("max_attribute_bytes", size)?,
            batches: fields.maybe("batches", Raw::flag)?.unwrap_or_default(),
            enabled: fields.maybe("enabled", Raw::flag)?.unwrap_or_default(),
            resume: resume.map(|raw| Resume::read(raw.bytes())).transpose()?,
        })
    }
}

impl Resume {
    fn read(json: &[u8]) -> Result<Self, Mismatch> {
        let fields = Fields::read(json, &["epoch", "grace_ms", "heartbeat_ms"])?;
        Ok(Self {
            epoch: fields.need("epoch", Raw::string)?,
            grace_ms: fields.need("grace_ms", Raw::unsigned)?,
            heartbeat_ms: fields.need("heartbeat_ms", Raw::unsigned)?,
        })
    }
}

fn size(raw: Raw<'_>) -> Option<usize> {
    raw.unsigned()?.try_into().ok()
}
