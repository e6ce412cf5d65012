//! What a room does: who is in it, who may do what, who is told what, and in which order.
//!
//! There is no socket, no clock and no task here. [`Room::join`], [`Room::handle`] and
//! [`Room::leave`] take what members do; [`Room::poll_output`] gives what is to be sent to whom.
//! [`Pace`] says beforehand whether a member speaks too fast.
//! Whatever one member sends to another arrives in the order it was sent in.

mod calls;
mod claims;
mod member;
mod messages;
mod pace;
mod place;
mod presence;
mod room;

pub use claims::{Claims, Grants};
pub use member::{Joining, MemberId, Traits};
pub use pace::{Pace, Verdict};
pub use place::{CLOSE_TOO_LARGE, CLOSE_VIOLATION, Manner, Place, Received, close_code};
pub use room::{JoinError, Output, Room, RoomConfig, RoomLimits};
