//! Scenarios of the client's session, in virtual time.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

mod abilities;
#[path = "../bench/mod.rs"]
mod bench;
mod calls;
mod codes;
mod handshake;
mod messages;
mod messaging;
mod pairs;
mod reading;
mod requests;
mod resuming;
mod unread;
mod writing;
