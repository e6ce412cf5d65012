//! Core errors → JavaScript errors with a stable code.

use room_proto::{ErrorCode, JsonText, SessionError};
use wasm_bindgen::JsValue;

use crate::listener::EngineListener;

/// How a command or a stream ends.
pub(crate) type Outcome = Result<(), SessionError>;

/// Makes the value that JavaScript gets. Every error goes through here.
pub(crate) fn to_js(listener: &EngineListener, error: &SessionError) -> JsValue {
    let SessionError { code, message } = error;
    let made = listener.error(code.as_str(), message);
    made.unwrap_or_else(|_| js_sys::Error::new(message).into())
}

/// Shows on the console what a listener threw, which is a mistake of `js/`.
pub(crate) fn report_thrown(result: Result<(), JsValue>) {
    if let Err(thrown) = result {
        web_sys::console::error_1(&thrown);
    }
}

/// Takes JSON text of JavaScript's.
pub(crate) fn json(what: &str, text: &str) -> Result<JsonText, SessionError> {
    JsonText::parse(text).map_err(|error| invalid(format!("{what} cannot be sent: {error}")))
}

/// Takes JSON text of JavaScript's that must be an object.
pub(crate) fn json_object(what: &str, text: &str) -> Result<JsonText, SessionError> {
    JsonText::object(text).map_err(|error| invalid(format!("{what} cannot be sent: {error}")))
}

/// A wrong argument.
pub(crate) fn invalid(message: impl Into<String>) -> SessionError {
    SessionError::new(ErrorCode::InvalidArgument, message)
}
