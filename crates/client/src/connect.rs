//! From a URL to an open socket.

use room_proto::{Config, ErrorCode, Event, Input, Output, Session, SessionError};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{self, http::Response, protocol::WebSocketConfig},
};

use crate::{room_url::RoomUrl, socket::Socket, token::Token};

/// Opens the socket within the time that the session gives the whole handshake.
///
/// # Errors
///
/// `connection-refused`, or `timeout`.
pub(crate) async fn open(
    url: &RoomUrl,
    token: &Token,
    config: Config,
    started: Instant,
) -> Result<(Session, Socket), SessionError> {
    let request = url.request(token)?;
    let ws_config = ws_config(&config);
    let mut session = Session::new(config);
    // The session's first input starts its clock: a socket that never opens is given up too.
    session.handle_input(started.elapsed(), Input::Woken);
    let deadline = session.next_wakeup().map_or(started, |at| started + at);

    let connecting = connect_async_with_config(request, Some(ws_config), true);
    match timeout_at(deadline, connecting).await {
        Ok(Ok((stream, _))) => Ok((session, Socket::new(stream))),
        Ok(Err(error)) => Err(refused(url, &error)),
        Err(_) => Err(give_up(session, started)),
    }
}

/// A server may put the largest message into one packet.
fn ws_config(config: &Config) -> WebSocketConfig {
    let limit = config.limits.max_message_bytes.saturating_add(PACKET_HEADER_BYTES);
    WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit))
}

/// More than the header of a packet takes.
const PACKET_HEADER_BYTES: usize = 64 * 1024;

fn refused(url: &RoomUrl, error: &tungstenite::Error) -> SessionError {
    let authority = url.authority();
    let text = if let tungstenite::Error::Http(response) = error {
        format!("{authority} refused the connection ({})", refusal(response))
    } else {
        format!("cannot connect to {authority}: {error}")
    };
    SessionError::new(ErrorCode::ConnectionRefused, text)
}

/// The status, and what the server says about it if that came in one piece with the status.
fn refusal(response: &Response<Option<Vec<u8>>>) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: String,
    }

    let body = response.body().as_deref().unwrap_or_default();
    match serde_json::from_slice(body) {
        Ok(Body { message }) => format!("HTTP {}: {message}", response.status()),
        Err(_) => format!("HTTP {}", response.status()),
    }
}

/// The session's own words about a server that takes too long.
fn give_up(mut session: Session, started: Instant) -> SessionError {
    session.handle_input(started.elapsed(), Input::Woken);
    while let Some(output) = session.poll_output() {
        if let Output::Event(Event::Ended(error)) = output {
            return error;
        }
    }
    SessionError::new(ErrorCode::Timeout, "the socket did not open in time")
}
