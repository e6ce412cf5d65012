//! How a command fails: in words, in JSON, and as an exit code.

use std::process::ExitCode;

use room_proto::{ErrorCode, JsonText, SessionError};
use serde::Serialize;

use crate::output::harmless;

/// What went wrong, and whose mistake it was.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong, or the environment that stands in for them.
    Usage(anyhow::Error),
    /// It did not work.
    Failed(anyhow::Error),
    /// It did not work, for a reason that has a code.
    Session(SessionError),
    /// It was told to end before it was done.
    Interrupted,
    /// It did not work, as the results say.
    Told,
}

impl Failure {
    /// A mistake in the arguments.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }

    /// Says on standard error what went wrong.
    pub(crate) fn report(&self, is_json: bool) {
        let Some(report) = self.described() else { return };
        if is_json {
            eprintln!("{}", JsonText::from_value(&Line { error: report }).as_str());
            return;
        }
        let Report { code, message, hint } = report;
        match hint {
            Some(hint) => eprintln!("room: {code}: {message}\nhint: {hint}"),
            None => eprintln!("room: {message}"),
        }
    }

    /// The exit code; `docs/cli.md` lists them.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Failed(_) | Self::Told => 1,
            Self::Session(error) => exit_code(error.code),
            Self::Interrupted => 130,
        })
    }

    fn described(&self) -> Option<Report> {
        let (code, message, hint) = match self {
            Self::Usage(error) => ("invalid-argument", format!("{error:#}"), None),
            Self::Failed(error) => ("failed", format!("{error:#}"), None),
            // Some of the words are the server's.
            Self::Session(SessionError { code, message }) => {
                (code.as_str(), harmless(message), Some(hint(*code)))
            }
            Self::Interrupted => ("interrupted", String::from("interrupted"), None),
            Self::Told => return None,
        };
        Some(Report { code, message, hint })
    }
}

#[derive(Serialize)]
struct Line {
    error: Report,
}

#[derive(Serialize)]
struct Report {
    code: &'static str,
    message: String,
    hint: Option<&'static str>,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

fn exit_code(code: ErrorCode) -> u8 {
    match code {
        // The arguments were wrong, which the session found out.
        ErrorCode::InvalidArgument | ErrorCode::InvalidUrl | ErrorCode::InvalidToken => 2,
        ErrorCode::ParticipantNotFound | ErrorCode::PeerLeft => 3,
        ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLost
        | ErrorCode::DeliveryUnknown
        | ErrorCode::Dismissed => 4,
        ErrorCode::Timeout => 5,
        ErrorCode::PermissionDenied
        | ErrorCode::StreamRejected
        | ErrorCode::StreamUnsupported
        | ErrorCode::StreamAborted => 6,
        ErrorCode::NotConnected
        | ErrorCode::NotEnabled
        | ErrorCode::Closed
        | ErrorCode::Aborted
        | ErrorCode::QueueFull
        | ErrorCode::InvalidRequest
        | ErrorCode::ServerError
        | ErrorCode::TooLarge
        | ErrorCode::StreamClosed
        | ErrorCode::ProtocolError
        | ErrorCode::WasmUnavailable
        | ErrorCode::Internal => 1,
    }
}

/// What to do about it at a command line, where the library's advice is about its functions.
pub(crate) fn hint(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument => "Look the option up with --help.",
        ErrorCode::InvalidUrl => "Give the URL of a room, such as ws://127.0.0.1:8787/rooms/lobby.",
        ErrorCode::InvalidToken => "Make a token with room token.",
        ErrorCode::ParticipantNotFound => {
            "See who is there with room messaging list; participants must have enabled messaging."
        }
        ErrorCode::Timeout => "Try again, or allow more with --timeout SECONDS.",
        ErrorCode::TooLarge => {
            "Send a file with room messaging stream send; room serve --max-message sets the limit."
        }
        ErrorCode::PermissionDenied => {
            "Use an API key or a token that allows this; room token inspect shows what one allows."
        }
        ErrorCode::StreamUnsupported => {
            "Its attribute \"streams\" names what it takes; room messaging stream needs \"v1\"."
        }
        ErrorCode::NotConnected
        | ErrorCode::NotEnabled
        | ErrorCode::Closed
        | ErrorCode::Aborted
        | ErrorCode::WasmUnavailable
        | ErrorCode::Internal => ErrorCode::Internal.hint(),
        ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLost
        | ErrorCode::DeliveryUnknown
        | ErrorCode::QueueFull
        | ErrorCode::Dismissed
        | ErrorCode::InvalidRequest
        | ErrorCode::ServerError
        | ErrorCode::StreamRejected
        | ErrorCode::StreamClosed
        | ErrorCode::StreamAborted
        | ErrorCode::PeerLeft
        | ErrorCode::ProtocolError => code.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_session_has_an_exit_code_that_is_documented() {
        let page = include_str!("../../../docs/cli.md");
        for code in ErrorCode::ALL {
            let row = format!("\n| {} |", exit_code(*code));
            assert!(page.contains(&row), "{row} is missing");
        }
    }
}
