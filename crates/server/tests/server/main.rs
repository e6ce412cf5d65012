//! The server over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod clients;
mod dev_token;
mod endings;
mod files;
mod harness;
mod refusals;
mod tokens;
