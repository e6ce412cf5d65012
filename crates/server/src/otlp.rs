//! Spans of messages that belong to a trace, on their way to a collector: OTLP over HTTP, as JSON.
//!
//! ```text
//!  seat ─▶ Tracer::open ─ slot in the queue ─▶ Sending::close ─▶ queue ─▶ Exporter ─ Batch ─▶ POST
//! ```
//!
//! What a span says is in `span.rs` and `encoding.rs`, when a batch goes and goes again in `batch.rs`
//! and `retry.rs`: these and `context.rs` know no clock, chance or socket. `tracer.rs` and `exporter.rs`
//! have those. Nobody in a room ever waits for a collector: what does not fit is dropped, and counted.

mod batch;
mod collector;
mod context;
mod encoding;
mod endpoint;
mod exporter;
mod retry;
mod span;
mod tracer;

use std::time::Duration;

pub use self::endpoint::{Endpoint, EndpointError};
pub(crate) use self::{
    exporter::Exporter,
    tracer::{Sending, Tracer},
};

/// Where spans go, and how. Start from [`TraceExport::new`].
#[derive(Clone, Debug)]
pub struct TraceExport {
    /// Where the collector takes them.
    pub endpoint: Endpoint,
    /// What this server is called there, as `service.name`.
    pub service: String,
    /// How many spans may wait. What comes beyond is dropped.
    pub max_queued: usize,
    /// How many spans go together at most.
    pub max_batch: usize,
    /// How long the first of them waits for more.
    pub delay: Duration,
    /// How long the collector may take to answer.
    pub timeout: Duration,
    /// How long to wait before a batch that the collector had no time for is sent again; twice as
    /// long each time.
    pub backoff: Duration,
    /// How long the end of the server waits for the last spans to go.
    pub flush_time: Duration,
}

impl TraceExport {
    /// The usual settings, which are those of OpenTelemetry.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            service: String::from("room-server"),
            max_queued: 2048,
            max_batch: 512,
            delay: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            backoff: Duration::from_secs(1),
            flush_time: Duration::from_secs(2),
        }
    }
}
