//! What is done about streams that the other side opens.

/// The answer to an offer.
#[derive(Debug)]
pub(crate) enum Policy {
    Accept,
    Refuse(String),
}

impl Default for Policy {
    /// As the official clients do where the application takes no streams.
    fn default() -> Self {
        Self::Refuse(String::from("Streams are not allowed by this client"))
    }
}
