//! Rooms over more than one server.
//!
//! The nodes meet in NATS. A room has one owner, where all of its logic runs as in a single server;
//! a client that is connected to another node, the edge, has a line to the owner. The rules are in
//! the crate `room-cluster`, and here is what carries them out: `find` for whoever wants to come in,
//! `host.rs` for the owner's side of that, `tasks.rs` for what goes on all the time.
//! `docs/scale.md` describes it from outside.

mod config;
mod edge;
mod host;
mod lines;
mod opening;
mod store;
mod tasks;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_nats::{Client, Event, Subject, connection::State as ConnectionState};
use bytes::Bytes;
use room_cluster::{
    Beat, Entrance, Lease, LineId, NodeId, Owner, PART_BYTES, Peers, Tenures, Timestamp,
};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep, timeout},
};
use tracing::{debug, info, warn};
use uuid::Uuid;

pub use self::config::{ClusterConfig, ClusterError, ClusterUrlError};
pub(crate) use self::{
    edge::Edge,
    lines::{LineEnd, LineReader, LineWriter},
};
use self::{
    lines::{Lines, Outgoing},
    opening::{Answer, Opening},
    store::{Store, StoreError},
};
use crate::{
    App, ServerConfig,
    entrance::{Chair, Entrant},
    metrics::Incident,
    refusal::Refusal,
    rooms::lock,
    stage::Stage,
};

/// This node among the others.
#[derive(Debug)]
pub(crate) struct Cluster {
    node: NodeId,
    client: Client,
    store: Store,
    lines: Arc<Lines>,
    outgoing: Outgoing,
    /// How long somebody waits until it is clear who has a room.
    patience: Duration,
    started: Instant,
    state: Mutex<State>,
    /// There is a reason to renew the lease now.
    hurry: Notify,
}

#[derive(Debug)]
struct State {
    lease: Lease,
    tenures: Tenures,
    peers: Peers,
    /// The number of our connection to NATS.
    connection: u64,
    /// Whether we hear ourselves over it.
    is_up: bool,
    /// Whether it must be looked up what is still ours.
    must_check: bool,
}

/// What is needed once, for the tasks.
#[derive(Debug)]
pub(crate) struct Arrivals {
    events: mpsc::UnboundedReceiver<Event>,
    outgoing: mpsc::UnboundedReceiver<(Subject, Bytes)>,
    beats: async_nats::Subscriber,
    openings: async_nats::Subscriber,
    parcels: async_nats::Subscriber,
}

/// Where somebody who comes in gets a seat.
#[derive(Debug)]
pub(crate) enum Found {
    /// Here.
    Here(Chair),
    /// At another node.
    There(Edge),
}

/// Why there is no seat yet.
enum NotYet {
    /// It is not clear who has the room, or the owner does not answer.
    Unclear,
    /// The room says no.
    Refused(Refusal),
}

impl From<StoreError> for NotYet {
    fn from(error: StoreError) -> Self {
        debug!(%error, "the store did not say who has a room");
        Self::Unclear
    }
}

impl Cluster {
    /// Connects with NATS, if that is wanted.
    pub(crate) async fn join(
        server: &ServerConfig,
    ) -> Result<Option<(Arc<Self>, Arrivals)>, ClusterError> {
        let Some(config) = &server.cluster else { return Ok(None) };
        let node = NodeId(Uuid::new_v4().as_u128());
        let (event_sender, events) = mpsc::unbounded_channel();
        let (client, store) = connect(config, node, event_sender).await?;
        let subscribe = async |subject| {
            client.subscribe(subject).await.map_err(|error| ClusterError::Connect {
                hosts: config.hosts(),
                reason: error.to_string(),
            })
        };
        let beats = subscribe(Subject::from(BEATS)).await?;
        let openings = subscribe(openings_of(node)).await?;
        let parcels = subscribe(parcels_of(node)).await?;

        let (sender, receiver) = mpsc::unbounded_channel();
        let outgoing = Outgoing(sender);
        let limits = server.limits;
        let max_message_bytes = limits.max_message_bytes + limits.max_header_bytes + 1024 * 1024;
        let lines = Arc::new(Lines::new(outgoing.clone(), max_message_bytes));
        let state = State {
            lease: Lease::new(config.lease),
            tenures: Tenures::default(),
            peers: Peers::new(config.lease / 2),
            connection: 1,
            is_up: false,
            must_check: false,
        };
        let patience = (config.lease + Duration::from_secs(1)).min(server.handshake_time * 4 / 5);
        let cluster = Self {
            node,
            client,
            store,
            lines,
            outgoing,
            patience,
            started: Instant::now(),
            state: Mutex::new(state),
            hurry: Notify::new(),
        };
        info!(%node, nats = config.hosts(), "this server is a node of a cluster");
        let arrivals = Arrivals { events, outgoing: receiver, beats, openings, parcels };
        Ok(Some((Arc::new(cluster), arrivals)))
    }

