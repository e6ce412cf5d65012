//! A server from the moment when it listens to its end.

use std::pin::pin;

use room_server::{Listeners, ServeError, ServerConfig};
use tokio::sync::oneshot;
use tracing::warn;

use super::supervisor::{State, tell};
use crate::{failure::Failure, interrupt::shutdown_signal};

/// Drains at the first signal, and ends at once at the second.
pub(super) async fn serve(
    first: impl Future<Output = ()>,
    listeners: Listeners,
    config: ServerConfig,
) -> Result<(), Failure> {
    let (drain, drained) = oneshot::channel();
    let serving = room_server::run(listeners, config, async {
        // An error means that nobody waits any more.
        let _ = drained.await;
    });
    let mut serving = pin!(serving);
    tell(State::Ready);
    tokio::select! {
        ended = serving.as_mut() => return ended.map_err(failed),
        () = first => {}
    }
    let second = shutdown_signal()?;
    tell(State::Stopping);
    // An error means that the server has ended.
    let _ = drain.send(());
    tokio::select! {
        ended = serving => ended.map_err(failed),
        () = second => {
            warn!("ending at once");
            Ok(())
        }
    }
}

fn failed(error: ServeError) -> Failure {
    match error {
        ServeError::Config(error) => Failure::usage(error),
        ServeError::Cluster(_) | ServeError::Listener(_) => Failure::Failed(error.into()),
    }
}
