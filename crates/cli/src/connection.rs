//! The options of every command that joins a room, and the connection they describe.

mod credentials;
mod place;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use room_client::{Backoff, Client, Options, Token};
use room_proto::Config;
use room_server::RoomName;

use crate::{deadline::Deadline, failure::Failure, seconds::seconds};

/// The heading of the options in every help.
const HEADING: &str = "Connection";

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Connection {
    /// The room, such as ws://127.0.0.1:8787/rooms/lobby; with --room only its server
    /// [env: ROOM_URL]
    #[arg(long)]
    url: Option<String>,

    /// The room at the server of --url or --api-url [env: ROOM_ROOM, MESHAGENT_ROOM]
    #[arg(long, value_parser = RoomName::new)]
    room: Option<RoomName>,

    /// Ask this API for the room's address and a token, as the official tool does
    /// [env: ROOM_API_URL, MESHAGENT_API_URL]
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    api_url: Option<String>,

    /// The project of the room, for the API; the API key's by default
    /// [env: ROOM_PROJECT_ID, MESHAGENT_PROJECT_ID]
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,

    /// Read the API key (ma-…) from this file
    /// [env: ROOM_API_KEY, MESHAGENT_API_KEY, MESHAGENT_TOKEN have the key itself]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["token", "token_file", "name"])]
    api_key_file: Option<PathBuf>,

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

    /// How long to try to come back after the connection is lost; 0 not to
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    reconnect: Duration,

    /// Print results as lines of JSON, and what goes wrong too
    #[arg(long)]
    json: bool,
}

impl Connection {
    /// Whether results are to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Connects, enables messaging, does `work` and leaves, all but the goodbye before `timeout`.
    ///
    /// # Errors
    ///
    /// The first thing that fails.
    pub(crate) async fn run<T>(
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
    pub(crate) async fn open(&self) -> Result<Client, Failure> {
        let (url, tokens) = self.way_in().await?;
        let options = Options { enables: true, ..self.options() };
        let mut client = Client::connect(&url, tokens, options).await?;
        match client.enable().await {
            Ok(()) => Ok(client),
            Err(error) => {
                client.close().await;
                Err(error.into())
            }
        }
    }

    /// How the client behaves.
    pub(crate) fn options(&self) -> Options {
        let session = Config { reconnect: !self.reconnect.is_zero(), ..Config::default() };
        let backoff = Backoff { give_up_after: Some(self.reconnect), ..Backoff::default() };
        Options { session, backoff, ..Options::default() }
    }
}
