//! Content objects: answers, tool arguments and chunks of duplex streams.

use crate::JsonText;

/// A content object. `file` and `binary` do not occur in messaging and read as [`Content::Other`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// `empty`: done, nothing to say.
    Empty,
    /// `json`: an object.
    Json(JsonText),
    /// `text`.
    Text(String),
    /// `error`: the request failed.
    Error {
        /// Why, in words.
        text: String,
        /// Why, as one of the codes of `codes`.
        code: Option<i64>,
    },
    /// `control` with `method: open`.
    Open,
    /// `control` with `method: close`.
    Close {
        /// 1000 is normal, 1007 is invalid data.
        status_code: u16,
        /// Why, in words.
        message: Option<String>,
    },
    /// A type that messaging has no use for.
    Other {
        /// Its `type`.
        kind: String,
    },
}

/// The protocol's error codes that messaging uses.
pub mod codes {
    /// The token's grants do not allow it.
    pub const PERMISSION_DENIED: i64 = 1001;
    /// The request cannot be understood.
    pub const INVALID_REQUEST: i64 = 1002;
    /// No such participant.
    pub const NOT_FOUND: i64 = 1003;
    /// Not in this state.
    pub const INVALID_STATE: i64 = 1006;
    /// It was tried and did not work.
    pub const OPERATION_FAILED: i64 = 1008;
    /// Nobody answered in time.
    pub const TIMEOUT: i64 = 1009;
    /// The one text by which old clients recognise [`NOT_FOUND`].
    pub const NOT_FOUND_TEXT: &str = "the participant was not found";
}
