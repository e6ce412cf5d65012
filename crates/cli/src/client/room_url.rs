//! Where a room is.

use std::fmt;

use anyhow::{Context as _, anyhow, bail};
use room_proto::{ErrorCode, Extensions, SessionError};
use room_server::RoomName;
use tokio_tungstenite::tungstenite::{
    client::IntoClientRequest as _,
    handshake::client::Request,
    http::{HeaderValue, Uri, header},
};

use crate::secrets::Token;

/// The `ws:` URL of a room. Shows itself without its query, which may hold a token.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct RoomUrl {
    uri: Uri,
}

impl RoomUrl {
    /// Reads the URL of a room, or with `room` the URL of its server. `http:` stands for `ws:`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the URL, without its query.
    pub(crate) fn parse(text: &str, room: Option<&RoomName>) -> anyhow::Result<Self> {
        let uri = Self::read(text, room).with_context(|| {
            format!("{:?} is not the URL of a room, such as {EXAMPLE}", redacted(text))
        })?;
        Ok(Self { uri })
    }

    fn read(text: &str, room: Option<&RoomName>) -> anyhow::Result<Uri> {
        let uri: Uri = text.parse()?;
        check_scheme(&uri)?;
        let authority = uri.authority().ok_or_else(|| anyhow!("it has no host"))?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            bail!("it needs a host, and takes no user name");
        }

        let path = path(uri.path(), room)?;
        let query = query(uri.query());
        let target = format!("{path}?{query}");
        Ok(Uri::builder()
            .scheme("ws")
            .authority(authority.as_str())
            .path_and_query(target)
            .build()?)
    }

    /// The room that a path as our own server has it names.
    pub(crate) fn room_name(&self) -> Option<RoomName> {
        let (_, name) = self.uri.path().rsplit_once("/rooms/")?;
        RoomName::new(name).ok()
    }

    /// Host and port.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The request that opens a WebSocket there.
    ///
    /// # Errors
    ///
    /// `invalid-token` if the token cannot stand in a header.
    pub(super) fn request(&self, token: &Token) -> Result<Request, SessionError> {
        let invalid_url =
            |error| SessionError::new(ErrorCode::InvalidUrl, format!("{self}: {error}"));
        let invalid_token =
            |_| SessionError::new(ErrorCode::InvalidToken, "the token has characters of no token");
        let mut request = self.uri.clone().into_client_request().map_err(invalid_url)?;
        let bearer = format!("Bearer {}", token.as_str());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(invalid_token)?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        Ok(request)
    }
}

impl fmt::Display for RoomUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}{}", self.authority(), self.uri.path())
    }
}

impl fmt::Debug for RoomUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a good one looks like.
const EXAMPLE: &str = "ws://127.0.0.1:8787/rooms/lobby";

fn check_scheme(uri: &Uri) -> anyhow::Result<()> {
    match uri.scheme_str() {
        Some("ws" | "http") => Ok(()),
        Some("wss" | "https") => {
            bail!("wss needs TLS, which this command does not have; use a local ws: address")
        }
        Some(other) => bail!("its scheme must be ws or http, not {other}"),
        None => bail!("it must begin with ws://"),
    }
}

fn path(path: &str, room: Option<&RoomName>) -> anyhow::Result<String> {
    let path = path.trim_end_matches('/');
    match room {
        None if path.is_empty() => bail!("it names no room; add --room NAME"),
        None => Ok(path.to_owned()),
        Some(_) if path.contains("/rooms/") => bail!("it names a room already; leave out --room"),
        Some(room) => Ok(format!("{path}/rooms/{room}")),
    }
}

/// The query with our announcement, which makes the server speak its best.
fn query(query: Option<&str>) -> String {
    let ours = format!("{}={}", Extensions::QUERY, Extensions::VERSION);
    match query.filter(|query| !query.is_empty()) {
        None => ours,
        Some(query) if query.split('&').any(|pair| pair == ours) => query.to_owned(),
        Some(query) => format!("{query}&{ours}"),
    }
}

/// The URL as far as it holds no secret.
fn redacted(text: &str) -> &str {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, room: Option<&str>) -> Result<String, String> {
        let room = room.map(|name| RoomName::new(name).expect("a name"));
        match RoomUrl::parse(text, room.as_ref()) {
            Ok(url) => Ok(url.uri.to_string()),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    #[test]
    fn the_announcement_joins_the_query() {
        for (url, expected) in [
            ("ws://h/rooms/a", "ws://h/rooms/a?room-messaging=1"),
            ("http://h:1/x/rooms/a/", "ws://h:1/x/rooms/a?room-messaging=1"),
            ("ws://h/rooms/a?", "ws://h/rooms/a?room-messaging=1"),
            ("ws://h/rooms/a?b=c%26", "ws://h/rooms/a?b=c%26&room-messaging=1"),
            ("ws://h/rooms/a?room-messaging=1&b", "ws://h/rooms/a?room-messaging=1&b"),
            ("ws://[::1]:1/rooms/a#part", "ws://[::1]:1/rooms/a?room-messaging=1"),
        ] {
            assert_eq!(parse(url, None).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn the_url_of_a_server_is_completed_with_the_room() {
        for url in ["ws://h", "ws://h/", "http://h"] {
            let expected = "ws://h/rooms/lobby?room-messaging=1";
            assert_eq!(parse(url, Some("lobby")).as_deref(), Ok(expected));
        }
        assert!(
            parse("ws://h/rooms/a", Some("lobby")).is_err_and(|error| error.contains("--room"))
        );
        assert!(parse("ws://h", None).is_err_and(|error| error.contains("--room")));
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_secrets() {
        for (url, words) in [
            ("", "is not the URL"),
            ("lobby", "it must begin with ws://"),
            ("/rooms/a?token=hush", "\"/rooms/a\""),
            ("ftp://h/rooms/a", "not ftp"),
            ("wss://h/rooms/a?token=hush", "wss needs TLS"),
            ("ws://user:hush@h/rooms/a", "takes no user name"),
            ("ws://h/a b?hush", "\"ws://h/a b\""),
        ] {
            let error = parse(url, None).expect_err(url);
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn the_room_is_named_by_the_path() {
        let room = |url| RoomUrl::parse(url, None).ok()?.room_name();

        assert_eq!(room("ws://h/rooms/lobby?x"), RoomName::new("lobby").ok());
        assert_eq!(room("ws://h/elsewhere"), None);
    }
}
