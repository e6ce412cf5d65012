//! The server over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

mod accounts;
mod admin;
mod clients;
mod collector;
mod dev_token;
mod drain;
mod endings;
mod files;
mod grants;
mod guest;
mod harness;
mod limits;
mod log;
mod origins;
mod otlp;
mod proxies;
mod refusals;
mod resume;
mod secrecy;
mod tokens;
mod traces;
