//! From a URL to an open socket.

use room_proto::{Config, ErrorCode, SessionError};
use serde::Deserialize;
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{
        self,
        http::{Response, StatusCode},
        protocol::WebSocketConfig,
    },
};

use crate::{
    room_url::{RoomUrl, Wanted},
    socket::Socket,
    token_source::TokenSource,
};

/// All that is needed to open a connection, however often.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    url: RoomUrl,
    tokens: TokenSource,
    ws_config: WebSocketConfig,
}

/// A connection that was not opened.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: SessionError,
    /// Another attempt would be refused as well.
    pub(crate) is_final: bool,
}

impl Door {
    pub(crate) fn new(url: RoomUrl, tokens: TokenSource, config: &Config) -> Self {
        Self { url, tokens, ws_config: ws_config(config) }
    }

    /// Asks for a token and opens a socket.
    pub(crate) async fn open(self, wanted: Wanted) -> Result<Box<Socket>, Refusal> {
        let Self { url, tokens, ws_config } = self;
        let token = tokens.ask().await?;
        let request = url.request(&token, &wanted)?;
        match connect_async_with_config(request, Some(ws_config), true).await {
            Ok((stream, _)) => Ok(Box::new(Socket::new(stream))),
            Err(error) => Err(refused(&url, &error)),
        }
    }
}

impl From<SessionError> for Refusal {
    fn from(error: SessionError) -> Self {
        Self { is_final: !error.code.retryable(), error }
    }
}

/// A server may put the largest message into one packet.
fn ws_config(config: &Config) -> WebSocketConfig {
    let limit = config.limits.max_message_bytes.saturating_add(PACKET_HEADER_BYTES);
    WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit))
}

/// More than the header of a packet takes.
const PACKET_HEADER_BYTES: usize = 64 * 1024;

fn refused(url: &RoomUrl, error: &tungstenite::Error) -> Refusal {
    let authority = url.authority();
    let (text, is_final) = if let tungstenite::Error::Http(response) = error {
        let text = format!("{authority} refused the connection ({})", refusal(response));
        (text, is_final(response.status()))
    } else {
        (format!("cannot connect to {authority}: {error}"), false)
    };
    Refusal { error: SessionError::new(ErrorCode::ConnectionRefused, text), is_final }
}

/// Whether the same request will be refused again: a bad token, a room that is not there.
pub(crate) fn is_final(status: StatusCode) -> bool {
    const PASSING: [StatusCode; 3] =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_client_error() && !PASSING.contains(&status)
}

/// The status, and what the server says about it if that came in one piece with the status.
fn refusal(response: &Response<Option<Vec<u8>>>) -> String {
    said(response.status(), response.body().as_deref().unwrap_or_default())
}

/// A status in words, with what the server says about it.
pub(crate) fn said(status: StatusCode, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: String,
    }

    match serde_json::from_slice(body) {
        Ok(Body { message }) => format!("HTTP {status}: {message}"),
        Err(_) => format!("HTTP {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_no_final_refusal() {
        for (status, expected) in
            [(400, true), (403, true), (404, true), (423, true), (408, false), (429, false)]
        {
            assert_eq!(StatusCode::from_u16(status).map(is_final).ok(), Some(expected), "{status}");
        }
        assert!(!is_final(StatusCode::SERVICE_UNAVAILABLE));
    }
}
