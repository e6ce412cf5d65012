//! The options of a connection: few and typed, so they are read one by one.

use std::time::Duration;

use js_sys::Reflect;
use room_proto::{Config, ErrorCode, SessionError};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Reads `CoreOptions` of `js/core.ts`. What is left out keeps its default.
///
/// # Errors
///
/// [`ErrorCode::InvalidArgument`] for a value of the wrong type, or one out of range.
pub(crate) fn read(options: &JsValue) -> Result<Config, SessionError> {
    let mut config = Config::default();
    if options.is_undefined() || options.is_null() {
        return Ok(config);
    }
    set_timeout(&mut config.handshake_timeout, options, "handshakeTimeoutMs")?;
    set_timeout(&mut config.request_timeout, options, "requestTimeoutMs")?;
    set_timeout(&mut config.stream_open_timeout, options, "streamOpenTimeoutMs")?;
    set_number(&mut config.stream_window_bytes, options, "streamWindowBytes", "bytes")?;
    set_number(&mut config.limits.max_message_bytes, options, "maxMessageBytes", "bytes")?;
    set_number(&mut config.max_queued_bytes, options, "maxQueuedBytes", "bytes")?;
    set_number(&mut config.max_queued_messages, options, "maxQueuedMessages", "messages")?;
    if let Some(reconnect) = find(options, "reconnect")? {
        config.reconnect = reconnect.as_bool().ok_or_else(|| not_a("boolean", "reconnect"))?;
    }
    Ok(config)
}

fn set_timeout(field: &mut Duration, options: &JsValue, name: &str) -> Result<(), SessionError> {
    let Some(milliseconds) = number(options, name)? else { return Ok(()) };
    if !(milliseconds > 0.0 && milliseconds <= f64::from(LONGEST_TIMEOUT_MS)) {
        let found = to_string(milliseconds);
        return Err(invalid(format!(
            "{name} must be between 0 and {LONGEST_TIMEOUT_MS} milliseconds, but is {found}"
        )));
    }
    *field = Duration::from_micros((milliseconds * 1000.0) as u64);
    Ok(())
}

fn set_number(
    field: &mut usize,
    options: &JsValue,
    name: &str,
    unit: &str,
) -> Result<(), SessionError> {
    let Some(number) = number(options, name)? else { return Ok(()) };
    if !(1.0..=f64::from(MOST)).contains(&number) {
        let found = to_string(number);
        return Err(invalid(format!("{name} must be between 1 and {MOST} {unit}, but is {found}")));
    }
    // In range, and a fraction does not matter.
    *field = number as usize;
    Ok(())
}

fn number(options: &JsValue, name: &str) -> Result<Option<f64>, SessionError> {
    let Some(value) = find(options, name)? else { return Ok(None) };
    value.as_f64().map(Some).ok_or_else(|| not_a("number", name))
}

/// An option that is given. Its getter is foreign code and may throw.
fn find(options: &JsValue, name: &str) -> Result<Option<JsValue>, SessionError> {
    let value = Reflect::get(options, &JsValue::from_str(name))
        .map_err(|_| invalid(String::from("the options cannot be read")))?;
    Ok((!value.is_undefined() && !value.is_null()).then_some(value))
}

fn not_a(what: &str, name: &str) -> SessionError {
    invalid(format!("{name} must be a {what}"))
}

fn invalid(message: String) -> SessionError {
    SessionError::new(ErrorCode::InvalidArgument, message)
}

#[wasm_bindgen]
extern "C" {
    /// Floating-point numbers are written by JavaScript: Rust takes 16 kB for that.
    #[wasm_bindgen(js_name = String)]
    fn to_string(number: f64) -> String;
}

/// A day.
const LONGEST_TIMEOUT_MS: u32 = 86_400_000;

/// A gigabyte: linear memory ends at four.
const MOST: u32 = 1_073_741_824;
