//! `GET /rooms/{room}`: who may come in, and how a no is said to each client.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

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
use room::{Claims, Grants, Joining, Manner, Place, RoomConfig};
use room_proto::{Extensions, JsonText, ParticipantId};
use tokio::time::{Instant, timeout};
use tracing::info;
use uuid::Uuid;

use crate::{
    App,
    bearer::bearer,
    caller::Caller,
    client::{Client, Query},
    outbox::{Ending, Outbox},
    refusal::Refusal,
    room_name::RoomName,
    room_url::room_url,
    rooms::Membership,
    seat::{GRACE, Keep, Line, Seat, Turns, Wire},
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
    if let Some((seat, received)) = admission.seat_of(&app, &query) {
        let expiry = admission.expiry(&app);
        return go_on(app, seat, received, expiry, upgrade);
    }
    match admission.join(&app, client, caller, &query) {
        Ok(place) => place.seat(app, client, upgrade),
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
    /// Takes a place in the room, while a refusal can still be a status. It is given back if the
    /// upgrade fails.
    fn join(
        self,
        app: &App,
        client: Client,
        caller: Caller,
        query: &Query,
    ) -> Result<Ticket, Refusal> {
        let outbox = Arc::new(Outbox::new(app.config.max_queued_bytes));
        let grace = app.config.resume_grace;
        let can_come_back = client.traits.ours && query.resume.is_some() && !grace.is_zero();
        let expiry = self.expiry(app);
        let (name, role) = (self.claims.name().to_owned(), self.claims.role());
        let keep = can_come_back.then(|| Keep::new(grace, &name, role));
        let heartbeat = heartbeat(app, keep.is_some());
        let resume = keep.as_ref().map(|keep| keep.resume(heartbeat));
        let joining = Joining { resume, ..joining(app, &self.claims, client) };
        let config = || room_config(app, &self.room, room_url(&caller, &self.room));
        let membership = app.rooms.join(&self.room, config, joining, Arc::clone(&outbox))?;
        Ok(Ticket { membership, outbox, name, caller, keep, heartbeat, expiry })
    }

    /// Until when the connection may last.
    fn expiry(&self, app: &App) -> Option<Instant> {
        let expires_at = self.claims.expires_at().filter(|_| app.config.end_expired)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::now().checked_add((expires_at + app.config.clock_skew).saturating_sub(now))
    }

    /// The seat that is kept for this client, and how many messages the client has received there.
    /// One that it cannot go on with is given up: nobody else can.
    fn seat_of(&self, app: &App, query: &Query) -> Option<(Arc<Seat>, u64)> {
        let (epoch, received) = query.comeback()?;
        let seat = app.seats.find(epoch)?;
        let keep = seat.keep.as_ref()?;
        let is_same = *seat.membership.room_name() == self.room
            && keep.name == self.claims.name()
            && keep.role == self.claims.role();
        if !is_same {
            return None;
        }
        if !seat.can_resume(received) {
            seat.membership.end(Ending::Gone);
            return None;
        }
        Some((seat, received))
    }
}

/// A client's connection goes on.
fn go_on(
    app: Arc<App>,
    seat: Arc<Seat>,
    received: u64,
    expiry: Option<Instant>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let ws_limit = ws_limit(&app);
    let seats = Arc::clone(&app.seats);
    upgrade.max_message_size(ws_limit).max_frame_size(ws_limit).on_upgrade(async move |socket| {
        let (room, participant) = (seat.membership.room_name(), seat.membership.participant());
        info!(%room, %participant, "a member has come back");
        drop(app);
        seat.serve_again(seats, Line { wire: Wire::Here(socket), expiry }, received).await;
    })
}

/// A message over the limit should be read, so that its sender can be told.
fn ws_limit(app: &App) -> usize {
    app.config.limits.max_message_bytes.saturating_add(64 * 1024)
}

/// Who can come back should notice soon that it must.
fn heartbeat(app: &App, can_come_back: bool) -> Duration {
    let heartbeat = app.config.heartbeat;
    if can_come_back { heartbeat.min(RESUMABLE_HEARTBEAT) } else { heartbeat }
}

const RESUMABLE_HEARTBEAT: Duration = Duration::from_secs(10);

/// A place in a room for a client that is about to take it.
struct Ticket {
    membership: Membership,
    outbox: Arc<Outbox>,
    name: String,
    caller: Caller,
    keep: Option<Keep>,
    heartbeat: Duration,
    expiry: Option<Instant>,
}

impl Ticket {
    fn seat(self, app: Arc<App>, client: Client, upgrade: WebSocketUpgrade) -> Response {
        // Taken here, so that a shutdown also waits for upgrades under way.
        let shutdown = app.shutdown.subscribe();
        let ws_limit = ws_limit(&app);
        upgrade.max_message_size(ws_limit).max_frame_size(ws_limit).on_upgrade(
            async move |socket| {
                let Self { membership, outbox, name, caller, keep, heartbeat, expiry } = self;
                let (room, participant) = (membership.room_name(), membership.participant());
                let address = caller.address;
                info!(%room, %participant, name, %address, ?client, "a member has joined");
                let manner = Manner {
                    handshake: client.handshake,
                    packet_bytes: if client.traits.ours {
                        usize::MAX
                    } else {
                        app.config.packet_bytes
                    },
                    limits: app.config.limits,
                    kept_bytes: keep.as_ref().map(|_| app.config.max_kept_bytes),
                };
                let seat = Arc::new(Seat {
                    membership,
                    outbox,
                    client,
                    place: Mutex::new(Place::new(manner)),
                    controls: Mutex::default(),
                    keep,
                    turns: Turns::default(),
                    max_messages_per_second: app.config.max_messages_per_second,
                    heartbeat,
                    metrics: Arc::clone(&app.config.metrics),
                    shutdown,
                });
                let seats = Arc::clone(&app.seats);
                drop(app);
                seat.serve(seats, Line { wire: Wire::Here(socket), expiry }).await;
            },
        )
    }
}

fn room_config(app: &App, name: &RoomName, url: String) -> RoomConfig {
    RoomConfig {
        name: name.as_str().to_owned(),
        url,
        session_id: Uuid::new_v4().to_string(),
        extensions: Extensions {
            version: Extensions::VERSION,
            raw_attachments: true,
            max_packet_bytes: Some(app.config.max_packet_bytes),
            max_message_bytes: Some(app.config.limits.max_message_bytes),
            max_attribute_bytes: Some(app.config.room_limits.max_attribute_bytes),
            batches: true,
            resume: None,
        },
        limits: app.config.room_limits,
    }
}

fn joining(app: &App, claims: &Claims, client: Client) -> Joining {
    Joining {
        participant_id: ParticipantId::new(&Uuid::new_v4().to_string()),
        name: claims.name().to_owned(),
        role: claims.role().to_owned(),
        attributes: JsonText::empty_object(),
        grants: Grants::from_claims(claims, app.config.legacy_grants),
        traits: client.traits,
        resume: None,
    }
}

/// Says no: with a status, or to those who cannot see one with a close that makes them stop.
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
    let frame = CloseFrame { code: CLOSE_FOR_GOOD, reason: refusal.close_reason().into() };
    if socket.send(WsMessage::Close(Some(frame))).await.is_ok() {
        // Until the answer comes; whatever else the client says is not heard.
        let _ = timeout(GRACE, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    }
}

/// The official clients do not come back after this one.
const CLOSE_FOR_GOOD: u16 = 1000;

/// The token in a subprotocol, and the subprotocol as it is to be echoed.
fn subprotocol_token(protocol: &HeaderValue) -> Option<(HeaderValue, String)> {
    let token = protocol.to_str().ok()?.strip_prefix("meshagent-room.")?;
    Some((protocol.clone(), token.to_owned()))
}
