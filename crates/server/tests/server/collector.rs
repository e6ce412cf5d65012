//! A collector of traces that remembers what it got.

use std::{collections::VecDeque, net::SocketAddr};

use room_server::{Endpoint, TraceExport};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::harness::within;

/// One that listens on a port of its own.
pub(crate) struct Collector {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Posted>,
    spans: VecDeque<Value>,
}

/// A request that it got.
pub(crate) struct Posted {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Posted {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The spans in it.
    pub(crate) fn spans(&self) -> Vec<Value> {
        self.json()["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::answering(&[]).await
    }

    /// Begins with these answers, each a status line with what else there is, and then takes all.
    pub(crate) async fn answering(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answers.to_vec())
    }

    fn on(listener: TcpListener, answers: Vec<&'static str>) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            while let Ok((socket, _)) = listener.accept().await {
                let answer = answers.next().unwrap_or("200 OK\r\nContent-Length: 2\r\n\r\n{}");
                let Some(posted) = take(socket, answer).await else { continue };
                if sender.send(posted).is_err() {
                    return;
                }
            }
        });
        Self { address, requests, spans: VecDeque::new() }
    }

    /// A server that exports here, without waiting for more than one span.
    pub(crate) fn export(&self) -> TraceExport {
        export_to(self.address)
    }

    pub(crate) async fn request(&mut self) -> Posted {
        within(self.requests.recv()).await.unwrap()
    }

    /// The next span, of whichever batch.
    pub(crate) async fn span(&mut self) -> Value {
        loop {
            if let Some(span) = self.spans.pop_front() {
                return span;
            }
            let posted = self.request().await;
            self.spans.extend(posted.spans());
        }
    }
}

pub(crate) fn export_to(address: SocketAddr) -> TraceExport {
    let endpoint = Endpoint::parse_base(&format!("http://{address}")).unwrap();
    TraceExport { max_batch: 1, ..TraceExport::new(endpoint) }
}

/// Reads one request and answers it.
async fn take(socket: TcpStream, answer: &str) -> Option<Posted> {
    let mut socket = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if socket.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    socket.read_exact(&mut body).await.ok()?;
    socket.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await.ok()?;
    socket.shutdown().await.ok()?;
    Some(Posted { head, body: String::from_utf8(body).unwrap() })
}
