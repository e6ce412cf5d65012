//! Rooms over several servers, which meet in a real NATS.
//!
//! Needs `nats-server`, from PATH or from `ROOM_NATS_SERVER`; without it the tests say so and do
//! nothing. On Debian: `apt-get install nats-server`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

mod cuts;
mod endings;
#[path = "../../../server/tests/server/guest.rs"]
#[expect(dead_code, reason = "it belongs to the server's tests")]
mod guest;
#[path = "../../../server/tests/server/harness.rs"]
#[expect(dead_code, reason = "it belongs to the server's tests")]
mod harness;
mod kills;
mod nats;
mod nodes;
mod proxy;
mod spread;
mod streams;
mod trace;
