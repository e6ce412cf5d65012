//! The room server: sockets, tokens and files around the rooms of the crate `room`.
//!
//! Nothing here decides what a room does. Start reading at [`run`]; a client comes in through
//! `connections.rs`, `guard.rs` and `upgrade.rs`, sits in `seat.rs`, and its room is driven in `rooms.rs`.

mod bearer;
mod caller;
mod client;
mod cluster;
mod config;
mod connect;
mod connections;
mod dev;
mod entrance;
mod files;
mod guard;
mod keys;
mod metrics;
mod origin;
mod outbox;
mod pacing;
mod refusal;
mod room_name;
mod room_url;
mod rooms;
mod seat;
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
use tracing::{info, warn};

pub use cluster::{ClusterConfig, ClusterError, ClusterUrlError};
pub use config::{ConfigError, Mount, MountError, ServerConfig};
pub use keys::{ApiKey, KeyError, Keys, Secret};
pub use metrics::{Incident, Metrics};
pub use origin::{Origin, OriginError};
pub use room_name::{RoomName, RoomNameError};
pub use tokens::{NewToken, TokenError, verify};

use cluster::Cluster;
use rooms::Rooms;
use seat::Seats;

/// Serves until `shutdown` is ready, then lets everybody go and returns within a few seconds.
///
/// # Errors
///
/// [`ServeError`] if the configuration does not fit the listener, or the listener fails.
pub async fn run(
    listener: TcpListener,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    config.check(listener.local_addr()?)?;
    let mut shutdown = Box::pin(shutdown);
    let (cluster, arrivals) = tokio::select! {
        joined = Cluster::join(&config) => joined?.unzip(),
        () = &mut shutdown => return Ok(()),
    };
    let (down, mut is_down) = watch::channel(false);
    let rooms = Arc::new(Rooms::new(config.max_rooms, Arc::clone(&config.metrics)));
    let app = Arc::new(App { rooms, seats: Arc::default(), config, cluster, shutdown: down });
    let router = router(&app);

    let starter = Arc::clone(&app);
    tokio::spawn(async move {
        shutdown.await;
        info!("shutting down");
        starter.shutdown.send_replace(true);
    });
    let tasks = match app.cluster.as_ref().zip(arrivals) {
        Some((cluster, arrivals)) => Some(cluster.start(&app, arrivals).await?),
        None => None,
    };
    let finish = async {
        connections::accept(listener, Arc::clone(&app), router).await;
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
    router
        .route("/healthz", get(async || "ok"))
        .merge(files::router(&app.config))
        .with_state(Arc::clone(app))
}
