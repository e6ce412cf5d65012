//! The room server: sockets, tokens and files around the rooms of the crate `room`.
//!
//! Nothing here decides what a room does. Start reading at [`run`]; a client comes in through
//! `connections.rs`, `guard.rs` and `upgrade.rs`, sits in `seat.rs`, and its room is driven in `rooms.rs`.

mod admin;
mod bearer;
mod caller;
mod client;
mod cluster;
mod config;
mod connect;
mod connections;
mod dev;
mod drain;
mod entrance;
mod exposition;
mod files;
mod guard;
mod keys;
mod metrics;
mod origin;
mod otlp;
mod outbox;
mod pacing;
mod refusal;
mod room_name;
mod room_url;
mod rooms;
mod seat;
mod stage;
mod tokens;
mod upgrade;

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use thiserror::Error;
use tokio::{net::TcpListener, sync::watch, time::sleep};
use tracing::warn;

pub use cluster::{ClusterConfig, ClusterError, ClusterUrlError};
pub use config::{ConfigError, Mount, MountError, ServerConfig, StaticFile};
pub use keys::{ApiKey, KeyError, Keys, Secret};
pub use metrics::{Incident, Level, Metrics, Total};
pub use origin::{Origin, OriginError};
pub use otlp::{Endpoint, EndpointError, TraceExport};
pub use room_name::{RoomName, RoomNameError};
pub use tokens::{NewToken, TokenError, verify};

use cluster::Cluster;
use otlp::Exporter;
use rooms::Rooms;
use seat::Seats;
use stage::{Life, Stage};

/// Where a server listens.
#[derive(Debug)]
pub struct Listeners {
    /// For everybody.
    pub public: TcpListener,
    /// For whoever operates the server: `/metrics`, `/healthz` and `/readyz`.
    pub admin: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(public: TcpListener) -> Self {
        Self { public, admin: None }
    }
}

/// Serves until `shutdown` is ready, then drains for as long as the configuration says, lets
/// everybody go and returns within a few seconds.
///
/// # Errors
///
/// [`ServeError`] if the configuration does not fit the listener, or the listener fails.
pub async fn run(
    listeners: impl Into<Listeners>,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let Listeners { public, admin } = listeners.into();
    config.check(public.local_addr()?)?;
    let mut shutdown = Box::pin(shutdown);
    let (cluster, arrivals) = tokio::select! {
        joined = Cluster::join(&config) => joined?.unzip(),
        () = &mut shutdown => return Ok(()),
    };
    let (down, mut is_down) = watch::channel(false);
    let export = config.traces.as_ref().map(|traces| Exporter::start(traces, &config.metrics));
    let (exporter, tracer) = export.unzip();
    let rooms = Rooms::new(config.max_rooms, Arc::clone(&config.metrics)).with_tracer(tracer);
    let rooms = Arc::new(rooms);
    let (seats, life) = (Arc::default(), Life::default());
    let app = Arc::new(App { rooms, seats, life, config, cluster, shutdown: down });
    if let Some(admin) = admin {
        let router = admin::router(&app);
        tokio::spawn(connections::accept(admin, Arc::clone(&app), router));
    }
    let router = router(&app);

    tokio::spawn(drain::drain(Arc::clone(&app), shutdown));
    let tasks = match app.cluster.as_ref().zip(arrivals) {
        Some((cluster, arrivals)) => Some(cluster.start(&app, arrivals).await?),
        None => None,
    };
    app.life.enter(Stage::Serving);
    let finish = async {
        connections::accept(public, Arc::clone(&app), router).await;
        app.shutdown.closed().await;
    };
    let out_of_time = async {
        // An error cannot be: `app` has the sender.
        let _ = is_down.wait_for(|down| *down).await;
        drop(is_down);
        sleep(SHUTDOWN_LIMIT).await;
    };
    tokio::select! {
        () = finish => {}
        () = out_of_time => warn!("leaving unfinished connections"),
    }
    // What is given back must not be renewed.
    drop(tasks);
    if let Some(cluster) = &app.cluster {
        cluster.leave().await;
    }
    if let Some(exporter) = exporter {
        exporter.finish().await;
    }
    Ok(())
}

/// A download may take its time, a shutdown not.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// The server stopped, or did not start.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The settings do not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server cannot be a node of the cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The listener failed.
    #[error("the listener failed: {0}")]
    Listener(#[from] io::Error),
}

/// What all requests share.
struct App {
    config: ServerConfig,
    rooms: Arc<Rooms>,
    seats: Arc<Seats>,
    life: Life,
    /// If this server is a node of one.
    cluster: Option<Arc<Cluster>>,
    /// Becomes true at the end. Every seat has a receiver, so that the end can wait for them.
    shutdown: watch::Sender<bool>,
}

fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/rooms/{room}", get(upgrade::join))
        .route("/accounts/projects/{project}/rooms/{room}/connect", post(connect::connect));
    if app.config.dev {
        router = router.route("/dev/token", post(dev::token));
    }
    let router = router.route_layer(from_fn_with_state(Arc::clone(app), guard::guard));
    router.merge(files::router(&app.config)).with_state(Arc::clone(app)).merge(admin::health(app))
}
