//! What both kinds of stream ends know of their stream.

use std::{cell::RefCell, fmt, rc::Rc};

use gloo_timers::future::TimeoutFuture;
use room_proto::{ErrorCode, JsonText, ParticipantId, SessionError, StreamKey};
use web_sys::WritableStreamDefaultController;

use crate::{
    driver::Driver,
    error::Outcome,
    latch::{Answer, Bell, Latch, answer},
};

/// One end of a stream, shared by the exported object, its browser streams and the driver.
///
/// The driver lets go of it with the stream's last event. `ended` stays, so that whoever comes
/// later hears why.
pub(crate) struct StreamState {
    key: StreamKey,
    id: String,
    peer: ParticipantId,
    opened: Latch<Outcome>,
    ended: Latch<Outcome>,
    readable: Bell,
    writable: Bell,
    /// The browser's ends of our sinks, to fail them while nothing is being written.
    sinks: RefCell<Vec<WritableStreamDefaultController>>,
}

impl StreamState {
    pub(crate) fn new(key: StreamKey, id: &str, peer: &ParticipantId) -> Rc<Self> {
        Rc::new(Self {
            key,
            id: id.to_owned(),
            peer: peer.clone(),
            opened: Latch::new(),
            ended: Latch::new(),
            readable: Bell::default(),
            writable: Bell::default(),
            sinks: RefCell::default(),
        })
    }

    pub(crate) fn key(&self) -> StreamKey {
        self.key
    }

    /// Its id on the wire.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn peer(&self) -> &ParticipantId {
        &self.peer
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Option<Outcome> {
        self.ended.value()
    }

    pub(crate) fn on_opened(&self, outcome: Outcome) {
        self.opened.set(outcome);
    }

    pub(crate) fn on_readable(&self) {
        self.readable.ring();
    }

    pub(crate) fn on_writable(&self) {
        self.writable.ring();
    }

    /// Fails what waits for the stream, or lets it find that all is done.
    pub(crate) fn on_closed(&self, driver: &Driver, outcome: Outcome) {
        self.ended.set(outcome.clone());
        let sinks = self.sinks.take();
        if let Err(error) = outcome {
            self.opened.set(Err(error.clone()));
            for sink in sinks {
                sink.error_with_e(&driver.error(error.clone()));
            }
        }
        self.readable.ring();
        self.writable.ring();
    }

    pub(super) fn add_sink(&self, sink: WritableStreamDefaultController) {
        if !self.ended.is_set() {
            self.sinks.borrow_mut().push(sink);
        }
    }

    /// Resolves when the other side has answered the offer.
    pub(super) fn opened(&self) -> Answer {
        answer(self.opened.wait())
    }

    /// Resolves when the stream is over.
    pub(super) fn closed(&self) -> Answer {
        answer(self.ended.wait())
    }

    /// Resolves when there may be something to read.
    pub(super) async fn readable(&self) {
        // Cancelled only if the state itself is gone, and then nobody is here.
        let _ = self.readable.wait().await;
    }

    /// Gives a chunk to the session.
    pub(super) fn write(&self, driver: &Rc<Driver>, header: &JsonText, data: &[u8]) -> Outcome {
        self.failure()?;
        driver.command(|session, now| session.write_stream(now, self.key, header, data))
    }

    /// Resolves when the session and the socket have room for another chunk.
    pub(super) async fn writable(&self, driver: &Driver) -> Outcome {
        while self.ended().is_none() {
            if driver.is_socket_full() {
                // No event tells of a socket's buffer.
                TimeoutFuture::new(SOCKET_POLL_MS).await;
                continue;
            }
            match self.writable_bytes(driver) {
                // Cancelled only if the state itself is gone, and then nobody is here.
                Ok(0) => drop(self.writable.wait().await),
                Ok(_) => return Ok(()),
                // It was closed meanwhile; how that ends says what became of the chunk.
                Err(_) => return answer(self.ended.wait()).await,
            }
        }
        self.failure()
    }

    /// How much may be written at once; 0 is to wait.
    pub(super) fn writable_bytes(&self, driver: &Driver) -> Result<usize, SessionError> {
        let bytes = driver.writable_bytes(self.key);
        bytes.or_else(|error| self.failure().and(Err(error)))
    }

    /// Ends it cleanly.
    pub(super) fn close(&self, driver: &Rc<Driver>) -> Result<Answer, SessionError> {
        self.failure()?;
        driver.request(|session, now| session.close_stream(now, self.key))
    }

    /// Ends it as incomplete: the writer's abort, the reader's cancel.
    pub(super) fn abort(&self, driver: &Rc<Driver>, reason: &str) {
        driver.command(|session, now| session.abort_stream(now, self.key, reason));
        let withdrawn = SessionError::new(ErrorCode::Aborted, "the offer was withdrawn");
        self.opened.set(Err(withdrawn));
        self.readable.ring();
        self.writable.ring();
    }

    /// Why it failed, if it did: more telling than the session's word that it is closed.
    pub(super) fn failure(&self) -> Outcome {
        self.ended().unwrap_or(Ok(()))
    }
}

impl fmt::Debug for StreamState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamState").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How long a writer waits before it looks at the socket's buffer again.
const SOCKET_POLL_MS: u32 = 10;
