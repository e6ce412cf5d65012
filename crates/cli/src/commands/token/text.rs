//! The token that is looked at, and what it says.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use room::{Claims, Grants};
use room_client::Token;
use serde_json::Value;

use crate::secrets;

/// Where the token is.
#[derive(Args, Debug)]
pub(super) struct Source {
    /// Read the token from this file, - is standard input [env: ROOM_TOKEN has the token itself]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Source {
    /// The token.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be read.
    pub(super) fn read(&self) -> anyhow::Result<Token> {
        if self.token_file.as_deref() == Some(Path::new("-")) {
            let mut text = String::new();
            io::stdin().lock().take(LIMIT_BYTES).read_to_string(&mut text)?;
            return Token::new(&text).context("on standard input");
        }
        secrets::token(self.token_file.as_deref())?.ok_or_else(|| {
            anyhow!("there is no token: set {} or give --token-file", secrets::TOKEN_VARIABLE)
        })
    }
}

/// No token is so long.
const LIMIT_BYTES: u64 = 1024 * 1024;

/// What a token says. Nothing of it is verified.
#[derive(Debug)]
pub(crate) struct Said {
    /// The claims as they are.
    pub(crate) claims: Value,
    /// What a room makes of them.
    read: Claims,
}

impl Said {
    /// Reads a token.
    ///
    /// # Errors
    ///
    /// If it is no participant token. The error shows nothing of it.
    pub(crate) fn read(token: &str) -> anyhow::Result<Self> {
        let unreadable = || anyhow!("the token cannot be read");
        let body = token.split('.').nth(1).ok_or_else(unreadable)?;
        let body = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).map_err(|_| unreadable())?;
        let claims: Value = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        let read = serde_json::from_value(claims.clone())
            .map_err(|_| anyhow!("it is no token of a participant: name and grants are wanted"))?;
        Ok(Self { claims, read })
    }

    pub(crate) fn name(&self) -> &str {
        self.read.name()
    }

    pub(crate) fn role(&self) -> &str {
        self.read.role()
    }

    /// The rooms that it opens.
    pub(crate) fn rooms(&self) -> Vec<&str> {
        let grants = self.claims["grants"].as_array().map_or(&[][..], Vec::as_slice);
        let rooms = grants.iter().filter(|grant| grant["name"] == "room");
        rooms.filter_map(|grant| grant["scope"].as_str()).collect()
    }

    /// What its bearer may do, for a server that also takes tokens of the first SDKs.
    pub(crate) fn rights(&self) -> Vec<&'static str> {
        let Grants { messaging, send, broadcast, list } = Grants::from_claims(&self.read, true);
        let rights = [("send", send), ("broadcast", broadcast), ("list", list)];
        let allowed = rights.into_iter().filter(|(_, allowed)| messaging && *allowed);
        allowed.map(|(name, _)| name).collect()
    }

    /// When it expires, if it ever does.
    pub(crate) fn expires_at(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(self.read.expires_at()?)
    }

    /// How long it is still good for: `None` for ever, `Some(None)` no longer.
    pub(crate) fn time_left(&self) -> Option<Option<Duration>> {
        Some(self.expires_at()?.duration_since(SystemTime::now()).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_tells_what_it_is_good_for() {
        let claims = r#"{"name":"Ann","exp":1000,"grants":[{"name":"room","scope":"lobby"},
            {"name":"role","scope":"agent"},
            {"name":"api","scope":{"messaging":{"broadcast":false}}}]}"#;

        let said = Said::read(&token(claims)).expect("a token");

        assert_eq!((said.name(), said.role()), ("Ann", "agent"));
        assert_eq!(said.rooms(), ["lobby"]);
        assert_eq!(said.rights(), ["send", "list"]);
        assert_eq!(said.time_left(), Some(None));
    }

    #[test]
    fn what_is_no_token_says_so_and_shows_nothing_of_it() {
        for wrong in ["", "hush", "a.hush.c", &token("hush"), &token("{\"name\":\"hush\"}")] {
            let error = Said::read(wrong).expect_err("no token").to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
