//! Core errors → JavaScript errors with a stable code.

use room_proto::{ErrorCode, JsonText, SessionError};
use wasm_bindgen::JsValue;

use crate::listener::CoreListener;

/// How a command or a stream ends.
pub(crate) type Outcome = Result<(), SessionError>;

/// An error on its way to JavaScript, with what caused it there.
pub(crate) struct Failure {
    pub(crate) error: SessionError,
    pub(crate) cause: JsValue,
}

impl Failure {
    /// A wrong argument, and what JavaScript threw about it.
    pub(crate) fn invalid(message: impl Into<String>, cause: JsValue) -> Self {
        Self { error: SessionError::new(ErrorCode::InvalidArgument, message), cause }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self { error, cause: JsValue::UNDEFINED }
    }
}

/// Makes the value that JavaScript gets. Every rejection and every throw goes through here.
pub(crate) fn to_js(listener: &CoreListener, failure: &Failure) -> JsValue {
    let Failure { error: SessionError { code, message }, cause } = failure;
    listener
        .error(code.as_str(), message, code.hint(), code.retryable(), cause)
        .unwrap_or_else(|_| js_sys::Error::new(message).into())
}

/// Shows on the console what a listener threw, which is a mistake of `js/`.
pub(crate) fn report_thrown(result: Result<(), JsValue>) {
    if let Err(thrown) = result {
        web_sys::console::error_1(&thrown);
    }
}

/// Takes JSON text of JavaScript's.
pub(crate) fn json(what: &str, text: &str) -> Result<JsonText, SessionError> {
    JsonText::parse(text).map_err(|error| {
        SessionError::new(ErrorCode::InvalidArgument, format!("{what} cannot be sent: {error}"))
    })
}

/// Takes JSON text of JavaScript's that must be an object.
pub(crate) fn json_object(what: &str, text: &str) -> Result<JsonText, SessionError> {
    JsonText::object(text).map_err(|error| {
        SessionError::new(ErrorCode::InvalidArgument, format!("{what} cannot be sent: {error}"))
    })
}
