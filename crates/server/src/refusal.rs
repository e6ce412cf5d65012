//! How the server says no: a status and a JSON body, or for browsers a close.

use std::time::Duration;

use axum::{
    Extension, Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use room::JoinError;
use serde::Serialize;

use crate::{metrics::Incident, room_name::RoomNameError, rooms::NoPlace, tokens::TokenError};

/// A request that is not granted. Its response carries it as an extension, for `guard.rs`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    status: StatusCode,
    incident: Incident,
    message: String,
}

impl Refusal {
    /// What was sent makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Incident::InvalidArgument, message)
    }

    /// Who asks may not.
    ///
    /// Never 401: the official clients would try again for ever.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, Incident::PermissionDenied, message)
    }

    /// There is nothing here.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Incident::NotFound, message)
    }

    /// The page that asks is of another site.
    pub(crate) fn origin() -> Self {
        let message = "pages of this origin may not connect";
        Self::new(StatusCode::FORBIDDEN, Incident::OriginNotAllowed, message)
    }

    /// The request was not whole in time.
    pub(crate) fn late(limit: Duration) -> Self {
        let message = format!("the request took longer than {limit:?}");
        Self::new(StatusCode::REQUEST_TIMEOUT, Incident::HandshakeTimeout, message)
    }

    /// The server is about to end; another one may be there already.
    pub(crate) fn draining() -> Self {
        let message = "the server is about to end; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Incident::Draining, message)
    }

    /// The cluster cannot say who has the room, or its owner does not answer.
    pub(crate) fn cluster_unavailable() -> Self {
        let message = "cluster-unavailable: the node that has the room cannot be reached now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Incident::ClusterUnavailable, message)
    }

    /// Another node says no, for one of the reasons of [`NoPlace`].
    pub(crate) fn no_place(incident: Incident, message: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, incident, message)
    }

    /// Whether it is worth to try again soon, without a change by anybody.
    fn is_passing(&self) -> bool {
        matches!(self.incident, Incident::Draining | Incident::ClusterUnavailable)
    }

    /// The reason.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    fn new(status: StatusCode, incident: Incident, message: impl Into<String>) -> Self {
        Self { status, incident, message: message.into() }
    }

    /// What it counts as.
    pub(crate) fn incident(&self) -> Incident {
        self.incident
    }

    /// The reason for the log, unless it may have something of what was sent.
    pub(crate) fn detail(&self) -> Option<&str> {
        (self.incident != Incident::InvalidArgument).then_some(self.message.as_str())
    }

    /// The code of a close frame for those who cannot see a status. After 1000 neither the official
    /// clients nor ours come back, after others they do.
    pub(crate) fn close_code(&self) -> u16 {
        if self.is_passing() { CLOSE_TRY_AGAIN } else { CLOSE_FOR_GOOD }
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

/// The official clients try again after 503, and only after that.
impl From<NoPlace> for Refusal {
    fn from(error: NoPlace) -> Self {
        let incident = match error {
            NoPlace::RoomsFull { .. } => Incident::RoomsFull,
            NoPlace::Room(JoinError::Full { .. } | JoinError::IdInUse) => Incident::RoomFull,
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, incident, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, message) = (self.incident.reason(), self.message.clone());
        let later = self.is_passing().then_some([(header::RETRY_AFTER, RETRY_SECONDS)]);
        (self.status, Extension(self), later, Json(Body { code, message })).into_response()
    }
}

const CLOSE_FOR_GOOD: u16 = 1000;
const CLOSE_TRY_AGAIN: u16 = 1013;
const RETRY_SECONDS: &str = "5";

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
