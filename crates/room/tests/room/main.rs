//! What members see of a room.

#![expect(clippy::expect_used, reason = "a test may panic")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

mod bench;
mod calls;
mod duplex;
mod membership;
mod messages;
mod pace;
mod presence;
mod traces;
