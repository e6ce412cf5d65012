//! Who may come in, and the seat it gets in a room of this server.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use room::{Grants, Joining, Manner, Place, RoomConfig};
use room_proto::{Extensions, JsonText, ParticipantId, members, session::STREAMS_ATTRIBUTE};
use tokio::{sync::watch, time::Instant};
use tracing::info;
use uuid::Uuid;

use crate::{
    App,
    client::Client,
    metrics::Total,
    outbox::{Ending, Outbox},
    refusal::Refusal,
    room_name::RoomName,
    rooms::Membership,
    seat::{Keep, Line, Seat, Turns, Wire},
    stage::Stage,
};

/// Somebody whose request was found good: all that a room must know of it.
#[derive(Clone, Debug)]
pub(crate) struct Entrant {
    pub(crate) room: RoomName,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) grants: Grants,
    pub(crate) client: Client,
    /// When the token expires, as the time since 1970, if the connection ends then.
    pub(crate) expires_at: Option<Duration>,
    /// Where it is, for the log.
    pub(crate) address: IpAddr,
    /// The room's address, as this client knows it.
    pub(crate) room_url: String,
    /// Whether the client can come back after a loss.
    pub(crate) can_come_back: bool,
    /// What it comes back to.
    pub(crate) comeback: Option<Comeback>,
    /// The kinds of streams that it takes, with commas between them, if messaging is to be enabled at once.
    pub(crate) enable: Option<String>,
}

/// A client that wants to go on.
#[derive(Clone, Debug)]
pub(crate) struct Comeback {
    /// With this epoch, which is a secret.
    pub(crate) epoch: String,
    /// After so many messages that it has received.
    pub(crate) received: u64,
}

/// A seat for somebody who is about to take it. It is given back if it is dropped.
#[derive(Debug)]
pub(crate) struct Chair {
    kind: ChairKind,
    expiry: Option<Instant>,
}

#[derive(Debug)]
enum ChairKind {
    /// One that was kept, for a client that has received so many messages.
    Kept(Arc<Seat>, u64),
    /// Another.
    New(Box<Ticket>),
}

impl Entrant {
    /// Takes a place in the room, while a refusal can still be a status.
    pub(crate) fn chair(self, app: &App) -> Result<Chair, Refusal> {
        let expiry = self.expiry(app);
        let kind = match self.kept_seat(app) {
            Some((seat, received)) => ChairKind::Kept(seat, received),
            // Who only comes back may: its seat is here.
            None if app.life.stage() == Stage::Draining => return Err(Refusal::draining()),
            None => ChairKind::New(Box::new(self.join(app)?)),
        };
        Ok(Chair { kind, expiry })
    }

    fn join(self, app: &App) -> Result<Ticket, Refusal> {
        let outbox = Arc::new(Outbox::new(app.config.max_queued_bytes));
        let grace = app.config.resume_grace;
        let can_come_back = self.can_come_back && self.client.traits.ours && !grace.is_zero();
        let keep = can_come_back.then(|| Keep::new(grace, &self.name, &self.role));
        let heartbeat = heartbeat(app, keep.is_some());
        let joining = Joining {
            participant_id: ParticipantId::new(&Uuid::new_v4().to_string()),
            name: self.name.clone(),
            role: self.role,
            attributes: self.enable.as_deref().map_or_else(JsonText::empty_object, announcing),
            grants: self.grants,
            traits: self.client.traits,
            resume: keep.as_ref().map(|keep| keep.resume(heartbeat)),
            enables: self.enable.is_some(),
        };
        let config = || room_config(app, &self.room, self.room_url);
        let membership = app.rooms.join(&self.room, config, joining, Arc::clone(&outbox))?;
        let (name, client, address) = (self.name, self.client, self.address);
        // Taken here, so that a shutdown also waits for upgrades under way.
        let shutdown = app.shutdown.subscribe();
        Ok(Ticket { membership, outbox, name, client, address, keep, heartbeat, shutdown })
    }

