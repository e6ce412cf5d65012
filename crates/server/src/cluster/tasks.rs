//! What a node does all the time: it listens, says that it is there, renews its lease, and gives
//! back rooms that are empty.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_nats::{Client, Event, Subject};
use bytes::Bytes;
use futures_util::StreamExt as _;
use room_cluster::{Beat, Owner, Step};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, sleep_until, timeout, timeout_at},
};
use tracing::{debug, error, info, warn};

use crate::{
    App,
    cluster::{Arrivals, BEATS, Cluster, ClusterError, store::StoreError},
    rooms::lock,
    stage::Stage,
};

impl Cluster {
    /// Starts everything that goes on as long as the set is there, and waits until the node can
    /// have rooms.
    pub(crate) async fn start(
        self: &Arc<Self>,
        app: &Arc<App>,
        arrivals: Arrivals,
    ) -> Result<JoinSet<()>, ClusterError> {
        let mut tasks = JoinSet::new();
        let Arrivals { events, outgoing, beats, openings, parcels } = arrivals;
        tasks.spawn(publish(self.client.clone(), outgoing));
        tasks.spawn(Arc::clone(self).carry_parcels(parcels));
        tasks.spawn(Arc::clone(self).listen(Arc::clone(app), events, beats, openings));
        tasks.spawn(Arc::clone(self).beat());
        tasks.spawn(Arc::clone(self).keep_lease(Arc::clone(app)));
        tasks.spawn(Arc::clone(self).tidy(Arc::clone(app)));
        if self.is_ready().await { Ok(tasks) } else { Err(self.store.silent()) }
    }

    async fn is_ready(&self) -> bool {
        let is_ready = async {
            loop {
                let now = self.now();
                let is_ready = {
                    let state = lock(&self.state);
                    state.is_up && state.lease.is_held(now)
                };
                if is_ready {
                    return;
                }
                sleep(BETWEEN_LOOKS).await;
            }
        };
        timeout(READY_LIMIT, is_ready).await.is_ok()
    }

    /// Gives everything back, so that others need not wait for it.
    pub(crate) async fn leave(&self) {
        let rooms = {
            let mut state = lock(&self.state);
            state.is_up = false;
            state.tenures.all()
        };
        let giving = async {
            for (room, revision) in rooms {
                self.store.release(&room, revision).await?;
            }
            self.store.forget(self.node).await
        };
        match timeout(LEAVE_LIMIT, giving).await {
            Ok(Ok(())) => {}
            Ok(Err(StoreError { .. })) | Err(_) => {
                info!("the rooms of this node are free when its lease is over");
            }
        }
    }

    async fn carry_parcels(self: Arc<Self>, mut parcels: async_nats::Subscriber) {
        while let Some(parcel) = parcels.next().await {
            self.lines.receive(&parcel.payload);
        }
    }

