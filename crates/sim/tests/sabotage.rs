//! Every seeded bug is noticed: `cargo test --release -p room-sim --features sabotage`.

#![cfg(feature = "sabotage")]

use room_proto::sabotage::{Bug, set};
use room_sim::simulate;

/// How many seeds a bug may survive. The rarest, credit that is counted twice, needs a reader that stops at the
/// right moment: one seed in three thousand.
const SEEDS: u64 = 20_000;

#[test]
fn every_bug_is_caught() {
    let mut survivors = Vec::new();
    for bug in Bug::ALL {
        set(Some(*bug));
        let caught = (0..SEEDS).find_map(|seed| Some((seed, simulate(seed, false).err()?)));
        set(None);
        match caught {
            Some((seed, failure)) => println!("{bug:?}: seed {seed}, {failure}"),
            None => survivors.push(*bug),
        }
    }
    assert_eq!(survivors, [], "these were not noticed in {SEEDS} seeds");
}

#[test]
fn there_are_enough_of_them() {
    assert!(Bug::ALL.len() >= 20, "{}", Bug::ALL.len());
}
