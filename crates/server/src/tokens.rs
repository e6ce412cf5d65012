//! Participant tokens: JSON Web Tokens signed with HS256, checked and made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, dangerous, decode, encode,
    errors::ErrorKind,
};
use room::Claims;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    keys::{ApiKey, Keys, Secret},
    room_name::RoomName,
};

/// Checks a token for a room and returns what it says.
///
/// # Errors
///
/// [`TokenError`] for every token that does not allow to join `room`.
pub fn verify(
    keys: &Keys,
    clock_skew: Duration,
    token: &str,
    room: &RoomName,
) -> Result<Claims, TokenError> {
    // Unverified, and used for nothing but to choose the secret.
    let named: NamedKey =
        dangerous::insecure_decode_claims(token).map_err(|_| TokenError::Malformed)?;
    let secret = match named.kid.as_deref() {
        Some(kid) => keys.secret_of(kid),
        None => keys.default_secret(),
    };
    let key = DecodingKey::from_secret(secret.ok_or(TokenError::UnknownKey)?.as_bytes());

    let claims = decode::<Claims>(token, &key, &validation(clock_skew))
        .map_err(|error| TokenError::from_kind(error.kind()))?
        .claims;
    if claims.allows_room(room.as_str()) { Ok(claims) } else { Err(TokenError::WrongRoom) }
}

fn validation(clock_skew: Duration) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = clock_skew.as_secs();
    validation.validate_nbf = true;
    // The official SDKs set neither an expiry nor an audience.
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation
}

#[derive(Deserialize)]
struct NamedKey {
    kid: Option<String>,
}

/// Why a token does not let its bearer in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TokenError {
    /// There is none.
    #[error("a token is required")]
    Missing,
    /// It is not a token of this kind.
    #[error("the token cannot be read")]
    Malformed,
    /// The server does not have the key that should have signed it.
    #[error("the token is signed with a key that is not known here")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the token's signature is not valid")]
    Signature,
    /// It is too late.
    #[error("the token has expired")]
    Expired,
    /// It is too early.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It is for another room.
    #[error("the token is not for this room")]
    WrongRoom,
}

impl TokenError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate says that the list may grow")]
    fn from_kind(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYetValid,
            ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Self::Signature,
            _ => Self::Malformed,
        }
    }
}

/// What a new token is to say.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// The only room it is good for.
    pub room: &'a RoomName,
    /// The participant's name.
    pub name: &'a str,
    /// `user`, `agent`, `tool` or another word.
    pub role: &'a str,
    /// How long it is good for; for ever if there is no such time.
    pub expires_in: Option<Duration>,
}

impl NewToken<'_> {
    /// Signs the token with the server's secret.
    #[must_use]
    pub fn sign(&self, secret: &Secret) -> String {
        sign(&self.claims(), secret)
    }

    /// Signs the token with an API key, and names it.
    #[must_use]
    pub fn sign_with_key(&self, key: &ApiKey) -> String {
        let mut claims = self.claims();
        claims.kid = Some(key.id.to_string());
        claims.sub = Some(key.project.to_string());
        sign(&claims, &key.secret)
    }

    fn claims(&self) -> NewClaims<'_> {
        NewClaims {
            name: self.name,
            grants: json!([
                { "name": "room", "scope": self.room.as_str() },
                { "name": "role", "scope": self.role },
                { "name": "api", "scope": { "messaging": {} } },
            ]),
            kid: None,
            sub: None,
            exp: self.expires_in.map(|time| seconds_since_epoch().saturating_add(time.as_secs())),
        }
    }
}

fn sign(claims: &NewClaims<'_>, secret: &Secret) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key)
        .expect("HS256 signs with any key, and strings and numbers are JSON")
}

fn seconds_since_epoch() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[derive(Serialize)]
struct NewClaims<'a> {
    name: &'a str,
    grants: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
}
