//! Where the token of each connection comes from.

use std::{fmt, pin::Pin, sync::Arc};

use room_proto::SessionError;

use crate::token::Token;

/// Gives a token for each connection: always the same, or another one whenever it is asked.
#[derive(Clone)]
pub struct TokenSource(Arc<Ask>);

type Ask = dyn Fn() -> Asking + Send + Sync;
type Asking = Pin<Box<dyn Future<Output = Result<Token, SessionError>> + Send>>;

impl TokenSource {
    /// Asks before each connection. An error whose code is not retryable ends the session.
    pub fn new<F, A>(ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Token, SessionError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(ask())))
    }

    /// The token for the next connection.
    ///
    /// # Errors
    ///
    /// What whoever is asked says.
    pub async fn ask(&self) -> Result<Token, SessionError> {
        (self.0)().await
    }
}

impl From<Token> for TokenSource {
    fn from(token: Token) -> Self {
        Self::new(move || std::future::ready(Ok(token.clone())))
    }
}

impl From<&Token> for TokenSource {
    fn from(token: &Token) -> Self {
        token.clone().into()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}
