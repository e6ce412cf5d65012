//! `POST /accounts/projects/{project}/rooms/{room}/connect`: where the official command-line tool
//! gets the address of a room and a token for it.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::HeaderMap,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    App, bearer::bearer, caller::Caller, refusal::Refusal, room_name::RoomName, room_url::room_url,
    tokens::NewToken,
};

/// Makes a token for the bearer of an API key; in development mode for everybody.
pub(crate) async fn connect(
    State(app): State<Arc<App>>,
    Path((project, room)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Json<Connection>, Refusal> {
    let room = RoomName::new(&room)?;
    let token = NewToken { room: &room, name: "cli", role: "user", expires_in: Some(LIFETIME) };

    let keys = &app.config.keys;
    let key = bearer(&headers).and_then(|text| keys.api_key(text));
    let jwt = match (key, keys.default_secret()) {
        (Some(key), _) if Uuid::try_parse(&project) == Ok(key.project) => token.sign_with_key(key),
        (Some(_), _) => return Err(Refusal::forbidden("the API key is not for this project")),
        (None, Some(secret)) if app.config.dev => token.sign(secret),
        (None, _) => return Err(Refusal::forbidden("an API key of this server is required")),
    };

    let room_url = room_url(&caller, &room);
    let room_name = room.as_str().to_owned();
    Ok(Json(Connection { jwt, room_name, project_id: project, room_url }))
}

/// What is needed to join.
#[derive(Serialize)]
pub(crate) struct Connection {
    jwt: String,
    room_name: String,
    project_id: String,
    room_url: String,
}

const LIFETIME: Duration = Duration::from_secs(60 * 60);
