//! What all nodes know: who has which room, and which nodes are there. Two buckets of keys in NATS.

use std::time::Duration;

use async_nats::jetstream::{
    Context,
    kv::{self, UpdateErrorKind},
    stream::{self, LastRawMessageErrorKind},
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use room_cluster::{NodeId, Owner};
use thiserror::Error;
use tokio::time::{sleep, timeout};

use crate::cluster::ClusterError;

/// The two buckets.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    context: Context,
    hosts: String,
    lease: Duration,
    /// Room name to owner. Room names are safe in keys: see `RoomName`.
    rooms: kv::Store,
    /// Node to its life. Entries are forgotten when the lease is over.
    nodes: kv::Store,
}

/// The store did not answer, or not in time.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub(crate) struct StoreError(String);

impl StoreError {
    fn new(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

impl Store {
    /// Finds the buckets, or makes them.
    pub(crate) async fn open(
        context: Context,
        hosts: String,
        lease: Duration,
    ) -> Result<Self, ClusterError> {
        let failed = |error: StoreError| ClusterError::Store {
            hosts: hosts.clone(),
            reason: error.to_string(),
        };
        let rooms = bucket(&context, ROOMS, Duration::ZERO).await.map_err(failed)?;
        let nodes = bucket(&context, NODES, lease).await.map_err(failed)?;
        let theirs = nodes.stream.cached_info().config.max_age;
        if theirs != lease {
            return Err(ClusterError::OtherLease { ours: lease, theirs });
        }
        Ok(Self { context, hosts, lease, rooms, nodes })
    }

    /// It is there, but not of use.
    pub(crate) fn silent(&self) -> ClusterError {
        ClusterError::Store { hosts: self.hosts.clone(), reason: String::from("no lease in time") }
    }

    /// Makes the buckets again if somebody has deleted them.
    pub(crate) async fn mend(&self) -> Result<(), ClusterError> {
        Self::open(self.context.clone(), self.hosts.clone(), self.lease).await.map(drop)
    }

    /// Says that the node is there, in this life.
    pub(crate) async fn renew(&self, owner: Owner) -> Result<(), StoreError> {
        let life = Bytes::from(owner.life.to_string());
        self.nodes.put(owner.node.to_string(), life).await.map(drop).map_err(StoreError::new)
    }

    /// Says that the node is gone.
    pub(crate) async fn forget(&self, node: NodeId) -> Result<(), StoreError> {
        let subject = format!("{}{node}", self.nodes.prefix);
        let purged = self.in_time(async { self.nodes.stream.purge().filter(subject).await });
        purged.await?.map(drop).map_err(StoreError::new)
    }

    /// Whether this life of the node is not over.
    pub(crate) async fn is_alive(&self, owner: Owner) -> Result<bool, StoreError> {
        let life = self.read(&self.nodes, &owner.node.to_string()).await?;
        Ok(life.is_some_and(|(life, _)| life == owner.life.to_string()))
    }

    /// Who has the room, and the revision of that. An entry that cannot be read has no owner.
    pub(crate) async fn owner_of(
        &self,
        room: &str,
    ) -> Result<Option<(Option<Owner>, u64)>, StoreError> {
        let entry = self.read(&self.rooms, room).await?;
        Ok(entry.map(|(owner, revision)| (owner.parse().ok(), revision)))
    }

    /// Makes the room the owner's, if nothing has changed since that revision; 0 if there was none.
    /// Gives the new revision, or `None` if somebody else was first.
    pub(crate) async fn take(
        &self,
        room: &str,
        owner: Owner,
        revision: u64,
    ) -> Result<Option<u64>, StoreError> {
        let value = Bytes::from(owner.to_string());
        match self.in_time(self.rooms.update(room, value, revision)).await? {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(None),
            Err(error) => Err(StoreError::new(error)),
        }
    }

    /// Gives the room back, if nothing has changed since that revision. No trace of it stays: the
    /// names of rooms are without number.
    pub(crate) async fn release(&self, room: &str, revision: u64) -> Result<(), StoreError> {
        let subject = format!("{}{room}", self.rooms.prefix);
        let purge = self.rooms.stream.purge().filter(subject).sequence(revision + 1);
        self.in_time(async { purge.await }).await?.map(drop).map_err(StoreError::new)
    }

    /// All rooms with their owners and revisions.
    pub(crate) async fn all_rooms(&self) -> Result<Vec<(String, Option<Owner>, u64)>, StoreError> {
        let mut rooms = Vec::new();
        let info = self.in_time(self.rooms.stream.get_info()).await?.map_err(StoreError::new)?;
        if info.state.messages == 0 {
            return Ok(rooms);
        }
        let watch = self.in_time(self.rooms.watch_with_history(">")).await?;
        let mut watch = watch.map_err(StoreError::new)?;
        while let Some(entry) = self.in_time(watch.next()).await? {
            let entry = entry.map_err(StoreError::new)?;
            let owner = str::from_utf8(&entry.value).ok().and_then(|text| text.parse().ok());
            rooms.push((entry.key, owner, entry.revision));
            if entry.delta == 0 {
                break;
            }
        }
        Ok(rooms)
    }

    /// An entry and its revision, from whoever leads the bucket: copies may be behind.
    async fn read(
        &self,
        bucket: &kv::Store,
        key: &str,
    ) -> Result<Option<(String, u64)>, StoreError> {
        let subject = format!("{}{key}", bucket.prefix);
        let read = bucket.stream.get_last_raw_message_by_subject(&subject);
        match self.in_time(read).await? {
            Ok(message) => {
                let text = String::from_utf8_lossy(&message.payload).into_owned();
                Ok(Some((text, message.sequence)))
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(StoreError::new(error)),
        }
    }

    /// An answer that comes late may be out of date: see `Tenures`.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, StoreError> {
        let limit = (self.lease / 4).min(Duration::from_millis(1500));
        timeout(limit, answer).await.map_err(|_| StoreError::new("no answer in time"))
    }
}

/// Finds the bucket, or makes it. Tries for a second: NATS may have begun just now, and other nodes may
/// make the bucket in the same moment.
async fn bucket(context: &Context, name: &str, max_age: Duration) -> Result<kv::Store, StoreError> {
    for _ in 1..TRIES {
        if let Ok(bucket) = find_or_make(context, name, max_age).await {
            return Ok(bucket);
        }
        sleep(BETWEEN_TRIES).await;
    }
    find_or_make(context, name, max_age).await
}

async fn find_or_make(
    context: &Context,
    name: &str,
    max_age: Duration,
) -> Result<kv::Store, StoreError> {
    if let Ok(bucket) = context.get_key_value(name).await {
        return Ok(bucket);
    }
    // The crate's own `create_key_value` asks for an account first, whose description by servers
    // before 2.10 it cannot read. This is the same stream.
    let config = stream::Config {
        name: format!("KV_{name}"),
        subjects: vec![format!("$KV.{name}.>")],
        max_age,
        max_messages_per_subject: 1,
        discard: stream::DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: 1,
        ..stream::Config::default()
    };
    context.create_stream(config).await.map_err(StoreError::new)?;
    context.get_key_value(name).await.map_err(StoreError::new)
}

const TRIES: usize = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
const ROOMS: &str = "room-owners";
const NODES: &str = "room-nodes";
