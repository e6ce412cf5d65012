//! What we call in JavaScript. `js/core.ts` has the same shapes.

use js_sys::Uint8Array;
use room_proto::session::Participant;
use serde::Serialize;
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};

use crate::{calls::CallStream, streams::IncomingStream};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { CoreListener, CoreOptions, CoreParticipant } from "../core.js";
"#;

#[wasm_bindgen]
extern "C" {
    /// Hears about the room. `js/` is the only implementation.
    ///
    /// Its methods do not throw. They are caught all the same: an exception that crossed this
    /// module would leave the driver in the middle of its work for ever.
    #[wasm_bindgen(typescript_type = "CoreListener")]
    #[derive(Clone, Debug)]
    pub type CoreListener;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn error(
        this: &CoreListener,
        code: &str,
        message: &str,
        hint: &str,
        retryable: bool,
        cause: &JsValue,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn chunk(
        this: &CoreListener,
        header: &str,
        data: Uint8Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamMade)]
    pub(crate) fn stream_made(this: &CoreListener, controller: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamMessage)]
    pub(crate) fn stream_message(
        this: &CoreListener,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = callRequested)]
    pub(crate) fn call_requested(
        this: &CoreListener,
        call: CallStream,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn ended(this: &CoreListener, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn lost(this: &CoreListener, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn resumed(this: &CoreListener) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn discontinuity(this: &CoreListener, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = messagingEnabled)]
    pub(crate) fn messaging_enabled(this: &CoreListener) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = participantAdded)]
    pub(crate) fn participant_added(this: &CoreListener, id: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = participantRemoved)]
    pub(crate) fn participant_removed(
        this: &CoreListener,
        participant: CoreParticipant,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = participantUpdated)]
    pub(crate) fn participant_updated(
        this: &CoreListener,
        id: &str,
        changed: &str,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn message(
        this: &CoreListener,
        from: &str,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamRequested)]
    pub(crate) fn stream_requested(
        this: &CoreListener,
        offer: IncomingStream,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamClosed)]
    pub(crate) fn stream_closed(
        this: &CoreListener,
        stream_id: &str,
        error: &JsValue,
    ) -> Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// A remote participant, as a plain object.
    #[wasm_bindgen(typescript_type = "CoreParticipant")]
    #[derive(Clone, Debug)]
    pub type CoreParticipant;
}

/// What a [`CoreParticipant`] is made of.
#[derive(Serialize)]
struct Fields<'a> {
    id: &'a str,
    role: &'a str,
    attributes: &'a str,
}

impl From<&Participant> for CoreParticipant {
    fn from(participant: &Participant) -> Self {
        let Participant { id, role, attributes } = participant;
        let fields = Fields { id: id.as_str(), role, attributes: attributes.as_str() };
        // Strings cannot fail to become strings.
        serde_wasm_bindgen::to_value(&fields).unwrap_or_default().unchecked_into()
    }
}
