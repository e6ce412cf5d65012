//! JavaScript values of any kind → bytes and text. Nothing here throws or panics.

use js_sys::{ArrayBuffer, Object, Reflect, SharedArrayBuffer, Uint8Array};
use room_proto::{ErrorCode, JsonText, SessionError};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};

use crate::error::Failure;

/// Sees a `Uint8Array`, an `ArrayBuffer` or any view as bytes, without a copy.
pub(crate) fn bytes_of(value: &JsValue) -> Result<Uint8Array, Failure> {
    let bytes = if ArrayBuffer::is_view(value) {
        let view: &View = value.unchecked_ref();
        Bytes::of_part(&view.buffer(), view.byte_offset(), view.byte_length())
    } else if value.is_instance_of::<ArrayBuffer>() || is_shared(value) {
        Bytes::of_whole(value)
    } else {
        let found = value.js_typeof().as_string().unwrap_or_default();
        let message = format!(
            "bytes must be a Uint8Array, an ArrayBuffer or a view of one, but are of type {found}"
        );
        return Err(Failure::invalid(message, JsValue::UNDEFINED));
    };
    bytes
        .map(JsCast::unchecked_into)
        .map_err(|cause| Failure::invalid("the bytes cannot be read: their buffer is gone", cause))
}

/// Copies bytes into linear memory.
///
/// # Errors
///
/// [`ErrorCode::TooLarge`] if they do not fit; asking for the memory without a check would end
/// the whole module.
pub(crate) fn copy_in(bytes: &Uint8Array) -> Result<Vec<u8>, SessionError> {
    let len = bytes.length() as usize;
    let mut copy = Vec::new();
    copy.try_reserve_exact(len).map_err(|_| {
        SessionError::new(ErrorCode::TooLarge, format!("{len} bytes do not fit into memory"))
    })?;
    copy.resize(len, 0);
    bytes.copy_to(&mut copy);
    Ok(copy)
}

/// Any JSON value as text. `undefined` counts as an empty object.
pub(crate) fn header_text(value: &JsValue) -> Result<JsonText, Failure> {
    if value.is_undefined() {
        return Ok(JsonText::empty_object());
    }
    let text = js_sys::JSON::stringify(value)
        .map_err(|cause| Failure::invalid("the header cannot be written as JSON", cause))?;
    let Some(text) = JsValue::from(text).as_string() else {
        // JSON.stringify gives undefined for functions and symbols.
        return Err(Failure::invalid("the header cannot be written as JSON", JsValue::UNDEFINED));
    };
    Ok(crate::error::json("the header", &text)?)
}

/// Why a stream was aborted or cancelled, in words: the reason may be of any type.
pub(crate) fn reason_text(reason: &JsValue) -> String {
    if let Some(text) = reason.as_string() {
        return text;
    }
    let message = Reflect::get(reason, &JsValue::from_str("message")).ok();
    if let Some(text) = message.and_then(|message| message.as_string()) {
        return text;
    }
    let json = js_sys::JSON::stringify(reason).ok();
    json.and_then(|json| JsValue::from(json).as_string()).unwrap_or_default()
}

/// `SharedArrayBuffer` is not defined in pages that are not isolated.
fn is_shared(value: &JsValue) -> bool {
    Reflect::has(&js_sys::global(), &JsValue::from_str("SharedArrayBuffer")).unwrap_or(false)
        && value.is_instance_of::<SharedArrayBuffer>()
}

#[wasm_bindgen]
extern "C" {
    /// Any typed array or `DataView`.
    type View;

    #[wasm_bindgen(method, getter)]
    fn buffer(this: &View) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = byteOffset)]
    fn byte_offset(this: &View) -> u32;

    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn byte_length(this: &View) -> u32;

    /// `Uint8Array` whose constructor is caught: it throws when the buffer was transferred away.
    #[wasm_bindgen(extends = Object, js_name = Uint8Array)]
    type Bytes;

    #[wasm_bindgen(constructor, catch, js_class = "Uint8Array")]
    fn of_whole(buffer: &JsValue) -> Result<Bytes, JsValue>;

    #[wasm_bindgen(constructor, catch, js_class = "Uint8Array")]
    fn of_part(buffer: &JsValue, offset: u32, len: u32) -> Result<Bytes, JsValue>;
}
