//! How the server says no: a status and a JSON body, or for browsers a close.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{room_name::RoomNameError, tokens::TokenError};

/// A request that is not granted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// What was sent makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "invalid-argument", message: message.into() }
    }

    /// Who asks may not.
    ///
    /// Never 401: the official clients would try again for ever.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "permission-denied", message: message.into() }
    }

    /// There is nothing here.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not-found", message: message.into() }
    }

    /// The reason, for the log.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The reason, as the text of a close frame.
    pub(crate) fn close_reason(&self) -> String {
        close_reason(&self.message)
    }
}

/// Cuts a text to what fits into a close frame.
pub(crate) fn close_reason(text: &str) -> String {
    const LIMIT_BYTES: usize = 123;
    let mut end = text.len().min(LIMIT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::forbidden(error.to_string())
    }
}

impl From<RoomNameError> for Refusal {
    fn from(error: RoomNameError) -> Self {
        Self::not_found(error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        (status, Json(Body { code, message })).into_response()
    }
}

#[derive(Serialize)]
struct Body {
    code: &'static str,
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let reason = close_reason(&"é".repeat(100));

        assert_eq!(reason.len(), 122);
        assert_eq!(close_reason("short"), "short");
    }
}
