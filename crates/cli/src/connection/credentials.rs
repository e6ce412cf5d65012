//! What lets us in: a token, a secret to sign one, or an API key to ask for one.

use std::{future, path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow};
use room_client::{RoomUrl, Token, TokenSource};
use room_proto::{ErrorCode, SessionError};
use room_server::{NewToken, RoomName, Secret};

use crate::{connection::Connection, environment, secrets};

impl Connection {
    /// Whether an option gives a token, or signs one.
    pub(super) fn has_own_token(&self) -> bool {
        self.token.is_some() || self.token_file.is_some() || self.name.is_some()
    }

    /// Where the tokens of all connections come from.
    pub(super) fn tokens(&self, url: &RoomUrl) -> anyhow::Result<TokenSource> {
        if let Some(token) = &self.token {
            return Ok(token.into());
        }
        if let Some(name) = &self.name {
            return Ok(self.signer(name, url)?.into_tokens());
        }
        if let Some(file) = &self.token_file {
            return from_file(file.clone());
        }
        let token = secrets::token(None)?.ok_or_else(|| {
            anyhow!(
                "there is no token: set {}, give --token-file, or sign one with --name NAME",
                secrets::TOKEN_VARIABLE
            )
        })?;
        Ok(token.into())
    }

    /// The API key, or the token that stands for one.
    pub(super) fn api_key(&self) -> anyhow::Result<Token> {
        if let Some(file) = &self.api_key_file {
            return secrets::token(Some(file))?.context("there is no API key");
        }
        let key = environment::first(environment::API_KEY)?.ok_or_else(|| {
            anyhow!(
                "there is no API key: set {} or give --api-key-file; with a token or a secret of \
                 your own, give --token-file or --name",
                environment::API_KEY.join(" or ")
            )
        })?;
        Ok(Token::new(&key)?)
    }

    fn signer(&self, name: &str, url: &RoomUrl) -> anyhow::Result<Signer> {
        let secret = secrets::secret(self.secret_file.as_deref())?.ok_or_else(|| {
            anyhow!(
                "there is no secret to sign with: set {} or give --secret-file",
                secrets::SECRET_VARIABLE
            )
        })?;
        let room = url.room_name().and_then(|name| RoomName::new(name).ok());
        let room = room.with_context(|| format!("{url} names no room to sign for"))?;
        Ok(Signer { secret, room, name: name.to_owned(), role: self.role.clone() })
    }
}

/// The file is read before each connection: somebody may put another token there.
fn from_file(file: PathBuf) -> anyhow::Result<TokenSource> {
    // What is wrong with it should be known before anything is opened.
    secrets::token(Some(&file))?;
    Ok(TokenSource::new(move || {
        let token = secrets::token(Some(&file)).and_then(|token| token.context("there is none"));
        future::ready(
            token.map_err(|error| SessionError::new(ErrorCode::InvalidToken, format!("{error:#}"))),
        )
    }))
}

/// What a token of our own is signed with, and what it says.
struct Signer {
    secret: Secret,
    room: RoomName,
    name: String,
    role: String,
}

impl Signer {
    fn into_tokens(self) -> TokenSource {
        TokenSource::new(move || future::ready(self.sign()))
    }

    fn sign(&self) -> Result<Token, SessionError> {
        let Self { secret, room, name, role } = self;
        let token = NewToken { room, name, role, expires_in: Some(LIFETIME) };
        Token::new(&token.sign(secret))
            .map_err(|error| SessionError::new(ErrorCode::InvalidToken, error.to_string()))
    }
}

/// It is used once, at once.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
