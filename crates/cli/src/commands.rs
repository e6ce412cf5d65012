//! One file per command.

pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod man;
pub(crate) mod messaging;
pub(crate) mod serve;
pub(crate) mod token;