    /// Gives somebody a seat, wherever its room is.
    pub(crate) async fn find(&self, app: &App, entrant: Entrant) -> Result<Found, Refusal> {
        let deadline = Instant::now() + self.patience;
        let mut pause = BETWEEN_LOOKS;
        loop {
            match self.seat(app, &entrant).await {
                Ok(found) => return Ok(found),
                Err(NotYet::Refused(refusal)) => return Err(refusal),
                Err(NotYet::Unclear) => {}
            }
            if app.life.stage() == Stage::Draining {
                return Err(Refusal::draining());
            }
            // While NATS is away nothing will become clear.
            if !lock(&self.state).is_up || Instant::now() >= deadline {
                return Err(Refusal::cluster_unavailable());
            }
            // Many may wait for a node that is gone.
            sleep(pause).await;
            pause = (pause * 2).min(BETWEEN_LOOKS * 4);
        }
    }

    async fn seat(&self, app: &App, entrant: &Entrant) -> Result<Found, NotYet> {
        let room = entrant.room.as_str();
        let mut entrance = self.enter(room);
        if entrance == Entrance::Elsewhere {
            if let Some(owner) = self.owner_of(room).await? {
                return self.open_line(owner, entrant).await.map(Found::There);
            }
            entrance = self.enter(room);
        }
        match entrance {
            Entrance::Open => self.chair(app, entrant.clone()).map(Found::Here),
            Entrance::Closing | Entrance::Elsewhere => Err(NotYet::Unclear),
        }
    }

    /// A chair in a room that was entered.
    fn chair(&self, app: &App, entrant: Entrant) -> Result<Chair, NotYet> {
        let room = entrant.room.as_str().to_owned();
        let chair = entrant.chair(app);
        let now = self.now();
        let is_ours = lock(&self.state).tenures.leave(&room, now);
        match chair {
            // It was given up in this moment, and nobody may sit there.
            Ok(_) if !is_ours => Err(NotYet::Unclear),
            Ok(chair) => Ok(chair),
            // It will be somewhere else soon.
            Err(refusal) if refusal.incident() == Incident::Draining => Err(NotYet::Unclear),
            Err(refusal) => Err(NotYet::Refused(refusal)),
        }
    }

    fn enter(&self, room: &str) -> Entrance {
        let now = self.now();
        let mut state = lock(&self.state);
        if state.lease.is_held(now) { state.tenures.enter(room) } else { Entrance::Elsewhere }
    }

    /// The node that has the room; `None` if that is this one, from now on at the latest.
    async fn owner_of(&self, room: &str) -> Result<Option<Owner>, NotYet> {
        if !lock(&self.state).is_up {
            return Err(NotYet::Unclear);
        }
        let revision = match self.store.owner_of(room).await? {
            None => 0,
            Some((Some(owner), revision)) if owner == self.owner() => {
                self.take(room, owner, revision);
                return Ok(None);
            }
            Some((Some(owner), _)) if self.store.is_alive(owner).await? => return Ok(Some(owner)),
            Some((_, revision)) => revision,
        };
        let me = self.owner();
        if !lock(&self.state).lease.is_held(self.now()) {
            return Err(NotYet::Unclear);
        }
        let taken = self.store.take(room, me, revision).await?;
        self.take(room, me, taken.ok_or(NotYet::Unclear)?);
        Ok(None)
    }

