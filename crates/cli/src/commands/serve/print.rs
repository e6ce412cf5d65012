//! `--print-config`

use std::{env, io::Write as _};

use anyhow::Context as _;

use super::Arguments;
use crate::{failure::Failure, secrets};

/// Prints all settings. Of secrets only where they are from.
pub(super) fn print(arguments: &Arguments) -> Result<(), Failure> {
    let text = format!(
        "# room serve {}\n{}# secret: {}\n# API keys: {}\n",
        env!("CARGO_PKG_VERSION"),
        arguments.settings.to_toml(),
        secret_origin(arguments).map_err(Failure::Usage)?,
        api_keys_origin(arguments).map_err(Failure::Usage)?,
    );
    let written = std::io::stdout().write_all(text.as_bytes());
    Ok(written.context("cannot write to standard output")?)
}

fn secret_origin(arguments: &Arguments) -> anyhow::Result<String> {
    let file = arguments.secret_file();
    Ok(match (secrets::secret(file)?, file) {
        (Some(_), Some(file)) => format!("in {}", file.display()),
        (Some(_), None) => format!("in {}", secrets::SECRET_VARIABLE),
        (None, _) if arguments.dev => String::from("made anew by each run"),
        (None, _) => String::from("none"),
    })
}

fn api_keys_origin(arguments: &Arguments) -> anyhow::Result<String> {
    let file = arguments.api_key_file.as_deref();
    let count = secrets::api_keys(file)?.len();
    let names = file.map(|file| file.display().to_string());
    let variable = env::var_os(secrets::API_KEYS_VARIABLE);
    let origins: Vec<_> =
        names.into_iter().chain(variable.map(|_| secrets::API_KEYS_VARIABLE.to_owned())).collect();
    Ok(if count == 0 {
        String::from("none")
    } else {
        format!("{count}, in {}", origins.join(" and "))
    })
}
