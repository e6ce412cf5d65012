//! What tokens are signed with: one secret of the server's, and any number of API keys.
//!
//! ```text
//!  ma-<key id>-<project id>-<secret>
//! ```
//!
//! Both ids are UUIDs in unpadded base64url with `.` for `-`, 22 characters each. The secret may
//! hold dashes.

use std::{collections::HashMap, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use uuid::Uuid;

/// The secrets of the server, by the `kid` claim of the tokens they sign.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    default: Option<Secret>,
    by_id: HashMap<Uuid, ApiKey>,
}

impl Keys {
    /// One secret, for tokens that name none.
    #[must_use]
    pub fn from_secret(secret: Secret) -> Self {
        Self { default: Some(secret), by_id: HashMap::new() }
    }

    /// Adds an API key; a later one takes the place of an earlier one with the same id.
    #[must_use]
    pub fn with_api_key(mut self, key: ApiKey) -> Self {
        self.by_id.insert(key.id, key);
        self
    }

    /// Whether no token at all could be checked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.default.is_none() && self.by_id.is_empty()
    }

    /// The secret for tokens without a `kid`.
    pub(crate) fn default_secret(&self) -> Option<&Secret> {
        self.default.as_ref()
    }

    /// The secret for tokens with this `kid`.
    pub(crate) fn secret_of(&self, kid: &str) -> Option<&Secret> {
        let id = Uuid::try_parse(kid).ok()?;
        self.by_id.get(&id).map(|key| &key.secret)
    }

    /// The key that `text` is, if the server has it.
    pub(crate) fn api_key(&self, text: &str) -> Option<&ApiKey> {
        let given = ApiKey::parse(text).ok()?;
        let known = self.by_id.get(&given.id)?;
        let same = known.secret.as_bytes().ct_eq(given.secret.as_bytes());
        (bool::from(same) && known.project == given.project).then_some(known)
    }
}

/// A secret to sign with. Shows itself to nobody.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes the text without the line break that files end with.
    ///
    /// # Errors
    ///
    /// [`KeyError::Empty`] if nothing is left.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(KeyError::Empty) } else { Ok(Self(text.into())) }
    }

    /// Makes one that nobody can guess.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into())
    }

    /// Whether it is as long as its signatures are strong.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.0.len() >= 32
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// An API key: a secret with an id, for one project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKey {
    /// The `kid` of the tokens that it signs.
    pub id: Uuid,
    /// The `sub` of the tokens that it signs.
    pub project: Uuid,
    /// What it signs with.
    pub secret: Secret,
}

impl ApiKey {
    /// Reads `ma-…`.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what is wrong, without repeating the key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.trim().strip_prefix("ma-").ok_or(KeyError::Prefix)?.splitn(3, '-');
        let mut next = || parts.next().ok_or(KeyError::Parts);
        let (id, project, secret) = (next()?, next()?, next()?);
        Ok(Self { id: decode_id(id)?, project: decode_id(project)?, secret: Secret::new(secret)? })
    }
}

fn decode_id(text: &str) -> Result<Uuid, KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text.replace('.', "-")).map_err(|_| KeyError::Id)?;
    Uuid::from_slice(&bytes).map_err(|_| KeyError::Id)
}

/// Text is not a secret or an API key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeyError {
    /// There is no secret in it.
    #[error("the secret is empty")]
    Empty,
    /// API keys begin with `ma-`.
    #[error("an API key begins with ma-")]
    Prefix,
    /// API keys have three parts.
    #[error("an API key has a key id, a project id and a secret")]
    Parts,
    /// An id of an API key cannot be read.
    #[error("an id in the API key is not a UUID in base64url")]
    Id,
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";

    #[test]
    fn an_api_key_of_the_official_sdks_is_read() {
        let key = ApiKey::parse(KEY).expect("the key of the SDKs");

        assert_eq!(key.id.to_string(), "fbefbe00-1122-4334-8556-6778899aabff");
        assert_eq!(key.project.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(key.secret.as_bytes(), b"s3cret-with-dashes");
    }

    #[test]
    fn what_is_no_api_key_says_why_and_nothing_else() {
        assert_eq!(ApiKey::parse("xx-a-b-c"), Err(KeyError::Prefix));
        assert_eq!(ApiKey::parse("ma-a-b"), Err(KeyError::Parts));
        assert_eq!(ApiKey::parse("ma-a-b-c"), Err(KeyError::Id));
    }

    #[test]
    fn a_key_is_known_only_with_its_secret_and_its_project() {
        let keys = Keys::default().with_api_key(ApiKey::parse(KEY).expect("a key"));

        assert!(keys.api_key(KEY).is_some());
        assert!(keys.api_key(&KEY.replace("s3cret", "S3cret")).is_none());
        assert!(keys.api_key(&KEY.replace("ABEiM0RV", "ABEiM0RW")).is_none());
    }

    #[test]
    fn a_secret_loses_its_line_break_and_is_never_shown() {
        let secret = Secret::new(" hush \r\n").expect("a secret");

        assert_eq!(secret.as_bytes(), b" hush ");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(Secret::new("\n"), Err(KeyError::Empty));
    }
}