    /// The room is this node's, unless it has begun another life since.
    fn take(&self, room: &str, me: Owner, revision: u64) {
        let now = self.now();
        let mut state = lock(&self.state);
        if state.lease.life() == me.life {
            debug!(room, revision, "this node has the room");
            state.tenures.take(room, revision, now);
        }
    }

    async fn open_line(&self, owner: Owner, entrant: &Entrant) -> Result<Edge, NotYet> {
        let id = LineId(Uuid::new_v4().as_u128());
        let line = self.lines.open(id, owner.node, None, parcels_of(owner.node));
        let connection = lock(&self.state).connection;
        let opening = Opening::encode(id, self.node, connection, owner, entrant);
        let request = self.client.request(openings_of(owner.node), opening);
        // From now on it is called off if nobody waits for the answer any more.
        let mut edge = Edge::new(line, entrant);
        let reply = match timeout(ANSWER_LIMIT, request).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                debug!(%owner, %error, "the owner of a room does not answer");
                return Err(NotYet::Unclear);
            }
            Err(_) => return Err(NotYet::Unclear),
        };
        match Answer::decode(&reply.payload) {
            Ok(Answer::Accepted { connection, heartbeat_ms, is_kept }) => {
                self.lines.set_connection(id, connection);
                self.on_heard(Beat { node: owner.node, connection });
                edge.accept(Duration::from_millis(heartbeat_ms), !is_kept);
                Ok(edge)
            }
            Ok(Answer::Refused { reason, message }) => {
                Err(NotYet::Refused(Refusal::no_place(reason.incident(), message)))
            }
            Ok(Answer::NotOwner) => Err(NotYet::Unclear),
            Err(error) => {
                warn!(%owner, %error, "another node's answer makes no sense");
                Err(NotYet::Unclear)
            }
        }
    }

    /// Another node was heard.
    fn on_heard(&self, beat: Beat) {
        let now = self.now();
        let is_another = lock(&self.state).peers.on_heard(beat, now);
        if is_another {
            self.lines.lose_peer(beat.node, Some(beat.connection));
        }
    }

    fn owner(&self) -> Owner {
        Owner { node: self.node, life: lock(&self.state).lease.life() }
    }

    fn now(&self) -> Timestamp {
        self.started.elapsed()
    }

    fn is_connected(&self) -> bool {
        self.client.connection_state() == ConnectionState::Connected
    }
}

async fn connect(
    config: &ClusterConfig,
    node: NodeId,
    events: mpsc::UnboundedSender<Event>,
) -> Result<(Client, Store), ClusterError> {
    let failed = |reason: String| ClusterError::Connect { hosts: config.hosts(), reason };
    let options = async_nats::ConnectOptions::new()
        .name(format!("room-{node}"))
        .connection_timeout(CONNECT_LIMIT)
        .ping_interval((config.lease / 4).max(Duration::from_millis(500)))
        .reconnect_delay_callback(|attempts| Duration::from_millis(50 << attempts.min(5)))
        .event_callback(move |event| {
            // After the end nobody listens.
            let _ = events.send(event);
            std::future::ready(())
        });
    let connecting = options.connect(config.servers.clone());
    let client = timeout(CONNECT_LIMIT * 2, connecting)
        .await
        .map_err(|_| failed(String::from("no answer in time")))?
        .map_err(|error| failed(error.to_string()))?;
    let (have, need) = (client.max_payload(), LEAST_PAYLOAD_BYTES);
    if have < need {
        return Err(failed(format!("its max_payload is {have} bytes, {need} are needed")));
    }
    let mut context = async_nats::jetstream::new(client.clone());
    context.set_timeout(CONNECT_LIMIT);
    let store = Store::open(context, config.hosts(), config.lease).await?;
    Ok((client, store))
}

fn openings_of(node: NodeId) -> Subject {
    Subject::from(format!("room-cluster.{node}.open"))
}

fn parcels_of(node: NodeId) -> Subject {
    Subject::from(format!("room-cluster.{node}.line"))
}

const BEATS: &str = "room-cluster.beat";

/// The pause before it is looked again who has a room.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How long the owner of a room has for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// A parcel, with room for its frames' heads.
const LEAST_PAYLOAD_BYTES: usize = 2 * PART_BYTES;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
