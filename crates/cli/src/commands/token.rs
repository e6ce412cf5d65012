//! `room token`

use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::Args;
use room_server::{NewToken, RoomName};

use crate::{failure::Failure, secrets};

#[derive(Args, Debug)]
#[command(after_help = "\
The token is signed with the secret in --secret-file or ROOM_SECRET, or with --api-key-file.")]
pub(crate) struct Arguments {
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

    /// Read the secret to sign with from this file [env: ROOM_SECRET has the secret itself]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Sign with the first API key (ma-…) in this file
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    api_key_file: Option<PathBuf>,
}

/// Makes a token and prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let token = sign(arguments).map_err(Failure::Usage)?;
    writeln!(std::io::stdout(), "{token}").context("cannot write to standard output")?;
    Ok(())
}

fn sign(arguments: &Arguments) -> anyhow::Result<String> {
    let token = NewToken {
        room: &arguments.room,
        name: &arguments.name,
        role: &arguments.role,
        expires_in: arguments.expires.0,
    };
    if let Some(file) = &arguments.api_key_file {
        let keys = secrets::api_keys(Some(file))?;
        let key = keys.first().with_context(|| format!("no API key in {}", file.display()))?;
        return Ok(token.sign_with_key(key));
    }
    let secret = secrets::secret(arguments.secret_file.as_deref())?.ok_or_else(|| {
        anyhow!(
            "there is no secret to sign with: set {} or give --secret-file",
            secrets::SECRET_VARIABLE
        )
    })?;
    Ok(token.sign(&secret))
}

/// A time, or no end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Expiry(Option<Duration>);

fn expiry(text: &str) -> anyhow::Result<Expiry> {
    if text == "never" {
        return Ok(Expiry(None));
    }
    let unit = text.chars().last().context("it is empty")?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(anyhow!("the unit is s, m, h or d")),
    };
    let number: u64 = text[..text.len() - 1].parse().context("a number comes before the unit")?;
    let total = number.checked_mul(seconds).context("it is too long")?;
    Ok(Expiry(Some(Duration::from_secs(total))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        let parsed = |text| expiry(text).ok();
        let seconds = |number| Some(Expiry(Some(Duration::from_secs(number))));

        assert_eq!(parsed("30s"), seconds(30));
        assert_eq!(parsed("15m"), seconds(900));
        assert_eq!(parsed("7d"), seconds(604_800));
        assert_eq!(parsed("never"), Some(Expiry(None)));
        for wrong in ["", "12", "h", "-1h", "1y", "99999999999999999999d", "1\u{e9}"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
