//! Where the room is: at a URL, or where an API says.

use std::sync::Mutex;

use anyhow::anyhow;
use room_client::{Accounts, RoomUrl, RoomUrlError, RoomUrlFault, TokenSource};
use room_server::{ApiKey, RoomName};

use crate::{connection::Connection, environment, failure::Failure};

/// Who knows where the room is.
enum Place {
    /// The URL says it, perhaps with the name of the room.
    Url(String),
    /// This API is to be asked.
    Api(String),
}

impl Connection {
    /// The room's address, and where tokens for it come from.
    ///
    /// # Errors
    ///
    /// What is wrong with the options or their variables, or what the API answers.
    pub(crate) async fn way_in(&self) -> Result<(RoomUrl, TokenSource), Failure> {
        match self.place().map_err(Failure::Usage)? {
            // Whoever has a token need not ask for one: the room is at the API's own address.
            Place::Api(api) if !self.has_own_token() => self.ask(&api).await,
            Place::Url(url) | Place::Api(url) => {
                let url = self.room_url(&url)?;
                let tokens = self.tokens(&url).map_err(Failure::Usage)?;
                Ok((url, tokens))
            }
        }
    }

    /// An option says more than a variable, and our variables more than those of others.
    fn place(&self) -> anyhow::Result<Place> {
        if let Some(url) = &self.url {
            return Ok(Place::Url(url.clone()));
        }
        if let Some(api) = &self.api_url {
            return Ok(Place::Api(api.clone()));
        }
        if let Some(url) = environment::first(environment::URL)? {
            return Ok(Place::Url(url));
        }
        if let Some(api) = environment::first(environment::API_URL)? {
            return Ok(Place::Api(api));
        }
        Err(anyhow!(
            "no room is named: give --url ws://HOST/rooms/NAME or set ROOM_URL; or give --api-url \
             and --room, or set MESHAGENT_API_URL and MESHAGENT_ROOM"
        ))
    }

    /// A variable names the room only where nothing else does.
    fn room_url(&self, url: &str) -> Result<RoomUrl, Failure> {
        let named = self.room.as_ref().map(RoomName::as_str);
        match RoomUrl::parse(url, named) {
            Err(error) if error.fault == RoomUrlFault::NoRoom => {
                let room = self.room().map_err(Failure::Usage)?;
                let room = room.ok_or_else(|| advised(error))?;
                RoomUrl::parse(url, Some(room.as_str())).map_err(advised)
            }
            parsed => parsed.map_err(advised),
        }
    }

    fn room(&self) -> anyhow::Result<Option<RoomName>> {
        match &self.room {
            Some(room) => Ok(Some(room.clone())),
            None => match environment::first(environment::ROOM)? {
                Some(name) => {
                    let room = RoomName::new(&name);
                    room.map(Some).map_err(|error| anyhow!("{name:?} in the environment: {error}"))
                }
                None => Ok(None),
            },
        }
    }

    async fn ask(&self, api: &str) -> Result<(RoomUrl, TokenSource), Failure> {
        let accounts = Accounts::parse(api)
            .map_err(|error| Failure::Usage(anyhow!("in the URL of the API: {error}")))?;
        let room = self.room().map_err(Failure::Usage)?;
        let room = room.ok_or_else(|| {
            Failure::Usage(anyhow!("no room is named: give --room or set MESHAGENT_ROOM"))
        })?;
        let key = self.api_key().map_err(Failure::Usage)?;
        let project = self.project(key.expose()).map_err(Failure::Usage)?;
        let (url, first) = accounts.connect(&key, &project, room.as_str()).await?;

        let first = Mutex::new(Some(first));
        let tokens = TokenSource::new(move || {
            let first = first.lock().ok().and_then(|mut first| first.take());
            let (accounts, key) = (accounts.clone(), key.clone());
            let (project, room) = (project.clone(), room.clone());
            async move {
                match first {
                    Some(token) => Ok(token),
                    None => Ok(accounts.connect(&key, &project, room.as_str()).await?.1),
                }
            }
        });
        Ok((url, tokens))
    }

    fn project(&self, key: &str) -> anyhow::Result<String> {
        if let Some(project) = &self.project_id {
            return Ok(project.clone());
        }
        if let Some(project) = environment::first(environment::PROJECT_ID)? {
            return Ok(project);
        }
        let project = ApiKey::parse(key).map(|key| key.project.to_string());
        project.map_err(|_| {
            anyhow!("no project is named: give --project-id or set MESHAGENT_PROJECT_ID")
        })
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