    async fn listen(
        self: Arc<Self>,
        app: Arc<App>,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut beats: async_nats::Subscriber,
        mut openings: async_nats::Subscriber,
    ) {
        let mut look = interval(self.beat_interval());
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(event) = events.recv() => self.on_event(&event),
                Some(beat) = beats.next() => self.on_beat(&beat.payload),
                Some(opening) = openings.next() => self.on_opening(&app, &opening),
                _ = look.tick() => self.look_for_the_silent(),
            }
        }
    }

    fn on_event(&self, event: &Event) {
        match event {
            Event::Disconnected => self.on_cut("the connection to NATS is lost"),
            Event::SlowConsumer(_) => warn!("this node is too slow for what NATS sends it"),
            Event::Connected => info!("connected to NATS"),
            Event::LameDuckMode
            | Event::Draining
            | Event::Closed
            | Event::ServerError(_)
            | Event::ClientError(_) => debug!(%event, "NATS"),
        }
    }

    /// What was under way may be lost, in both directions.
    fn on_cut(&self, why: &str) {
        {
            let mut state = lock(&self.state);
            state.connection += 1;
            // Whoever was silent meanwhile, it was our fault.
            state.peers.clear();
            if std::mem::take(&mut state.is_up) {
                warn!(lines = self.lines.count(), "{why}; nobody can come in for now");
            }
        }
        self.lines.lose_all();
    }

    fn on_beat(&self, payload: &[u8]) {
        let beat = str::from_utf8(payload).ok().and_then(|text| text.parse().ok());
        let Some(beat): Option<Beat> = beat else {
            return debug!("ignoring what is no beat");
        };
        self.on_heard(beat);
        let is_news = {
            let mut state = lock(&self.state);
            let is_me = beat.node == self.node && beat.connection == state.connection;
            let is_news = is_me && !state.is_up;
            if is_news {
                (state.is_up, state.must_check) = (true, true);
            }
            is_news
        };
        if is_news {
            info!(connection = beat.connection, "this node hears itself through NATS");
            self.hurry.notify_one();
        }
    }

    fn look_for_the_silent(&self) {
        let now = self.now();
        let silent = lock(&self.state).peers.silent(now);
        for node in silent {
            if node == self.node {
                self.on_cut("nothing comes through NATS any more");
            } else {
                info!(%node, "a node is silent");
                self.lines.lose_peer(node, None);
            }
        }
    }

    async fn beat(self: Arc<Self>) {
        let mut due = interval(self.beat_interval());
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            // It would wait with what is to be sent later, and say nothing then.
            if self.is_connected() {
                let beat = Beat { node: self.node, connection: lock(&self.state).connection };
                // An error is the end of the client, and then of this.
                let _ = self.client.publish(BEATS, Bytes::from(beat.to_string())).await;
            }
        }
    }

    fn beat_interval(&self) -> Duration {
        lock(&self.state).peers.patience() / 3
    }

    async fn keep_lease(self: Arc<Self>, app: Arc<App>) {
        loop {
            let now = self.now();
            let step = lock(&self.state).lease.step(now);
            match step {
                Step::GiveUp => self.give_up(&app),
                Step::Wait(until) => tokio::select! {
                    () = sleep_until(self.started + until) => {}
                    () = self.hurry.notified() => lock(&self.state).lease.hurry(),
                },
                Step::Renew { life, again } => {
                    let renewal = self.renew(life);
                    if let Ok(true) = timeout_at(self.started + again, renewal).await {
                        lock(&self.state).lease.on_renewed(life, now);
                    }
                }
            }
        }
    }

    async fn renew(&self, life: u32) -> bool {
        match self.store.renew(Owner { node: self.node, life }).await {
            Ok(()) => true,
            Err(error) => {
                debug!(%error, "the lease was not renewed");
                if self.is_connected()
                    && let Err(error) = self.store.mend().await
                {
                    debug!(%error, "the store is not there");
                }
                false
            }
        }
    }

    /// Others may take over soon: nothing here may go on. The members come back wherever they can.
    fn give_up(&self, app: &App) {
        error!("the lease could not be renewed; this node gives up its rooms");
        lock(&self.state).tenures.clear();
        // Whoever comes in after this finds that the room is not ours.
        app.rooms.cut_all();
    }

    async fn tidy(self: Arc<Self>, app: Arc<App>) {
        let mut due = interval(BETWEEN_TIDYINGS);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let between_sweeps = lock(&self.state).lease.length() * 5;
        let mut swept_at = self.now();
        loop {
            due.tick().await;
            let now = self.now();
            let (is_well, must_check) = {
                let mut state = lock(&self.state);
                let is_well = state.is_up && state.lease.is_held(now);
                (is_well, is_well && std::mem::take(&mut state.must_check))
            };
            let tidied = match (is_well, must_check) {
                (false, _) => continue,
                (true, true) => self.check(&app).await,
                (true, false) => self.release(&app).await,
            };
            let is_due = now - swept_at >= between_sweeps;
            let swept = if is_due { self.sweep().await } else { Ok(()) };
            if is_due {
                swept_at = now;
            }
            if let Err(error) = tidied.and(swept) {
                debug!(%error, "the store does not answer");
                lock(&self.state).must_check |= must_check;
            }
        }
    }

    /// Gives rooms back that have been empty for a while.
    async fn release(&self, app: &App) -> Result<(), StoreError> {
        let now = self.now();
        let due = {
            let tenures = &mut lock(&self.state).tenures;
            if app.life.stage() == Stage::Draining {
                tenures.hurry();
            }
            tenures.release(now, |room| app.rooms.is_empty(room))
        };
        for (room, revision) in due {
            // If this fails it is not known what has come of it, so the room stays closed.
            self.store.release(&room, revision).await?;
            lock(&self.state).tenures.lose(&room, revision);
        }
        Ok(())
    }

    /// Looks up whether the rooms are still this node's.
    async fn check(&self, app: &App) -> Result<(), StoreError> {
        let rooms = lock(&self.state).tenures.all();
        for (room, revision) in rooms {
            let me = self.owner();
            let found = match self.store.owner_of(&room).await? {
                Some((Some(owner), found)) if owner == me => Some(found),
                Some(_) => None,
                // The store has lost it, and nobody else was first.
                None => self.store.take(&room, me, 0).await?,
            };
            let mut state = lock(&self.state);
            match found {
                Some(found) => state.tenures.renew(&room, found),
                None => {
                    let is_lost = state.tenures.lose(&room, revision);
                    drop(state);
                    if is_lost {
                        warn!(room, "another node has the room");
                        app.rooms.cut(&room);
                    }
                }
            }
        }
        Ok(())
    }

    /// Forgets the rooms of nodes that are gone and to which nobody came back. One node does it.
    async fn sweep(&self) -> Result<(), StoreError> {
        if !lock(&self.state).peers.is_first(self.node) {
            return Ok(());
        }
        let mut known = HashMap::new();
        for (room, owner, revision) in self.store.all_rooms().await? {
            let is_alive = match owner {
                None => false,
                Some(owner) => match known.get(&owner) {
                    Some(is_alive) => *is_alive,
                    None => {
                        let is_alive = self.store.is_alive(owner).await?;
                        known.insert(owner, is_alive);
                        is_alive
                    }
                },
            };
            if !is_alive {
                self.store.release(&room, revision).await?;
            }
        }
        Ok(())
    }
}

async fn publish(client: Client, mut outgoing: mpsc::UnboundedReceiver<(Subject, Bytes)>) {
    while let Some((subject, bytes)) = outgoing.recv().await {
        if let Err(error) = client.publish(subject, bytes).await {
            debug!(%error, "a parcel was not sent");
        }
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const READY_LIMIT: Duration = Duration::from_secs(10);
const LEAVE_LIMIT: Duration = Duration::from_secs(2);
const BETWEEN_TIDYINGS: Duration = Duration::from_millis(500);
