//! The moment by which a command must be done.

use std::time::Duration;

use room_proto::{ErrorCode, SessionError};
use tokio::time::{Instant, timeout_at};

/// The moment by which all must be done, if there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    timeout: Duration,
    at: Option<Instant>,
}

impl Deadline {
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        let at = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { timeout: timeout.unwrap_or_default(), at }
    }

    /// Waits for the future, but not longer.
    ///
    /// # Errors
    ///
    /// `timeout`.
    pub(crate) async fn limit<T>(self, future: impl Future<Output = T>) -> Result<T, SessionError> {
        let Some(at) = self.at else { return Ok(future.await) };
        timeout_at(at, future).await.map_err(|_| {
            let text = format!("it is not done within {:?}", self.timeout);
            SessionError::new(ErrorCode::Timeout, text)
        })
    }
}
