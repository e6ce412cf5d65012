//! One file per command.

pub(crate) mod doctor;
pub(crate) mod messaging;
pub(crate) mod serve;
pub(crate) mod token;
