//! What lets a participant in.

use std::fmt;

use thiserror::Error;

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

    /// The token itself, for the request that needs it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
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
