//! Plays many seeds, or one with a trace.

use std::{
    num::NonZero,
    ops::Range,
    process::ExitCode,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};

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
    if let Err((number, failure)) = play(&range, seed.is_some()) {
        eprintln!("seed {number}: {failure}");
        eprintln!("replay it: cargo run --release -p room-sim -- --seed {number}");
        return ExitCode::FAILURE;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{} seeds in {seconds:.1} s, and the contract held", range.end - range.start);
    ExitCode::SUCCESS
}

/// Plays every seed, on as many threads as there are processors, or gives one that failed.
fn play(range: &Range<u64>, traced: bool) -> Result<(), (u64, String)> {
    let next = AtomicU64::new(range.start);
    let has_failed = AtomicBool::new(false);
    let work = || {
        while !has_failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= range.end {
                break;
            }
            room_sim::simulate(number, traced).map_err(|failure| {
                has_failed.store(true, Ordering::Relaxed);
                (number, failure.to_string())
            })?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    })
}
