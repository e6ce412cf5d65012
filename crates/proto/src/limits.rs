//! How much one connection may ask of the other end.

/// Bounds on what is read from the wire. All in bytes unless the name says otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The largest message body, JSON and payload together.
    pub max_message_bytes: usize,
    /// The most data packets one message may have.
    pub max_packets: u32,
    /// The largest JSON header of a packed body.
    pub max_header_bytes: usize,
    /// The longest message type.
    pub max_kind_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_bytes: 32 * 1024 * 1024,
            max_packets: 65_536,
            // The toolkit family carries attachments as base64 in the header.
            max_header_bytes: 32 * 1024 * 1024,
            max_kind_bytes: 256,
        }
    }
}
