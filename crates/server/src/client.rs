//! What can be known about a client when it asks to connect.

use axum::http::{HeaderMap, header};
use room::Traits;
use room_proto::{Extensions, Resume, body::BodyForm};

/// A client as it shows itself in its upgrade request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Client {
    /// How its handshake is written.
    pub(crate) handshake: BodyForm,
    /// What the room must know.
    pub(crate) traits: Traits,
    /// Whether a page speaks, which cannot see a status.
    pub(crate) browser: bool,
}

impl Client {
    /// Looks at a request's headers and its query.
    pub(crate) fn recognise(headers: &HeaderMap, query: &Query) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let aiohttp =
            text(header::USER_AGENT).is_some_and(|user_agent| user_agent.contains("aiohttp/"));
        let ours = query.ours.is_some();
        let version = query.version.as_deref().map(Version::parse);

        // Without a version it is an old Python, or a TypeScript of any age, which take both.
        let handshake =
            if version.is_none() && aiohttp && !ours { BodyForm::Padded } else { BodyForm::Packed };
        let traits = Traits {
            duplex: version.is_some_and(|version| version >= Version(0, 47, 1)),
            merges_lists: !ours && version.is_none_or(|version| version < Version(0, 37, 0)),
            ours,
        };
        Self { handshake, traits, browser: headers.contains_key(header::ORIGIN) }
    }

    /// Whether a refusal must be a close to be noticed.
    pub(crate) fn needs_close(&self) -> bool {
        self.browser || self.traits.ours
    }
}

/// The parts of the query that are ours to read.
#[derive(Clone, Default, Eq, PartialEq)]
pub(crate) struct Query {
    /// `token`.
    pub(crate) token: Option<String>,
    /// `v`: the version of a Python SDK.
    pub(crate) version: Option<String>,
    /// `room-messaging`: our own client.
    pub(crate) ours: Option<String>,
    /// `resume`: one that can come back, or does.
    pub(crate) resume: Option<String>,
    /// `enable`: one that is to be enabled at once.
    pub(crate) enable: Option<String>,
}

impl Query {
    /// Picks them out; of parameters that come twice the first counts.
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut read = Self::default();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "token" => &mut read.token,
                "v" => &mut read.version,
                Extensions::QUERY => &mut read.ours,
                Resume::QUERY => &mut read.resume,
                Extensions::ENABLE_QUERY => &mut read.enable,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        read
    }

    /// The epoch that the client wants to go on with, and how many messages it has received.
    pub(crate) fn comeback(&self) -> Option<(&str, u64)> {
        let (epoch, received) = self.resume.as_deref()?.split_once('.')?;
        Some((epoch, received.parse().ok()?))
    }
}

/// A version of an SDK, as far as it is read.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Version(u32, u32, u32);

impl Version {
    /// Reads up to three numbers. What is missing or is no number counts as 0.
    fn parse(text: &str) -> Self {
        let mut parts = text.split('.').map(|part| {
            let digits = part.find(|character: char| !character.is_ascii_digit());
            part[..digits.unwrap_or(part.len())].parse().unwrap_or(0)
        });
        let mut next = || parts.next().unwrap_or(0);
        Self(next(), next(), next())
    }
}

#[cfg(test)]
mod tests {
    use axum::{extract, http::HeaderValue};

    use super::*;

    fn parse(query: &str) -> Query {
        let uri = format!("/?{query}").parse().expect("a URI");
        let pairs = extract::Query::<Vec<_>>::try_from_uri(&uri).expect("a query");
        Query::from_pairs(pairs.0)
    }

    fn recognise(query: &str, user_agent: Option<&'static str>) -> Client {
        let mut headers = HeaderMap::new();
        if let Some(user_agent) = user_agent {
            headers.insert(header::USER_AGENT, HeaderValue::from_static(user_agent));
        }
        Client::recognise(&headers, &parse(query))
    }

    #[test]
    fn every_generation_is_recognised() {
        const AIOHTTP: Option<&str> = Some("Python/3.11 aiohttp/3.11.18");
        let traits = |duplex, merges_lists, ours| Traits { duplex, merges_lists, ours };

        let py_0_0_21 = recognise("token=x", AIOHTTP);
        assert_eq!(py_0_0_21.handshake, BodyForm::Padded);
        assert_eq!(py_0_0_21.traits, traits(false, true, false));

        let py_0_29_4 = recognise("token=x&v=0.29.4", AIOHTTP);
        assert_eq!(py_0_29_4.handshake, BodyForm::Packed);
        assert_eq!(py_0_29_4.traits, traits(false, true, false));

        let py_0_47_0 = recognise("v=0.47.0", AIOHTTP);
        assert_eq!(py_0_47_0.traits, traits(false, false, false));

        let py_0_56_0 = recognise("v=0.56.0", AIOHTTP);
        assert_eq!(py_0_56_0.handshake, BodyForm::Packed);
        assert_eq!(py_0_56_0.traits, traits(true, false, false));

        let npm = recognise("token=x", None);
        assert_eq!(npm.handshake, BodyForm::Packed);
        assert_eq!(npm.traits, traits(false, true, false));

        let ours = recognise("room-messaging=1", Some("Mozilla/5.0"));
        assert_eq!(ours.handshake, BodyForm::Packed);
        assert_eq!(ours.traits, traits(false, false, true));
    }

    #[test]
    fn versions_are_read_as_far_as_they_go() {
        assert_eq!(Version::parse("0.47.1"), Version(0, 47, 1));
        assert_eq!(Version::parse("0.48.0rc1"), Version(0, 48, 0));
        assert_eq!(Version::parse("1"), Version(1, 0, 0));
        assert_eq!(Version::parse("nonsense"), Version(0, 0, 0));
    }

    #[test]
    fn the_first_of_two_parameters_counts() {
        let query = parse("token=a%2Bb&token=c&other=d");

        assert_eq!(query.token.as_deref(), Some("a+b"));
        assert_eq!(query.version, None);
    }
}
