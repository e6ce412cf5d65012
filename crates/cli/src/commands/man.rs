//! `room man`

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Command};
use clap_mangen::{Man, generate_to};

use crate::{failure::Failure, output::print_all};

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  room man | man -l -
  room man --out ~/.local/share/man/man1")]
pub(crate) struct Arguments {
    /// Write one page for each command into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the page of the whole command, or writes those of all commands.
pub(crate) fn run(arguments: &Arguments, command: Command) -> Result<(), Failure> {
    match &arguments.out {
        Some(folder) => {
            write(folder, command).with_context(|| format!("cannot write to {}", folder.display()))
        }
        None => page(command).context("the page is not written").and_then(|page| print_all(&page)),
    }?;
    Ok(())
}

fn write(folder: &Path, command: Command) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    generate_to(command, folder)
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}
