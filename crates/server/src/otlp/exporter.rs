//! Takes spans out of the queue and sends them, one batch after another.

use std::{future, sync::Arc, time::Duration};

use axum::body::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tracing::{info, warn};

use super::{
    TraceExport,
    batch::Batch,
    collector::{Collector, CollectorError},
    encoding,
    retry::{self, Verdict},
    span::Span,
    tracer::Tracer,
};
use crate::metrics::{Metrics, Total};

/// The export of spans. It ends when this is dropped or finished, after what is in the queue.
#[derive(Debug)]
pub(crate) struct Exporter {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    flush_time: Duration,
}

impl Exporter {
    /// Starts to send what the tracer gives.
    pub(crate) fn start(config: &TraceExport, metrics: &Arc<Metrics>) -> (Self, Tracer) {
        let (queue, spans) = mpsc::channel(config.max_queued.max(1));
        let (stop, stopped) = oneshot::channel();
        let endpoint = config.endpoint.clone();
        info!(%endpoint, "exporting traces");
        let export = Export {
            spans,
            batch: Batch::new(config.max_batch, config.delay),
            collector: Collector { endpoint, timeout: config.timeout },
            service: config.service.clone(),
            backoff: config.backoff,
            metrics: Arc::clone(metrics),
            started: Instant::now(),
            is_failing: false,
        };
        let task = tokio::spawn(export.run(stopped));
        let exporter = Self { task, stop, flush_time: config.flush_time };
        (exporter, Tracer::new(queue, Arc::clone(metrics)))
    }

    /// Sends what there still is, for as long as the configuration says.
    pub(crate) async fn finish(self) {
        let Self { mut task, stop, flush_time } = self;
        // An error means that it has ended.
        let _ = stop.send(());
        if timeout(flush_time, &mut task).await.is_err() {
            warn!("leaving spans that the collector has not taken");
            task.abort();
            // Until then it counts what it leaves.
            let _ = task.await;
        }
    }
}

/// The task that exports.
struct Export {
    spans: mpsc::Receiver<Span>,
    /// Spans are in it until the collector has them.
    batch: Batch,
    collector: Collector,
    service: String,
    backoff: Duration,
    metrics: Arc<Metrics>,
    started: Instant,
    is_failing: bool,
}

impl Export {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut is_stopping = false;
        loop {
            tokio::select! {
                span = self.spans.recv() => match span {
                    Some(span) => self.batch.push(span, self.started.elapsed()),
                    None => break,
                },
                () = moment(self.batch.due().map(|due| self.started + due)) => {}
                // Said or dropped: it is the end, and nothing more comes into the queue.
                _ = &mut stopped, if !is_stopping => {
                    is_stopping = true;
                    self.spans.close();
                }
            }
            if self.batch.is_due(self.started.elapsed()) {
                self.send().await;
            }
        }
        self.send().await;
    }

    /// Sends the batch, and counts what came of it.
    async fn send(&mut self) {
        let count = self.batch.spans().len() as u64;
        if count == 0 {
            return;
        }
        let body = Bytes::from(encoding::body(&self.service, self.batch.spans()));
        let result = self.insist(body).await;
        let dropped = result.as_ref().map_or(count, |rejected| *rejected.min(&count));
        self.batch.clear();
        self.metrics.tally(Total::SpansExported, count - dropped);
        self.metrics.tally(Total::SpansDropped, dropped);
        self.tell(result.err(), dropped);
    }

    /// Tries until the collector has time, but not for ever. Gives how many spans it did not want.
    async fn insist(&self, body: Bytes) -> Result<u64, CollectorError> {
        let mut tries = 0;
        loop {
            let (status, verdict) = self.collector.post(body.clone()).await?;
            tries += 1;
            match verdict {
                Verdict::Taken { rejected } => return Ok(rejected),
                Verdict::Refused => return Err(CollectorError::Refused(status)),
                Verdict::Busy { after } => {
                    let pause = retry::pause(tries, self.backoff, after, rand::random());
                    sleep(pause.ok_or(CollectorError::Busy(status))?).await;
                }
            }
        }
    }

    /// Logs when it begins to fail and when it works again, not each batch in between.
    fn tell(&mut self, error: Option<CollectorError>, dropped: u64) {
        let endpoint = &self.collector.endpoint;
        let was_failing = std::mem::replace(&mut self.is_failing, error.is_some() || dropped > 0);
        match error {
            Some(error) if !was_failing => {
                warn!(%endpoint, %error, "dropping spans: the collector does not take them");
            }
            None if dropped > 0 && !was_failing => {
                warn!(%endpoint, dropped, "the collector does not take all spans");
            }
            None if dropped == 0 && was_failing => {
                info!(%endpoint, "the collector takes spans again")
            }
            Some(_) | None => {}
        }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let left = self.batch.spans().len() + self.spans.len();
        self.metrics.tally(Total::SpansDropped, left as u64);
    }
}

/// Waits until then, or for ever.
async fn moment(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => future::pending().await,
    }
}
