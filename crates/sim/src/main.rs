//! Plays many seeds, or one with a trace.

use std::{process::ExitCode, time::Instant};

use clap::Parser;

/// Check the delivery contract on a bad network in virtual time
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to play
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,

    /// The first of them
    #[arg(long, default_value_t = 0)]
    from: u64,

    /// Play this one only, and print what happens
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let Arguments { seeds, from, seed } = Arguments::parse();
    let began = Instant::now();
    let range = seed.map_or(from..from + seeds, |seed| seed..seed + 1);
    for number in range.clone() {
        if let Err(failure) = room_sim::simulate(number, seed.is_some()) {
            eprintln!("seed {number}: {failure}");
            eprintln!("replay it: cargo run --release -p room-sim -- --seed {number}");
            return ExitCode::FAILURE;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{} seeds in {seconds:.1} s, and the contract held", range.end - range.start);
    ExitCode::SUCCESS
}
