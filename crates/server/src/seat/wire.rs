//! What a seat reads from and writes to.

use axum::extract::ws::{Message as WsMessage, WebSocket};
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use thiserror::Error;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use crate::cluster::{LineEnd, LineReader, LineWriter};

/// A member's connection, wherever it ends.
#[expect(clippy::large_enum_variant, reason = "it is moved once, and most are large")]
#[derive(Debug)]
pub(crate) enum Wire {
    /// At this server.
    Here(WebSocket),
    /// At another node.
    There(LineEnd),
}

impl Wire {
    /// Whether the socket is this server's.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// The two directions, which are used independently of each other.
    pub(crate) fn split(self) -> (Reader, Writer) {
        match self {
            Self::Here(socket) => {
                let (sink, stream) = socket.split();
                (Reader::Here(stream), Writer::Here(sink))
            }
            Self::There(line) => {
                let (reader, writer) = line.split();
                (Reader::There(reader), Writer::There(writer))
            }
        }
    }
}

/// What comes from the client.
#[derive(Debug)]
pub(crate) enum Reader {
    Here(SplitStream<WebSocket>),
    There(LineReader),
}

impl Reader {
    /// The next message; `None` at the end. Nothing is lost if nobody waits for it any more.
    pub(crate) async fn next(&mut self) -> Option<Result<WsMessage, WireError>> {
        match self {
            Self::Here(stream) => Some(stream.next().await?.map_err(WireError::from)),
            Self::There(line) => line.next().await,
        }
    }
}

/// What goes to the client.
#[derive(Debug)]
pub(crate) enum Writer {
    Here(SplitSink<WebSocket, WsMessage>),
    There(LineWriter),
}

impl Writer {
    /// Puts a message with those that are to be sent, and waits while there are too many.
    pub(crate) async fn feed(&mut self, message: WsMessage) -> Result<(), WireError> {
        match self {
            Self::Here(sink) => Ok(sink.feed(message).await?),
            Self::There(line) => line.feed(message).await,
        }
    }

    /// Sends what is to be sent.
    pub(crate) async fn flush(&mut self) -> Result<(), WireError> {
        match self {
            Self::Here(sink) => Ok(sink.flush().await?),
            Self::There(line) => line.flush().await,
        }
    }

    /// Sends a message, and what is before it.
    pub(crate) async fn send(&mut self, message: WsMessage) -> Result<(), WireError> {
        self.feed(message).await?;
        self.flush().await
    }
}

/// A connection failed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum WireError {
    /// A message is larger than the WebSocket takes. A close can still be sent.
    #[error("{0}")]
    TooLarge(String),
    /// The other side breaks the rules of WebSockets. A close can still be sent.
    #[error("{0}")]
    Violation(String),
    /// It is gone.
    #[error("{0}")]
    Broken(String),
}

impl From<axum::Error> for WireError {
    fn from(error: axum::Error) -> Self {
        let text = error.to_string();
        match error.into_inner().downcast_ref() {
            Some(tungstenite::Error::Capacity(_)) => Self::TooLarge(text),
            Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                Self::Broken(text)
            }
            Some(tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_)) => {
                Self::Violation(text)
            }
            Some(_) | None => Self::Broken(text),
        }
    }
}
