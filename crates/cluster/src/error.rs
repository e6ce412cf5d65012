//! What can be wrong with what comes from another node.

use thiserror::Error;

/// Bytes are not a parcel.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ParcelError {
    /// They end too early.
    #[error("the parcel is cut short: {need} bytes are needed, there are {have}")]
    Truncated {
        /// How many there must be.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// A frame of a kind that this version does not know.
    #[error("a frame of the kind {0} is not known")]
    UnknownKind(u8),
    /// The body of a frame of this kind makes no sense.
    #[error("the body of a frame of the kind {0} cannot be read")]
    Body(u8),
}

/// A line cannot go on: something is missing, or the other end does not keep to the rules.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum LineError {
    /// A parcel was lost on the way, or came twice.
    #[error("parcel {expected} was due, {have} came")]
    Gap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        have: u64,
    },
    /// The other end has sent more than it may.
    #[error("{bytes} bytes are under way, {limit} are allowed")]
    Overrun {
        /// How many.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The other end was granted more than there is.
    #[error("{passed} bytes are said to have been passed on, {sent} were sent")]
    Credit {
        /// What is said to have been passed on.
        passed: u64,
        /// What was sent.
        sent: u64,
    },
    /// A message in parts is too large.
    #[error("a message has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// What came is no parcel.
    #[error(transparent)]
    Parcel(#[from] ParcelError),
}

/// Text is not what a node calls itself, or wrote down.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("this is not the name of a node")]
pub struct NameError;
