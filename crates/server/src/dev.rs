//! `POST /dev/token`: a token for whoever asks. Only there in development mode.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};

use crate::{
    App, caller::Caller, refusal::Refusal, room_name::RoomName, room_url::room_url,
    tokens::NewToken,
};

/// Makes a token.
pub(crate) async fn token(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Result<Json<TokenRequest>, JsonRejection>,
) -> Result<Json<TokenResponse>, Refusal> {
    let Json(request) = request.map_err(|error| Refusal::invalid(error.body_text()))?;
    let room = RoomName::new(&request.room)
        .map_err(|error| Refusal::invalid(format!("room {:?}: {error}", request.room)))?;
    check_word("name", &request.name, 200)?;
    let role = request.role.as_deref().unwrap_or("user");
    check_word("role", role, 50)?;
    let secret = app
        .config
        .keys
        .default_secret()
        .ok_or_else(|| Refusal::forbidden("this server has no secret to sign with"))?;

    let token = NewToken { room: &room, name: &request.name, role, expires_in: Some(LIFETIME) };
    Ok(Json(TokenResponse { url: room_url(&caller, &room), token: token.sign(secret) }))
}

/// Asks for a token.
#[derive(Deserialize)]
pub(crate) struct TokenRequest {
    room: String,
    name: String,
    role: Option<String>,
}

/// A token and where to use it.
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    url: String,
    token: String,
}

const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

fn check_word(field: &str, word: &str, limit: usize) -> Result<(), Refusal> {
    let length = word.chars().count();
    if word.trim().is_empty() {
        Err(Refusal::invalid(format!("{field} must not be empty")))
    } else if length > limit {
        let message = format!("{field} has {length} characters, {limit} are allowed");
        Err(Refusal::invalid(message))
    } else if word.chars().any(char::is_control) {
        Err(Refusal::invalid(format!("{field} must not hold control characters")))
    } else {
        Ok(())
    }
}
