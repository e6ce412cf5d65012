//! `GET /rooms/{room}`: who may come in, and how a no is said to each client.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{
        Path, Query as AxumQuery, State,
        ws::{CloseFrame, Message as WsMessage, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use room::{Claims, Grants};
use room_proto::Extensions;
use tokio::time::timeout;

use crate::{
    App,
    bearer::bearer,
    caller::Caller,
    client::{Client, Query},
    cluster::{Edge, Found},
    entrance::{Chair, Comeback, Entrant},
    metrics::Level,
    refusal::Refusal,
    room_name::RoomName,
    room_url::room_url,
    seat::{GRACE, Wire},
    stage::Stage,
    tokens::{self, TokenError},
};

/// Answers a request to join a room.
pub(crate) async fn join(
    State(app): State<Arc<App>>,
    Path(room): Path<String>,
    AxumQuery(pairs): AxumQuery<Vec<(String, String)>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut upgrade: WebSocketUpgrade,
) -> Response {
    let query = Query::from_pairs(pairs);
    let client = Client::recognise(&headers, &query);
    let offered = upgrade.requested_protocols().find_map(subprotocol_token);
    if let Some((protocol, _)) = &offered {
        // Without the echo a browser gives up, and would not see a refusal either.
        upgrade.set_selected_protocol(protocol.clone());
    }
    let token = bearer(&headers)
        .map(str::to_owned)
        .or_else(|| query.token.clone())
        .or_else(|| offered.map(|(_, token)| token));

    let admission = match admit(&app, &room, token.as_deref()) {
        Ok(admission) => admission,
        Err(refusal) => return refuse(upgrade, client, refusal),
    };
    let entrant = admission.entrant(&app, client, &caller, &query);
    let found = match &app.cluster {
        // Nobody comes in here any more who is to be somewhere else.
        Some(cluster) if app.life.stage() != Stage::Draining => cluster.find(&app, entrant).await,
        Some(_) | None => entrant.chair(&app).map(Found::Here),
    };
    match found {
        Ok(Found::Here(chair)) => seat(app, chair, upgrade),
        Ok(Found::There(edge)) => connect(&app, edge, upgrade),
        Err(refusal) => refuse(upgrade, client, refusal),
    }
}

fn admit(app: &App, room: &str, token: Option<&str>) -> Result<Admission, Refusal> {
    let room = RoomName::new(room)?;
    let token = token.ok_or(TokenError::Missing)?;
    let claims = tokens::verify(&app.config.keys, app.config.clock_skew, token, &room)?;
    Ok(Admission { room, claims })
}

/// A request that was found good.
struct Admission {
    room: RoomName,
    claims: Claims,
}

impl Admission {
    fn entrant(self, app: &App, client: Client, caller: &Caller, query: &Query) -> Entrant {
        let Self { room, claims } = self;
        let comeback = query
            .comeback()
            .map(|(epoch, received)| Comeback { epoch: epoch.to_owned(), received });
        Entrant {
            name: claims.name().to_owned(),
            role: claims.role().to_owned(),
            grants: Grants::from_claims(&claims, app.config.legacy_grants),
            client,
            expires_at: claims.expires_at().filter(|_| app.config.end_expired),
            address: caller.address,
            room_url: room_url(caller, &room),
            can_come_back: query.resume.is_some(),
            comeback,
            enable: query
                .enable
                .clone()
                .filter(|kinds| client.traits.ours && kinds.len() <= Extensions::MAX_ENABLE_BYTES),
            room,
        }
    }
}

/// The client sits down in a room of this server.
fn seat(app: Arc<App>, chair: Chair, upgrade: WebSocketUpgrade) -> Response {
    with_limit(&app, upgrade)
        .on_upgrade(async move |socket| chair.sit(app, Wire::Here(socket)).await)
}

/// The client is connected with a room of another node.
fn connect(app: &App, edge: Edge, upgrade: WebSocketUpgrade) -> Response {
    let shutdown = app.shutdown.subscribe();
    let metrics = Arc::clone(&app.config.metrics);
    with_limit(app, upgrade).on_upgrade(async move |socket| {
        let _connected = metrics.hold(Level::Connections);
        edge.carry(socket, shutdown).await;
    })
}

/// How much is read at once. All of it is filled with zeros each time, and none of it is in the
/// processor's cache for anything else: with less there are more reads, with more everybody is slower.
const READ_BYTES: usize = 64 * 1024;

/// A message over the limit should be read, so that its sender can be told.
fn with_limit(app: &App, upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    let limit = app.config.limits.max_message_bytes.saturating_add(64 * 1024);
    upgrade.read_buffer_size(READ_BYTES).max_message_size(limit).max_frame_size(limit)
}

/// Says no: with a status, or to those who cannot see one with a close.
fn refuse(upgrade: WebSocketUpgrade, client: Client, refusal: Refusal) -> Response {
    if client.needs_close() {
        let record = Extension(refusal.clone());
        let response = upgrade.on_upgrade(async move |socket| close(socket, &refusal).await);
        (record, response).into_response()
    } else {
        refusal.into_response()
    }
}

async fn close(mut socket: WebSocket, refusal: &Refusal) {
    let frame = CloseFrame { code: refusal.close_code(), reason: refusal.close_reason().into() };
    if socket.send(WsMessage::Close(Some(frame))).await.is_ok() {
        // Until the answer comes; whatever else the client says is not heard.
        let _ = timeout(GRACE, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    }
}

/// The token in a subprotocol, and the subprotocol as it is to be echoed.
fn subprotocol_token(protocol: &HeaderValue) -> Option<(HeaderValue, String)> {
    let token = protocol.to_str().ok()?.strip_prefix("meshagent-room.")?;
    Some((protocol.clone(), token.to_owned()))
}
