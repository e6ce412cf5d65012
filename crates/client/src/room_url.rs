//! Where a room is.

use std::fmt;

use room_proto::{ErrorCode, Extensions, Resume, Session, SessionError};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{
    client::IntoClientRequest as _,
    handshake::client::Request,
    http::{Uri, header},
};

use crate::token::Token;

/// What one connection asks for, beside the room.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The session that is to go on, in the words of [`Session::resume_query`].
    pub(crate) resume: Option<String>,
    /// Whether messaging is to be enabled as soon as the room is ready.
    pub(crate) enables: bool,
}

/// The `ws:` URL of a room. Shows itself without its query, which may hold a token.
#[derive(Clone, Eq, PartialEq)]
pub struct RoomUrl {
    uri: Uri,
}

impl RoomUrl {
    /// Reads the URL of a room, or with `room` the URL of its server. `http:` stands for `ws:`.
    ///
    /// # Errors
    ///
    /// [`RoomUrlError`] says what is wrong with the URL, without its query.
    pub fn parse(text: &str, room: Option<&str>) -> Result<Self, RoomUrlError> {
        match read(text, room) {
            Ok(uri) => Ok(Self { uri }),
            Err(fault) => Err(RoomUrlError { url: redacted(text).to_owned(), fault }),
        }
    }

