//! `room token inspect`

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::{
    commands::token::text::{Said, Source},
    failure::Failure,
    output::{harmless, print, print_json},
    span::span,
};

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  room token inspect --token-file ada.token")]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,

    /// Print one line of JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Prints what a token says.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let token = arguments.source.read().map_err(Failure::Usage)?;
    let said = Said::read(token.expose())?;
    if arguments.json {
        print_json(&Inspected::new(&said))?;
        return Ok(());
    }
    for (what, value) in rows(&said) {
        print(&format!("{what:<10}{}", harmless(&value)))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Inspected<'a> {
    name: &'a str,
    role: &'a str,
    rooms: Vec<&'a str>,
    allowed: Vec<&'static str>,
    expired: bool,
    claims: &'a Value,
}

impl<'a> Inspected<'a> {
    fn new(said: &'a Said) -> Self {
        Self {
            name: said.name(),
            role: said.role(),
            rooms: said.rooms(),
            allowed: said.rights(),
            expired: said.time_left() == Some(None),
            claims: &said.claims,
        }
    }
}

fn rows(said: &Said) -> [(&'static str, String); 6] {
    [
        ("name", said.name().to_owned()),
        ("role", said.role().to_owned()),
        ("rooms", or_nothing(&said.rooms())),
        ("may", or_nothing(&said.rights())),
        ("expires", expiry(said)),
        ("key", said.claims["kid"].as_str().unwrap_or("the server's secret").to_owned()),
    ]
}

fn or_nothing(words: &[&str]) -> String {
    if words.is_empty() { String::from("nothing") } else { words.join(", ") }
}

fn expiry(said: &Said) -> String {
    let Some(at) = said.expires_at() else { return String::from("never") };
    let date = date(at);
    match said.time_left().flatten() {
        Some(left) => format!("{date}, in {}", span(left)),
        None => {
            let since = SystemTime::now().duration_since(at).unwrap_or_default();
            format!("{date}, {} ago", span(since))
        }
    }
}

fn date(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    // The format has four digits for the year.
    if since < Duration::from_secs(YEAR_9999) {
        httpdate::fmt_http_date(at)
    } else {
        String::from("after the year 9999")
    }
}

const YEAR_9999: u64 = 253_370_764_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_beyond_the_format_is_said_in_words() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);

        assert_eq!(date(at(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date(at(YEAR_9999)), "after the year 9999");
    }
}
