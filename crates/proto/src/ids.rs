//! The names of things. Never bare numbers or strings.

use std::{borrow::Borrow, fmt, sync::Arc};

/// Names a message in one direction of one connection. Requests are answered by it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(pub u64);

/// Names a participant of a room. An opaque text of the server's; cheap to clone.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ParticipantId(Arc<str>);

impl ParticipantId {
    /// Takes the server's text as it is.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The text as it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for ParticipantId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ParticipantId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

/// Names a command given to a [`Session`](crate::Session) until its one answer.
///
/// Not on the wire: one command may take several messages, or wait for the connection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(pub u32);

/// Names our end of a duplex stream inside a [`Session`](crate::Session). Not on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallKey(pub u32);

/// Names one end of a stream inside a [`Session`](crate::Session). Not on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StreamKey(pub u32);
