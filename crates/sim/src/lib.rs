//! The delivery contract (`docs/delivery.md`), checked by machine.
//!
//! The real client session and the real room, on a network that delays, cuts, falls silent and
//! reorders connections, with a server that is killed and readers that do not read. One clock, one
//! seed: a run that fails can be replayed exactly. `model.rs` says what must hold.

mod guest;
mod model;
mod network;
mod random;
mod server;
mod world;

use std::fmt;

use crate::world::World;

/// A seed that shows a mistake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// After how many steps it was seen.
    pub step: usize,
    /// What did not hold.
    pub violation: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.violation)
    }
}

/// Plays one seed. With `is_traced` it prints what goes wrong on purpose.
///
/// # Errors
///
/// [`Failure`] if the contract did not hold.
pub fn simulate(seed: u64, is_traced: bool) -> Result<(), Failure> {
    World::new(seed, is_traced).run()
}
