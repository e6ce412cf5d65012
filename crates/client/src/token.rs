//! What lets a participant in.

use std::fmt;

use room_proto::{ErrorCode, SessionError};
use thiserror::Error;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// A participant token. Shows itself to nobody.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(Box<str>);

impl Token {
    /// Takes the text without white space around it.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if nothing is left.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        match text.trim() {
            "" => Err(TokenError),
            text => Ok(Self(text.into())),
        }
    }

    /// The token itself, for whoever must show it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The header of a request that bears it.
    ///
    /// # Errors
    ///
    /// `invalid-token` if it cannot stand in a header.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, SessionError> {
        let invalid =
            |_| SessionError::new(ErrorCode::InvalidToken, "the token has characters of no token");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.0)).map_err(invalid)?;
        bearer.set_sensitive(true);
        Ok(bearer)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// There is no token in the text.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the token is empty")]
pub struct TokenError;
