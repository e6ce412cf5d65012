//! The end of a server, in good time: nobody comes in any more, and who is in goes elsewhere.
//!
//! ```text
//!  signal ── a quarter ── rooms move, one after another ── a quarter ── the rest is let go
//! ```
//!
//! In the first quarter of the time whoever sends clients here can notice that it should not. The
//! members of a room move together, so that they find each other again. In the last quarter slow
//! ones get the rest of what they are owed.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout};
use tracing::{info, warn};

use crate::{App, stage::Stage};

/// Waits for the signal, then empties the server within the time that is configured.
pub(crate) async fn drain(app: Arc<App>, signal: impl Future<Output = ()>) {
    signal.await;
    app.life.enter(Stage::Draining);
    let time = app.config.drain_time;
    if !time.is_zero() {
        info!(seconds = time.as_secs_f64(), "draining");
        tokio::select! {
            () = app.seats.empty() => {}
            moved = timeout(time, move_all(&app, time)) => if moved.is_err() {
                warn!("the time to drain is over");
            }
        }
    }
    info!("shutting down");
    // Room by room, or each member would be told of all others that leave.
    app.rooms.names().iter().for_each(|name| app.rooms.move_out(name));
    app.shutdown.send_replace(true);
}

/// Does not end before the members have left.
async fn move_all(app: &App, time: Duration) {
    let rooms = app.rooms.names();
    let begin = Instant::now() + time / 4;
    let between = (time / 2) / u32::try_from(rooms.len()).unwrap_or(u32::MAX).max(1);
    for (number, name) in (0..).zip(rooms) {
        sleep_until(begin + between * number).await;
        app.rooms.move_out(&name);
    }
    app.seats.empty().await;
}
