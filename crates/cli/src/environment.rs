//! The variables that stand in for options: ours, then those of the official tool.

use std::env;

use anyhow::bail;

/// Where a room is: `--url`.
pub(crate) const URL: &[&str] = &["ROOM_URL"];
/// Which room it is: `--room`.
pub(crate) const ROOM: &[&str] = &["ROOM_ROOM", "MESHAGENT_ROOM"];
/// Who gives tokens for API keys: `--api-url`.
pub(crate) const API_URL: &[&str] = &["ROOM_API_URL", "MESHAGENT_API_URL"];
/// The API key itself, or a token that the API takes.
pub(crate) const API_KEY: &[&str] = &["ROOM_API_KEY", "MESHAGENT_API_KEY", "MESHAGENT_TOKEN"];
/// The project in which the room is: `--project-id`.
pub(crate) const PROJECT_ID: &[&str] = &["ROOM_PROJECT_ID", "MESHAGENT_PROJECT_ID"];

/// The first of the variables that is set and not empty.
///
/// # Errors
///
/// If it is not UTF-8. It may be a secret, so it is not shown.
pub(crate) fn first(names: &[&str]) -> anyhow::Result<Option<String>> {
    for name in names {
        match env::var(name) {
            Ok(value) if value.is_empty() => {}
            Ok(value) => return Ok(Some(value)),
            Err(env::VarError::NotPresent) => {}
            Err(env::VarError::NotUnicode(_)) => bail!("{name} is not UTF-8"),
        }
    }
    Ok(None)
}
