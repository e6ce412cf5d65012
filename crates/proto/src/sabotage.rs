//! Seeded bugs, to see whether the simulation would notice real ones.
//!
//! Without the feature `sabotage` there are none, and asking costs nothing.

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A bug that can be switched on.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Bug {
            $($(#[$doc])* $name,)*
        }

        impl Bug {
            /// Every bug there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

bugs! {
    /// The half-read message of the last connection is read on after a fresh start.
    StalePackets,
    /// Nothing is acknowledged.
    ForgottenAck,
    /// One message too many is acknowledged.
    AckOffByOne,
    /// The first message to be sent again is not.
    ReplayFromWrongPlace,
    /// What is sent again is sent twice.
    ReplayTwice,
    /// What is sent again is sent in the wrong order.
    ReplayReordered,
    /// Some messages that come are not counted.
    UncountedMessage,
    /// A link goes on although what is missing was thrown away.
    ResumeOverLimit,
    /// What is sent while there is no connection is not kept.
    NotKept,
    /// A member that comes back loses the half of a message that had come.
    HalfMessageForgotten,
    /// Silence is never a loss.
    NoSilenceCheck,
    /// Requests wait on after a gap.
    RequestsNotFailed,
    /// Streams stay open after a gap.
    StreamsNotFailed,
    /// Attributes are not said again after a gap.
    AttributesNotResent,
    /// Messaging is not enabled again after a gap.
    NotEnabledAgain,
    /// Who left during a gap stays in the list.
    StaleList,
    /// Who is there already is told again.
    AddedTwice,
    /// An answer is reported twice.
    AnsweredTwice,
    /// Credit counts double.
    CreditTwice,
    /// Credit is not granted.
    CreditLost,
    /// A stream that is aborted looks whole.
    CleanEndAfterAbort,
    /// A small message to one member is delivered twice.
    DoubleDelivery,
    /// A message to nobody is taken.
    SentToNobody,
    /// A broadcast comes back to its sender.
    BroadcastToSender,
    /// Nobody is told who left.
    SilentLeave,
}

#[cfg(feature = "sabotage")]
mod active {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static ACTIVE: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Switches one bug on in this thread, or all off.
    pub fn set(bug: Option<Bug>) {
        ACTIVE.set(bug);
    }

    /// Whether a bug is switched on.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        ACTIVE.get() == Some(bug)
    }
}

#[cfg(feature = "sabotage")]
pub use active::{is, set};

/// Whether a bug is switched on.
#[cfg(not(feature = "sabotage"))]
#[must_use]
#[inline(always)]
pub const fn is(_bug: Bug) -> bool {
    false
}
