//! `room token`, or `room token mint`

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use room_server::RoomName;
use serde_json::{Value, json};

use crate::{
    commands::token::{
        allowed::Allowed,
        expiry::{Expiry, expiry},
        signing::SigningKey,
    },
    failure::Failure,
    output::print,
};

#[derive(Args, Debug)]
#[group(id = "mint")]
#[command(after_help = "\
Example:
  room token mint --room lobby --name ada --expires 15m > ada.token")]
pub(super) struct Arguments {
    /// The room that the token opens
    #[arg(long, value_parser = RoomName::new)]
    room: RoomName,

    /// The name by which others will know the participant
    #[arg(long)]
    name: String,

    /// What the participant is to the others: user, agent, tool or another word
    #[arg(long, default_value = "user")]
    role: String,

    /// How long the token is good for: 30s, 15m, 12h, 7d, or never
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = expiry)]
    expires: Expiry,

    /// What its bearer may do: send, broadcast, list with commas between them, or none
    #[arg(long, value_name = "WORDS", default_value = "all")]
    allow: Allowed,

    /// Read the secret to sign with from this file [env: ROOM_SECRET has the secret itself]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Sign with the first API key (ma-…) in this file
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    api_key_file: Option<PathBuf>,
}

/// Makes a token and prints it.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = SigningKey::find(arguments.api_key_file.as_deref(), arguments.secret_file.as_deref());
    let token = key.and_then(|key| key.sign(claims(arguments))).map_err(Failure::Usage)?;
    print(&token)?;
    Ok(())
}

fn claims(arguments: &Arguments) -> Value {
    let mut claims = json!({
        "name": arguments.name,
        "grants": [
            { "name": "room", "scope": arguments.room.as_str() },
            { "name": "role", "scope": arguments.role },
            { "name": "api", "scope": arguments.allow.scope() },
        ],
    });
    if let Some(time) = arguments.expires.0 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        claims["exp"] = json!(now.as_secs().saturating_add(time.as_secs()));
    }
    claims
}
