//! Joins a server with many members, lets some of them talk, and says what became of every message.
//!
//! One table on standard output, everything else on standard error. The exit code is 1 if a message
//! that the server had taken did not arrive once and in order, or if a member was lost.

mod arguments;
mod audit;
mod crowd;
mod door;
mod latency;
mod member;
mod record;
mod report;
mod run;
mod server_process;
mod talk;

use std::{fs, process::ExitCode};

use anyhow::{Context as _, ensure};
use clap::Parser as _;

use crate::{arguments::Arguments, report::Report};

#[tokio::main]
async fn main() -> ExitCode {
    match load(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
async fn load(arguments: &Arguments) -> anyhow::Result<bool> {
    raise_open_files(arguments.members())?;
    let report = run::run(arguments).await?;
    println!("{}", report.table());

    let problems = report.problems();
    for problem in &problems {
        eprintln!("error: {problem}");
    }
    if problems.is_empty() {
        write(arguments, &report)?;
    }
    Ok(problems.is_empty())
}

/// A page with errors is not worth keeping.
fn write(arguments: &Arguments, report: &Report) -> anyhow::Result<()> {
    let Some(file) = &arguments.write else { return Ok(()) };
    fs::write(file, report.page()).with_context(|| format!("cannot write {}", file.display()))
}

/// A connection is an open file, here and in the server.
fn raise_open_files(members: usize) -> anyhow::Result<()> {
    let needed = u64::try_from(members)?.saturating_add(SPARE_FILES);
    let allowed = rlimit::increase_nofile_limit(needed).context("cannot raise the open files")?;
    ensure!(
        allowed >= needed,
        "{members} members need {needed} open files, and the system allows {allowed}; \
         see ulimit -Hn"
    );
    Ok(())
}

/// What a process has open beside its connections.
const SPARE_FILES: u64 = 64;
