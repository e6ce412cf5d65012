//! The options of a connection: small and typed, so serde-wasm-bindgen reads them.

use std::time::Duration;

use room_proto::{Config, ErrorCode, SessionError};
use serde::Deserialize;
use wasm_bindgen::JsValue;

/// `CoreOptions` of `js/core.ts`. What is left out keeps its default.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CoreOptions {
    handshake_timeout_ms: Option<f64>,
    request_timeout_ms: Option<f64>,
    stream_open_timeout_ms: Option<f64>,
    stream_window_bytes: Option<f64>,
    max_message_bytes: Option<f64>,
    max_queued_messages: Option<f64>,
    max_queued_bytes: Option<f64>,
    reconnect: bool,
}

/// Reads the options of a connection.
///
/// # Errors
///
/// [`ErrorCode::InvalidArgument`] for a value of the wrong type, or one out of range.
pub(crate) fn read(value: JsValue) -> Result<Config, SessionError> {
    let options = if value.is_undefined() || value.is_null() {
        CoreOptions::default()
    } else {
        serde_wasm_bindgen::from_value(value)
            .map_err(|error| invalid(format!("the options cannot be read: {error}")))?
    };

    let mut config = Config::default();
    set_timeout(&mut config.handshake_timeout, "handshakeTimeoutMs", options.handshake_timeout_ms)?;
    set_timeout(&mut config.request_timeout, "requestTimeoutMs", options.request_timeout_ms)?;
    set_timeout(
        &mut config.stream_open_timeout,
        "streamOpenTimeoutMs",
        options.stream_open_timeout_ms,
    )?;
    set_bytes(&mut config.stream_window_bytes, "streamWindowBytes", options.stream_window_bytes)?;
    set_bytes(&mut config.limits.max_message_bytes, "maxMessageBytes", options.max_message_bytes)?;
    set_bytes(&mut config.max_queued_bytes, "maxQueuedBytes", options.max_queued_bytes)?;
    set_count(&mut config.max_queued_messages, "maxQueuedMessages", options.max_queued_messages)?;
    config.reconnect = options.reconnect;
    Ok(config)
}

fn set_timeout(
    field: &mut Duration,
    name: &str,
    milliseconds: Option<f64>,
) -> Result<(), SessionError> {
    let Some(milliseconds) = milliseconds else { return Ok(()) };
    if !(milliseconds > 0.0 && milliseconds <= LONGEST_TIMEOUT_MS) {
        return Err(invalid(format!(
            "{name} must be between 0 and {LONGEST_TIMEOUT_MS} milliseconds, but is {milliseconds}"
        )));
    }
    *field = Duration::from_secs_f64(milliseconds / 1000.0);
    Ok(())
}

fn set_bytes(field: &mut usize, name: &str, bytes: Option<f64>) -> Result<(), SessionError> {
    set_number(field, name, "bytes", bytes)
}

fn set_count(field: &mut usize, name: &str, count: Option<f64>) -> Result<(), SessionError> {
    set_number(field, name, "messages", count)
}

fn set_number(
    field: &mut usize,
    name: &str,
    unit: &str,
    number: Option<f64>,
) -> Result<(), SessionError> {
    let Some(number) = number else { return Ok(()) };
    if !(1.0..=MOST).contains(&number) {
        return Err(invalid(format!(
            "{name} must be between 1 and {MOST} {unit}, but is {number}"
        )));
    }
    // In range, and a fraction does not matter.
    *field = number as usize;
    Ok(())
}

fn invalid(message: String) -> SessionError {
    SessionError::new(ErrorCode::InvalidArgument, message)
}

/// A day.
const LONGEST_TIMEOUT_MS: f64 = 86_400_000.0;

/// A gigabyte: linear memory ends at four.
const MOST: f64 = 1_073_741_824.0;
