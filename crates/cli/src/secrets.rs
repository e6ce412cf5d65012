//! Where secrets come from: files and the environment, and for short-lived tokens the command line.

use std::{env, fs, path::Path};

use anyhow::{Context as _, bail};
use room_client::Token;
use room_server::{ApiKey, Secret};

/// The variable with the secret itself.
pub(crate) const SECRET_VARIABLE: &str = "ROOM_SECRET";
/// The variable with API keys, separated by commas or white space.
pub(crate) const API_KEYS_VARIABLE: &str = "ROOM_API_KEYS";
/// The variable with a token.
pub(crate) const TOKEN_VARIABLE: &str = "ROOM_TOKEN";

/// The token in the file, or else in the environment.
pub(crate) fn token(file: Option<&Path>) -> anyhow::Result<Option<Token>> {
    match file {
        Some(file) => {
            let token = Token::new(&read(file)?);
            token.map(Some).with_context(|| format!("in {}", file.display()))
        }
        None => match env::var(TOKEN_VARIABLE) {
            Ok(text) => Token::new(&text).map(Some).context(format!("in {TOKEN_VARIABLE}")),
            Err(env::VarError::NotPresent) => Ok(None),
            // The variable's error would repeat the value.
            Err(env::VarError::NotUnicode(_)) => bail!("{TOKEN_VARIABLE} is not UTF-8"),
        },
    }
}

/// The secret in the file, or else in the environment.
pub(crate) fn secret(file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let Some(text) = secret_text(file)? else { return Ok(None) };
    Secret::new(&text).map(Some).context("the secret was checked")
}

/// The same as it is, without the line break that files end with.
pub(crate) fn secret_text(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let (text, place) = match file {
        Some(file) => (read(file)?, file.display().to_string()),
        None => match env::var(SECRET_VARIABLE) {
            Ok(text) => (text, SECRET_VARIABLE.to_owned()),
            Err(env::VarError::NotPresent) => return Ok(None),
            // The variable's error would repeat the value.
            Err(env::VarError::NotUnicode(_)) => bail!("{SECRET_VARIABLE} is not UTF-8"),
        },
    };
    Secret::new(&text).with_context(|| format!("in {place}"))?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The first API key in the file, as it is.
pub(crate) fn first_api_key(file: &Path) -> anyhow::Result<String> {
    let text = read(file)?;
    let first = words(&text).next();
    first.map(str::to_owned).with_context(|| format!("no API key in {}", file.display()))
}

/// The API keys in the file and in the environment.
pub(crate) fn api_keys(file: Option<&Path>) -> anyhow::Result<Vec<ApiKey>> {
    let mut keys = Vec::new();
    if let Some(file) = file {
        keys.extend(parse_keys(&read(file)?).with_context(|| format!("in {}", file.display()))?);
    }
    if let Ok(text) = env::var(API_KEYS_VARIABLE) {
        keys.extend(parse_keys(&text).with_context(|| format!("in {API_KEYS_VARIABLE}"))?);
    }
    Ok(keys)
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn parse_keys(text: &str) -> anyhow::Result<Vec<ApiKey>> {
    let keys = words(text).enumerate();
    keys.map(|(index, word)| {
        ApiKey::parse(word).with_context(|| format!("API key number {}", index + 1))
    })
    .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|character: char| character == ',' || character.is_whitespace());
    words.filter(|word| !word.is_empty())
}
