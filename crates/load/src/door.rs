//! The way into the rooms, for so many members at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use room_client::{Client, RoomUrl, Token};
use room_proto::Config;
use room_server::{NewToken, RoomName, Secret};
use tokio::sync::Semaphore;

/// Where the rooms are, and how one gets in.
#[derive(Debug)]
pub(crate) struct Door {
    urls: Vec<String>,
    next: AtomicUsize,
    secret: Secret,
    permits: Semaphore,
}

impl Door {
    pub(crate) fn new(urls: &[String], secret: &Secret) -> Self {
        let permits = Semaphore::new(AT_A_TIME);
        let next = AtomicUsize::new(0);
        Self { urls: urls.to_vec(), next, secret: secret.clone(), permits }
    }

    /// Connects and enables messaging, when it is our turn.
    pub(crate) async fn enter(&self, room: &str, name: &str) -> anyhow::Result<Client> {
        let _permit = self.permits.acquire().await?;
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.urls.len().max(1);
        let url = self.urls.get(turn).context("there is no server")?;
        let url = RoomUrl::parse(url, Some(room)).with_context(|| url.clone())?;
        let mut client = Client::connect(&url, &self.token(room, name)?, Config::default()).await?;
        client.enable().await?;
        Ok(client)
    }

    fn token(&self, room: &str, name: &str) -> anyhow::Result<Token> {
        let room = RoomName::new(room)?;
        let token = NewToken { room: &room, name, role: "user", expires_in: None };
        Ok(Token::new(&token.sign(&self.secret))?)
    }
}

/// More would wait in the server's backlog, where their time runs out.
const AT_A_TIME: usize = 200;