    /// The room that a path as our own server has it names. It need not be a name that the server
    /// takes.
    #[must_use]
    pub fn room_name(&self) -> Option<&str> {
        let (_, name) = self.uri.path().rsplit_once("/rooms/")?;
        Some(name)
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The request that opens a WebSocket there.
    ///
    /// # Errors
    ///
    /// `invalid-token` if the token cannot stand in a header.
    pub(crate) fn request(&self, token: &Token, wanted: &Wanted) -> Result<Request, SessionError> {
        let invalid_url =
            |error| SessionError::new(ErrorCode::InvalidUrl, format!("{self}: {error}"));
        let resume = wanted.resume.as_deref().map(|resume| (Resume::QUERY, resume));
        let enable = wanted.enables.then_some((Extensions::ENABLE_QUERY, Session::STREAMS));
        let mut uri = self.uri.to_string();
        for (name, value) in resume.into_iter().chain(enable) {
            uri.push_str(&format!("&{name}={}", encoded(value)));
        }
        let mut request = uri.into_client_request().map_err(invalid_url)?;
        request.headers_mut().insert(header::AUTHORIZATION, token.bearer()?);
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

/// A text is not the URL of a room. Shows it without what may be secret.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{url:?} is not the URL of a room, such as {EXAMPLE}")]
pub struct RoomUrlError {
    url: String,
    /// What is wrong with it.
    #[source]
    pub fault: RoomUrlFault,
}

/// What is wrong with the URL of a room.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum RoomUrlFault {
    /// It is no URL at all; in the words of whoever read it.
    #[error("{0}")]
    Syntax(String),
    /// It has no scheme.
    #[error("it must begin with ws://")]
    NoScheme,
    /// It has one that is not `ws` or `http`.
    #[error("its scheme must be ws or http, not {0}")]
    Scheme(String),
    /// It asks for TLS.
    #[error("wss needs TLS, which this client does not have; use a local ws: address")]
    Tls,
    /// It has no host, or a user name before it.
    #[error("it needs a host, and takes no user name")]
    Host,
    /// It is the URL of a server, and no room was given beside it.
    #[error("it names no room")]
    NoRoom,
    /// It is the URL of a room, and one was given beside it.
    #[error("it names a room already")]
    TwoRooms,
    /// What was given beside it is not one part of a path.
    #[error("{0:?} is not the name of a room")]
    RoomName(String),
}

/// What a good one looks like.
const EXAMPLE: &str = "ws://127.0.0.1:8787/rooms/lobby";

fn read(text: &str, room: Option<&str>) -> Result<Uri, RoomUrlFault> {
    let uri: Uri = text.parse().map_err(syntax)?;
    check_scheme(&uri)?;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if uri.host().is_none_or(str::is_empty) || authority.contains('@') {
        return Err(RoomUrlFault::Host);
    }

    let path = path(uri.path(), room)?;
    let target = format!("{path}?{}", query(uri.query()));
    Uri::builder().scheme("ws").authority(authority).path_and_query(target).build().map_err(syntax)
}

fn syntax(error: impl fmt::Display) -> RoomUrlFault {
    RoomUrlFault::Syntax(error.to_string())
}

fn check_scheme(uri: &Uri) -> Result<(), RoomUrlFault> {
    match uri.scheme_str() {
        Some("ws" | "http") => Ok(()),
        Some("wss" | "https") => Err(RoomUrlFault::Tls),
        Some(other) => Err(RoomUrlFault::Scheme(other.to_owned())),
        None => Err(RoomUrlFault::NoScheme),
    }
}

fn path(path: &str, room: Option<&str>) -> Result<String, RoomUrlFault> {
    let path = path.trim_end_matches('/');
    match room {
        None if path.is_empty() => Err(RoomUrlFault::NoRoom),
        None => Ok(path.to_owned()),
        Some(_) if path.contains("/rooms/") => Err(RoomUrlFault::TwoRooms),
        Some(room) if !is_one_part(room) => Err(RoomUrlFault::RoomName(room.to_owned())),
        Some(room) => Ok(format!("{path}/rooms/{room}")),
    }
}

/// Whether a name stands in a path as it is.
pub(crate) fn is_one_part(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.bytes().all(is_plain)
}

/// Whether a byte means itself wherever it stands in a URL.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// A text as the value of a query.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}

/// The query with what we announce, unless whoever wrote it says something else about it.
fn query(query: Option<&str>) -> String {
    let mut query = query.unwrap_or_default().to_owned();
    for (name, value) in [(Extensions::QUERY, OURS), ("v", SPOKEN_VERSION)] {
        if !query.split('&').any(|pair| pair.split('=').next() == Some(name)) {
            let separator = if query.is_empty() { "" } else { "&" };
            query.push_str(&format!("{separator}{name}={value}"));
        }
    }
    query
}

/// Tells our own server what we can do; others ignore it.
const OURS: &str = "1";
/// The official Python SDK whose duplex streams we speak: they may be opened to us.
const SPOKEN_VERSION: &str = "0.56.0";

/// The URL as far as it holds no secret.
fn redacted(text: &str) -> &str {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, room: Option<&str>) -> Result<String, String> {
        match RoomUrl::parse(text, room) {
            Ok(url) => Ok(url.uri.to_string()),
            Err(error) => Err(format!("{error}: {}", error.fault)),
        }
    }

    #[test]
    fn the_announcement_joins_the_query() {
        const BOTH: &str = "room-messaging=1&v=0.56.0";
        for (url, before, query) in [
            ("ws://h/rooms/a", "ws://h/rooms/a?", BOTH),
            ("http://h:1/x/rooms/a/", "ws://h:1/x/rooms/a?", BOTH),
            ("ws://h/rooms/a?", "ws://h/rooms/a?", BOTH),
            ("ws://h/rooms/a?b=c%26", "ws://h/rooms/a?b=c%26&", BOTH),
            ("ws://h/rooms/a?room-messaging=1&b", "ws://h/rooms/a?room-messaging=1&b&", "v=0.56.0"),
            ("ws://h/rooms/a?v=0.30.0", "ws://h/rooms/a?v=0.30.0&", "room-messaging=1"),
            ("ws://[::1]:1/rooms/a#part", "ws://[::1]:1/rooms/a?", BOTH),
        ] {
            assert_eq!(parse(url, None), Ok(format!("{before}{query}")));
        }
    }

    #[test]
    fn the_url_of_a_server_is_completed_with_the_room() {
        for url in ["ws://h", "ws://h/", "http://h"] {
            let expected = "ws://h/rooms/lobby?room-messaging=1&v=0.56.0";
            assert_eq!(parse(url, Some("lobby")).as_deref(), Ok(expected));
        }
        let fault = |url, room| RoomUrl::parse(url, room).err().map(|error| error.fault);
        assert_eq!(fault("ws://h/rooms/a", Some("lobby")), Some(RoomUrlFault::TwoRooms));
        assert_eq!(fault("ws://h", None), Some(RoomUrlFault::NoRoom));
    }

    #[test]
    fn a_room_is_one_part_of_the_path() {
        for name in ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "ä"] {
            let error = RoomUrl::parse("ws://h", Some(name)).expect_err(name);
            assert_eq!(error.fault, RoomUrlFault::RoomName(name.to_owned()));
        }
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
    fn what_a_connection_asks_for_is_in_the_query() {
        let url = RoomUrl::parse("ws://h/rooms/a", None).expect("a URL");
        let token = Token::new("x").expect("a token");
        let query = |resume: Option<&str>, enables| {
            let wanted = Wanted { resume: resume.map(str::to_owned), enables };
            let request = url.request(&token, &wanted).expect("a request");
            let query = request.uri().query().unwrap_or_default();
            query.strip_prefix("room-messaging=1&v=0.56.0").map(str::to_owned)
        };

        for (resume, enables, more) in [
            (None, false, ""),
            (Some("new"), false, "&resume=new"),
            (Some("a&b é.7"), false, "&resume=a%26b%20%C3%A9.7"),
            (Some("new"), true, "&resume=new&enable=duplex%2Cv1"),
            (None, true, "&enable=duplex%2Cv1"),
        ] {
            assert_eq!(query(resume, enables).as_deref(), Some(more));
        }
    }

    #[test]
    fn the_room_is_named_by_the_path() {
        let url = |text| RoomUrl::parse(text, None).expect("a URL");

        assert_eq!(url("ws://h/rooms/lobby?x").room_name(), Some("lobby"));
        assert_eq!(url("ws://h/elsewhere").room_name(), None);
    }
}
