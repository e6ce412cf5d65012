//! `room token`

mod allowed;
mod expiry;
mod inspect;
mod mint;
mod signing;
mod text;
mod verify;

use clap::{Args, Subcommand};

pub(crate) use self::text::Said;
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
The token is signed with the secret in --secret-file or ROOM_SECRET, or with --api-key-file.

Example:
  room token --room lobby --name ada --expires 15m > ada.token
  room token inspect --token-file ada.token"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    mint: Option<mint::Arguments>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token and print it, as room token does without a further word
    Mint(mint::Arguments),
    /// Show what a token says, without checking its signature
    Inspect(inspect::Arguments),
    /// Check whether a token opens a room of a server with this secret or these API keys
    Verify(verify::Arguments),
}

impl Arguments {
    /// Whether what goes wrong is to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        match &self.command {
            None | Some(Command::Mint(_)) => false,
            Some(Command::Inspect(arguments)) => arguments.json,
            Some(Command::Verify(arguments)) => arguments.json,
        }
    }
}

/// Makes a token, or looks at one.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match (&arguments.command, &arguments.mint) {
        (Some(Command::Mint(arguments)), _) | (None, Some(arguments)) => mint::run(arguments),
        (Some(Command::Inspect(arguments)), _) => inspect::run(arguments),
        (Some(Command::Verify(arguments)), _) => verify::run(arguments),
        (None, None) => Err(Failure::Usage(anyhow::anyhow!(
            "say for whom the token is: --room NAME --name NAME; room token --help tells more"
        ))),
    }
}