    /// Until when the connection may last.
    fn expiry(&self, app: &App) -> Option<Instant> {
        let expires_at = self.expires_at?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::now().checked_add((expires_at + app.config.clock_skew).saturating_sub(now))
    }

    /// The seat that is kept for this client, and how many messages the client has received there.
    /// One that it cannot go on with is given up: nobody else can.
    fn kept_seat(&self, app: &App) -> Option<(Arc<Seat>, u64)> {
        let Comeback { epoch, received } = self.comeback.as_ref()?;
        let seat = app.seats.find(epoch)?;
        let keep = seat.keep.as_ref()?;
        let is_same = *seat.membership.room_name() == self.room
            && keep.name == self.name
            && keep.role == self.role;
        if !is_same {
            return None;
        }
        if !seat.can_resume(*received) {
            seat.membership.end(Ending::Gone);
            return None;
        }
        Some((seat, *received))
    }
}

impl Chair {
    /// How long the client is silent before it is pinged.
    pub(crate) fn heartbeat(&self) -> Duration {
        match &self.kind {
            ChairKind::Kept(seat, _) => seat.heartbeat,
            ChairKind::New(ticket) => ticket.heartbeat,
        }
    }

    /// Whether the client goes on where it was.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self.kind, ChairKind::Kept(..))
    }

    /// Serves the client until its connection is over, and longer if it can come back.
    pub(crate) async fn sit(self, app: Arc<App>, wire: Wire) {
        let line = Line { wire, expiry: self.expiry };
        let seats = Arc::clone(&app.seats);
        match self.kind {
            ChairKind::Kept(seat, received) => {
                drop(app);
                let (room, participant) =
                    (seat.membership.room_name(), seat.membership.participant());
                info!(%room, %participant, "a member has come back");
                seat.metrics.tally(Total::Resumes, 1);
                seat.serve_again(seats, line, received).await;
            }
            ChairKind::New(ticket) => {
                let seat = ticket.seat(&app);
                drop(app);
                seat.serve(seats, line).await;
            }
        }
    }
}

/// A place in a room for a client that is about to take it.
#[derive(Debug)]
struct Ticket {
    membership: Membership,
    outbox: Arc<Outbox>,
    name: String,
    client: Client,
    address: IpAddr,
    keep: Option<Keep>,
    heartbeat: Duration,
    shutdown: watch::Receiver<bool>,
}

impl Ticket {
    fn seat(self, app: &App) -> Arc<Seat> {
        let Self { membership, outbox, name, client, address, keep, heartbeat, shutdown } = self;
        let (room, participant) = (membership.room_name(), membership.participant());
        info!(%room, %participant, name, %address, ?client, "a member has joined");
        app.config.metrics.tally(Total::Joins, 1);
        let is_ours = client.traits.ours;
        let manner = Manner {
            handshake: client.handshake,
            packet_bytes: if is_ours { usize::MAX } else { app.config.packet_bytes },
            limits: app.config.limits,
            joins_answers: is_ours,
            batches: is_ours,
            kept_bytes: keep.as_ref().map(|_| app.config.max_kept_bytes),
        };
        Arc::new(Seat {
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
        })
    }
}

/// The attribute that says which kinds of streams a client takes, before the others see it.
fn announcing(kinds: &str) -> JsonText {
    let kinds: Vec<_> = kinds.split(',').filter(|kind| !kind.is_empty()).collect();
    let kinds = JsonText::from_value(&kinds);
    members::with(&JsonText::empty_object(), STREAMS_ATTRIBUTE, &kinds)
}

/// Who can come back should notice soon that it must.
fn heartbeat(app: &App, can_come_back: bool) -> Duration {
    let heartbeat = app.config.heartbeat;
    if can_come_back { heartbeat.min(RESUMABLE_HEARTBEAT) } else { heartbeat }
}

const RESUMABLE_HEARTBEAT: Duration = Duration::from_secs(10);

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
            enabled: false,
            resume: None,
        },
        limits: app.config.room_limits,
    }
}
