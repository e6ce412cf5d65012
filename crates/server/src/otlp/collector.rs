//! Requests to a collector, each on a connection of its own.

use std::{pin::pin, time::Duration};

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};

use super::{endpoint::Endpoint, retry::Verdict};

/// A collector.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) endpoint: Endpoint,
    /// How long it may take to answer.
    pub(crate) timeout: Duration,
}

/// Why spans did not get to the collector.
#[derive(Debug, Error)]
pub(crate) enum CollectorError {
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    #[error("the request failed: {0}")]
    Http(#[from] hyper::Error),
    #[error("the answer cannot be read")]
    Answer,
    #[error("no answer in time")]
    Timeout,
    #[error("HTTP {0}")]
    Refused(u16),
    #[error("HTTP {0}, again and again")]
    Busy(u16),
}

impl Collector {
    /// Sends spans; gives the status of the answer and what it means.
    pub(crate) async fn post(&self, body: Bytes) -> Result<(u16, Verdict), CollectorError> {
        timeout(self.timeout, self.ask(body)).await.map_err(|_| CollectorError::Timeout)?
    }

    async fn ask(&self, body: Bytes) -> Result<(u16, Verdict), CollectorError> {
        let request = Request::post(self.endpoint.path())
            .header(header::HOST, self.endpoint.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::new(body))
            .expect("path and host are parts of a URL");
        let socket = TcpStream::connect(self.endpoint.address()).await;
        let socket = TokioIo::new(socket.map_err(CollectorError::Connect)?);
        let (mut sender, connection) = http1::handshake(socket).await?;
        let asking = async {
            let response = sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(|_| CollectorError::Answer)?.to_bytes();
            let retry_after = head.headers.get(header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok());
            let status = head.status.as_u16();
            Ok((status, Verdict::of(status, retry_after, &body)))
        };
        let mut asking = pin!(asking);
        tokio::select! {
            answer = &mut asking => answer,
            // However it ended, what came is still to be read, or the failure.
            _ = connection => asking.await,
        }
    }
}

/// An answer says little.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
