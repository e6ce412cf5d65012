//! The binary as people and scripts use it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod cut;
mod doctor;
mod help;
mod messaging;
mod parity;
#[path = "../process/mod.rs"]
mod process;
mod stage;
mod streams;
mod talking;
mod tokens;
