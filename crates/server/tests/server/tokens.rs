//! Which tokens let somebody in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use room_server::{ApiKey, Keys, NewToken, RoomName, Secret, TokenError, verify};
use serde_json::{Value, json};

const SECRET: &str = "scratch-secret-0123456789abcdef0123456789";
const API_KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";
const API_KEY_ID: &str = "fbefbe00-1122-4334-8556-6778899aabff";

#[test]
fn the_tokens_of_all_official_sdks_are_accepted() {
    // Recorded from the SDKs; the secret is theirs too.
    let recorded: Value = serde_json::from_str(include_str!("tokens.json")).unwrap();
    let keys = keys(recorded["jwt_secret"].as_str().unwrap());

    for (sdk, participants) in recorded["tokens"].as_object().unwrap() {
        for (name, token) in participants.as_object().unwrap() {
            let jwt = token["jwt"].as_str().unwrap();
            let claims = verify(&keys, Duration::ZERO, jwt, &room("golden")).unwrap();

            assert_eq!(claims.name(), format!("{name}@{sdk}"));
            assert_eq!(claims.role(), if name == "bob" { "agent" } else { "user" });
            assert_eq!(
                verify(&keys, Duration::ZERO, jwt, &room("other")).unwrap_err(),
                TokenError::WrongRoom
            );
        }
    }
}

#[test]
fn our_own_tokens_are_accepted() {
    let lobby = room("lobby");
    let new = |expires_in| NewToken { room: &lobby, name: "ann", role: "tool", expires_in };
    let key = ApiKey::parse(API_KEY).unwrap();
    let keys = keys(SECRET).with_api_key(key.clone());

    for token in [
        new(None).sign(&Secret::new(SECRET).unwrap()),
        new(Some(Duration::from_secs(5))).sign(&Secret::new(SECRET).unwrap()),
        new(None).sign_with_key(&key),
    ] {
        let claims = verify(&keys, Duration::ZERO, &token, &lobby).unwrap();
        assert_eq!((claims.name(), claims.role()), ("ann", "tool"));
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let signed = sign(&claims());
    let (body, _) = signed.rsplit_once('.').unwrap();
    let payload = body.split_once('.').unwrap().1;

    for header in [r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"None"}"#, r#"{"alg":""}"#, "{}"] {
        let header = base64url(header.as_bytes());
        refused(&format!("{header}.{payload}."), TokenError::Malformed);
        refused(&format!("{header}.{payload}.{}", base64url(b"x")), TokenError::Malformed);
    }
    refused(&format!("{body}."), TokenError::Signature);
    refused(body, TokenError::Malformed);
}

#[test]
fn only_hs256_counts_whatever_the_header_says() {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = encode(&Header::new(algorithm), &claims(), &key).unwrap();
        refused(&token, TokenError::Signature);
    }

    // Key confusion: signed with the secret, but declared to be of another family.
    let signed = sign(&claims());
    let mut parts = signed.split('.').skip(1);
    let (payload, signature) = (parts.next().unwrap(), parts.next().unwrap());
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let header = base64url(format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#).as_bytes());
        refused(&format!("{header}.{payload}.{signature}"), TokenError::Signature);
    }
}

#[test]
fn a_tampered_token_is_refused() {
    let token = sign(&claims());
    let (body, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = body.split_once('.').unwrap();

    let mut other = claims();
    other["name"] = json!("mallory");
    let payload = base64url(other.to_string().as_bytes());
    refused(&format!("{header}.{payload}.{signature}"), TokenError::Signature);

    let changed = base64url(&[7; 32]);
    refused(&format!("{body}.{changed}"), TokenError::Signature);
}

#[test]
fn a_token_counts_only_in_its_time() {
    let at = |field: &str, moment: Value| {
        let mut claims = claims();
        claims[field] = moment;
        sign(&claims)
    };

    refused(&at("exp", json!(now() - 20)), TokenError::Expired);
    refused(&at("nbf", json!(now() + 20)), TokenError::NotYetValid);
    refused(&at("exp", json!("tomorrow")), TokenError::Malformed);
    refused(&at("exp", json!(null)), TokenError::Malformed);
    accepted(&at("exp", json!(now() + 20)));
    accepted(&at("nbf", json!(now() - 20)));
    accepted(&at("exp", json!(now() as f64 + 20.5)));

    let keys = keys(SECRET);
    let skew = Duration::from_secs(30);
    assert!(verify(&keys, skew, &at("exp", json!(now() - 20)), &room("lobby")).is_ok());
    assert!(verify(&keys, skew, &at("nbf", json!(now() + 20)), &room("lobby")).is_ok());
}

#[test]
fn a_token_counts_only_for_its_room() {
    let mut claims = claims();
    claims["grants"][0]["scope"] = json!("another");
    refused(&sign(&claims), TokenError::WrongRoom);

    claims["grants"] = json!([]);
    refused(&sign(&claims), TokenError::WrongRoom);
}

#[test]
fn a_token_that_names_a_key_is_checked_with_that_key_alone() {
    let mut claims = claims();
    claims["kid"] = json!(API_KEY_ID);
    refused(&sign(&claims), TokenError::UnknownKey);

    let keys = keys(SECRET).with_api_key(ApiKey::parse(API_KEY).unwrap());
    let with_default = verify(&keys, Duration::ZERO, &sign(&claims), &room("lobby"));
    assert_eq!(with_default.unwrap_err(), TokenError::Signature);

    let own = EncodingKey::from_secret(b"s3cret-with-dashes");
    let token = encode(&Header::default(), &claims, &own).unwrap();
    assert!(verify(&keys, Duration::ZERO, &token, &room("lobby")).is_ok());
}

#[test]
fn a_token_that_names_no_key_needs_the_servers_own_secret() {
    let keys = Keys::default().with_api_key(ApiKey::parse(API_KEY).unwrap());

    let result = verify(&keys, Duration::ZERO, &sign(&claims()), &room("lobby"));

    assert_eq!(result.unwrap_err(), TokenError::UnknownKey);
}

#[test]
fn what_is_no_token_is_refused() {
    for token in ["", "a", "a.b", "a.b.c", "....", "\u{1f600}.x.y"] {
        refused(token, TokenError::Malformed);
    }
    refused(&sign(&json!({ "grants": [] })), TokenError::Malformed);
    refused(&sign(&json!({ "name": "ann" })), TokenError::Malformed);
    refused(&sign(&json!({ "name": "ann", "grants": [], "kid": 7 })), TokenError::Malformed);
}

fn refused(token: &str, error: TokenError) {
    let result = verify(&keys(SECRET), Duration::ZERO, token, &room("lobby"));
    assert_eq!(result.unwrap_err(), error, "{token}");
}

fn accepted(token: &str) {
    assert!(verify(&keys(SECRET), Duration::ZERO, token, &room("lobby")).is_ok(), "{token}");
}

fn claims() -> Value {
    json!({ "name": "ann", "grants": [{ "name": "room", "scope": "lobby" }] })
}

fn sign(claims: &Value) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn keys(secret: &str) -> Keys {
    Keys::from_secret(Secret::new(secret).unwrap())
}

fn room(name: &str) -> RoomName {
    RoomName::new(name).unwrap()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn base64url(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}
