//! The options that all of `room messaging` has, and the connection they describe.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::Args;
use room_client::{Client, RoomUrl, RoomUrlError, RoomUrlFault, Token};
use room_proto::{Config, ErrorCode, SessionError};
use room_server::{NewToken, RoomName};
use tokio::time::{Instant, timeout_at};

use crate::{failure::Failure, secrets};

#[derive(Args, Debug)]
pub(super) struct Connection {
    /// The room, such as ws://127.0.0.1:8787/rooms/lobby; with --room only its server
    #[arg(long)]
    url: String,

    /// The room at the server of --url
    #[arg(long, value_parser = RoomName::new)]
    room: Option<RoomName>,

    /// The token; a file or ROOM_TOKEN hides it better from others on this machine
    #[arg(long, value_parser = Token::new, conflicts_with_all = ["token_file", "name"])]
    token: Option<Token>,

    /// Read the token from this file [env: ROOM_TOKEN has the token itself]
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    token_file: Option<PathBuf>,

    /// Sign a token of our own for this name, with --secret-file or ROOM_SECRET
    #[arg(long)]
    name: Option<String>,

    /// What we are to the others, if we sign a token of our own
    #[arg(long, default_value = "user", requires = "name")]
    role: String,

    /// Read the secret to sign with from this file [env: ROOM_SECRET has the secret itself]
    #[arg(long, value_name = "FILE", requires = "name")]
    secret_file: Option<PathBuf>,
}

impl Connection {
    /// Connects, enables messaging, does `work` and leaves, all but the goodbye before `timeout`.
    ///
    /// # Errors
    ///
    /// The first thing that fails.
    pub(super) async fn run<T>(
        &self,
        timeout: Duration,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let deadline = Deadline::after(Some(timeout));
        let mut client = deadline.limit(self.open()).await??;
        let result = deadline.limit(work(&mut client)).await;
        client.close().await;
        result?
    }

    /// Connects and enables messaging.
    ///
    /// # Errors
    ///
    /// The first thing that fails.
    pub(super) async fn open(&self) -> Result<Client, Failure> {
        let room = self.room.as_ref().map(RoomName::as_str);
        let url = RoomUrl::parse(&self.url, room).map_err(advised)?;
        let token = self.token(&url).map_err(Failure::Usage)?;
        let mut client = Client::connect(&url, &token, Config::default()).await?;
        match client.enable().await {
            Ok(()) => Ok(client),
            Err(error) => {
                client.close().await;
                Err(error.into())
            }
        }
    }

    fn token(&self, url: &RoomUrl) -> anyhow::Result<Token> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        if let Some(name) = &self.name {
            return self.sign(name, url);
        }
        secrets::token(self.token_file.as_deref())?.ok_or_else(|| {
            anyhow!(
                "there is no token: set {}, give --token-file, or sign one with --name NAME",
                secrets::TOKEN_VARIABLE
            )
        })
    }

    fn sign(&self, name: &str, url: &RoomUrl) -> anyhow::Result<Token> {
        let secret = secrets::secret(self.secret_file.as_deref())?.ok_or_else(|| {
            anyhow!(
                "there is no secret to sign with: set {} or give --secret-file",
                secrets::SECRET_VARIABLE
            )
        })?;
        let room = url.room_name().and_then(|name| RoomName::new(name).ok());
        let room = room.with_context(|| format!("{url} names no room to sign for"))?;
        let expires_in = Some(TOKEN_LIFETIME);
        let token = NewToken { room: &room, name, role: &self.role, expires_in };
        Ok(Token::new(&token.sign(&secret))?)
    }
}

/// The fault of a URL, with the option that mends it.
fn advised(error: RoomUrlError) -> Failure {
    let option = match &error.fault {
        RoomUrlFault::NoRoom => "; add --room NAME",
        RoomUrlFault::TwoRooms => "; leave out --room",
        RoomUrlFault::Syntax(_)
        | RoomUrlFault::NoScheme
        | RoomUrlFault::Scheme(_)
        | RoomUrlFault::Tls
        | RoomUrlFault::Host
        | RoomUrlFault::RoomName(_) => "",
    };
    Failure::Usage(anyhow!("{error}: {}{option}", error.fault))
}

/// It is used once, at once.
const TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// The moment by which all must be done, if there is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    timeout: Duration,
    at: Option<Instant>,
}

impl Deadline {
    pub(super) fn after(timeout: Option<Duration>) -> Self {
        let at = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { timeout: timeout.unwrap_or_default(), at }
    }

    /// Waits for the future, but not longer.
    ///
    /// # Errors
    ///
    /// `timeout`.
    pub(super) async fn limit<T>(self, future: impl Future<Output = T>) -> Result<T, SessionError> {
        let Some(at) = self.at else { return Ok(future.await) };
        timeout_at(at, future).await.map_err(|_| {
            let text = format!("it is not done within {:?}", self.timeout);
            SessionError::new(ErrorCode::Timeout, text)
        })
    }
}
