//! `room completions`

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::{failure::Failure, output::print_all};

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  room completions bash > ~/.local/share/bash-completion/completions/room
  room completions zsh > ~/.zfunc/_room")]
pub(crate) struct Arguments {
    /// The shell that will read it
    shell: Shell,
}

/// Prints the completions of one shell.
pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "room", &mut script);
    print_all(&script)?;
    Ok(())
}
