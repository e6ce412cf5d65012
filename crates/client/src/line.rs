//! Where the connection stands between a client and its server.
//!
//! ```text
//!  Opening --opened--> Open --lost--> Waiting --due--> Opening
//!      `----refused------------------------^
//! ```

use std::{fmt, future, pin::Pin};

use tokio::time::{Instant, sleep_until};

use crate::{
    connect::Refusal,
    socket::{Socket, SocketEvent},
};

/// The connection, or the way to the next.
pub(crate) enum Line {
    /// A socket is being opened.
    Opening(Pin<Box<dyn Future<Output = Result<Box<Socket>, Refusal>> + Send>>),
    /// There is a socket. It may have closed.
    Open(Box<Socket>),
    /// There is none until then.
    Waiting(Instant),
}

/// What happens on it.
pub(crate) enum LineEvent {
    /// The attempt to open a socket is over.
    Opened(Result<Box<Socket>, Refusal>),
    /// Something happened on the socket.
    Socket(SocketEvent),
    /// It is time for the next attempt.
    Due,
}

impl Line {
    /// Waits for what happens next. May be cancelled without loss.
    pub(crate) async fn next(&mut self) -> LineEvent {
        match self {
            Self::Opening(opening) => LineEvent::Opened(opening.as_mut().await),
            Self::Open(socket) => LineEvent::Socket(socket.next().await),
            Self::Waiting(until) => {
                sleep_until(*until).await;
                LineEvent::Due
            }
        }
    }

    /// Nothing happens on it any more.
    pub(crate) fn end(&mut self) {
        *self = Self::Opening(Box::pin(future::pending()));
    }

    /// The socket, if there is one.
    pub(crate) fn socket(&mut self) -> Option<&mut Socket> {
        match self {
            Self::Open(socket) => Some(socket),
            Self::Opening(_) | Self::Waiting(_) => None,
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening(_) => "Opening",
            Self::Open(_) => "Open",
            Self::Waiting(_) => "Waiting",
        })
    }
}
