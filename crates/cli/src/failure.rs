//! How a command fails.

use room_proto::{ErrorCode, SessionError};

/// What went wrong, and whose mistake it was.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong, or the environment that stands in for them.
    Usage(anyhow::Error),
    /// It did not work.
    Failed(anyhow::Error),
}

impl Failure {
    /// A mistake in the arguments.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let SessionError { code, message } = &error;
        // Some of the words are the server's, and a terminal obeys control characters.
        let message = message.replace(char::is_control, " ");
        let text = anyhow::anyhow!("{}: {message}\nhint: {}", code.as_str(), hint(*code));
        if is_ours(*code) { Self::Usage(text) } else { Self::Failed(text) }
    }
}

/// Whether the arguments were wrong, which the session found out.
fn is_ours(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InvalidArgument | ErrorCode::InvalidUrl | ErrorCode::InvalidToken)
}

/// What to do about it at a command line, where the library's advice is about its functions.
fn hint(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidToken => "Make a token with room token.",
        ErrorCode::ParticipantNotFound => {
            "See who is there with room messaging list; participants must have enabled messaging."
        }
        ErrorCode::Timeout => "Try again, or allow more with --timeout SECONDS.",
        ErrorCode::TooLarge => "Send less at once; room serve --max-message sets the limit.",
        ErrorCode::NotConnected
        | ErrorCode::NotEnabled
        | ErrorCode::Closed
        | ErrorCode::Aborted
        | ErrorCode::WasmUnavailable
        | ErrorCode::Internal => ErrorCode::Internal.hint(),
        ErrorCode::InvalidArgument
        | ErrorCode::InvalidUrl
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLost
        | ErrorCode::DeliveryUnknown
        | ErrorCode::QueueFull
        | ErrorCode::Dismissed
        | ErrorCode::PermissionDenied
        | ErrorCode::InvalidRequest
        | ErrorCode::ServerError
        | ErrorCode::StreamRejected
        | ErrorCode::StreamUnsupported
        | ErrorCode::StreamClosed
        | ErrorCode::StreamAborted
        | ErrorCode::PeerLeft
        | ErrorCode::ProtocolError => code.hint(),
    }
}
