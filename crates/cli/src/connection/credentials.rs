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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_token_file_is_read_before_each_connection() {
        let name = format!("room-cli-token-{}", std::process::id());
        let file = std::env::temp_dir().join(name);
        fs::write(&file, "first\n").expect("a file");
        let tokens = from_file(file.clone()).expect("a token");

        assert_eq!(tokens.ask().await.expect("the first").expose(), "first");
        fs::write(&file, "second").expect("a file");
        assert_eq!(tokens.ask().await.expect("the second").expose(), "second");
        fs::remove_file(&file).expect("the file");
        let error = tokens.ask().await.expect_err("nothing");

        assert_eq!(error.code, ErrorCode::InvalidToken);
    }

    #[tokio::test]
    async fn a_token_of_our_own_is_signed_for_each_connection() {
        let room = RoomName::new("lobby").expect("a name");
        let (name, role) = (String::from("Ann"), String::from("agent"));
        let secret = Secret::new("a secret").expect("a secret");
        let tokens =
            Signer { secret: secret.clone(), room: room.clone(), name, role }.into_tokens();

        let token = tokens.ask().await.expect("a token");

        let keys = room_server::Keys::from_secret(secret);
        let claims = room_server::verify(&keys, Duration::ZERO, token.expose(), &room);
        assert_eq!(claims.map(|claims| claims.role().to_owned()).as_deref(), Ok("agent"));
    }
}
