//! `room token verify`

use std::{path::PathBuf, time::Duration};

use anyhow::anyhow;
use clap::Args;
use room_server::{Keys, RoomName};
use serde::Serialize;

use crate::{
    commands::token::text::{Said, Source},
    failure::Failure,
    output::{harmless, print, print_json},
    secrets,
};

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  room token verify --room lobby --token-file ada.token")]
pub(super) struct Arguments {
    /// The room that it should open
    #[arg(long, value_parser = RoomName::new)]
    room: RoomName,

    #[command(flatten)]
    source: Source,

    /// Read the secret from this file [env: ROOM_SECRET has the secret itself]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Read API keys (ma-…) from this file, one a line [env: ROOM_API_KEYS has the keys themselves]
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,

    /// How far the clocks of those who sign tokens may be off, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    clock_skew: u64,

    /// Print one line of JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Checks a token as the server would. One that is not good is a failure.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let keys = keys(arguments).map_err(Failure::Usage)?;
    let token = arguments.source.read().map_err(Failure::Usage)?;
    let clock_skew = Duration::from_secs(arguments.clock_skew);
    room_server::verify(&keys, clock_skew, token.expose(), &arguments.room)
        .map_err(|error| Failure::Failed(error.into()))?;

    let said = Said::read(token.expose())?;
    let (name, role, allowed) = (said.name(), said.role(), said.rights());
    if arguments.json {
        print_json(&Verified { valid: true, name, role, allowed })?;
    } else {
        let name = harmless(name);
        print(&format!("The token opens {} for {name:?}.", arguments.room))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Verified<'a> {
    valid: bool,
    name: &'a str,
    role: &'a str,
    allowed: Vec<&'static str>,
}

fn keys(arguments: &Arguments) -> anyhow::Result<Keys> {
    let secret = secrets::secret(arguments.secret_file.as_deref())?;
    let api_keys = secrets::api_keys(arguments.api_key_file.as_deref())?;
    let keys = secret.map_or_else(Keys::default, Keys::from_secret);
    let keys = api_keys.into_iter().fold(keys, Keys::with_api_key);
    if keys.is_empty() {
        return Err(anyhow!(
            "there is nothing to check it with: set {} or {}, or give --secret-file or \
             --api-key-file",
            secrets::SECRET_VARIABLE,
            secrets::API_KEYS_VARIABLE
        ));
    }
    Ok(keys)
}
