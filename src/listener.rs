//! What we call in JavaScript. `js/engine.ts` has the same shapes.

use js_sys::Uint8Array;
use room_proto::session::Participant;
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { EngineListener, EngineParticipant } from "../engine.js";
"#;

#[wasm_bindgen]
extern "C" {
    /// Hears about the room. `js/` is the only implementation.
    ///
    /// Its methods do not throw. They are caught all the same: an exception that crossed this
    /// module would leave the driver in the middle of its work for ever.
    #[wasm_bindgen(typescript_type = "EngineListener")]
    #[derive(Clone, Debug)]
    pub type EngineListener;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn now(this: &EngineListener) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    pub(crate) fn set_alarm(this: &EngineListener, wait_ms: f64) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn error(
        this: &EngineListener,
        code: &str,
        message: &str,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn chunk(
        this: &EngineListener,
        header: &JsValue,
        data: Uint8Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamMessage)]
    pub(crate) fn stream_message(
        this: &EngineListener,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn placed(
        this: &EngineListener,
        participant_id: &str,
        room_name: &str,
        room_url: &str,
        session_id: &str,
        is_raw: bool,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn ready(this: &EngineListener) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn ended(this: &EngineListener, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn lost(this: &EngineListener, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn resumed(this: &EngineListener) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn discontinuity(this: &EngineListener, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn done(this: &EngineListener, first: u32, last: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn failed(
        this: &EngineListener,
        request: u32,
        error: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = messagingEnabled)]
    pub(crate) fn messaging_enabled(this: &EngineListener) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = participantAdded)]
    pub(crate) fn participant_added(
        this: &EngineListener,
        participant: EngineParticipant,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = participantRemoved)]
    pub(crate) fn participant_removed(this: &EngineListener, id: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = participantUpdated)]
    pub(crate) fn participant_updated(
        this: &EngineListener,
        id: &str,
        attributes: &str,
        changed: &str,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn message(
        this: &EngineListener,
        from: &JsValue,
        kind: &JsValue,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamRequested)]
    pub(crate) fn stream_requested(
        this: &EngineListener,
        stream: u32,
        stream_id: &str,
        from: &str,
        header: &str,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamOpened)]
    pub(crate) fn stream_opened(
        this: &EngineListener,
        stream: u32,
        error: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamStirred)]
    pub(crate) fn stream_stirred(this: &EngineListener, stream: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamWithdrawn)]
    pub(crate) fn stream_withdrawn(
        this: &EngineListener,
        stream: u32,
        error: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = streamClosed)]
    pub(crate) fn stream_closed(
        this: &EngineListener,
        stream: u32,
        error: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = callRequested)]
    pub(crate) fn call_requested(
        this: &EngineListener,
        call: u32,
        stream_id: &str,
        from: &str,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = callOpened)]
    pub(crate) fn call_opened(
        this: &EngineListener,
        call: u32,
        stream_id: &str,
        error: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = callStirred)]
    pub(crate) fn call_stirred(this: &EngineListener, call: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = callWithdrawn)]
    pub(crate) fn call_withdrawn(
        this: &EngineListener,
        call: u32,
        error: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = callClosed)]
    pub(crate) fn call_closed(
        this: &EngineListener,
        call: u32,
        error: &JsValue,
    ) -> Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// A remote participant: an array of its id, its role, and its attributes as JSON text.
    #[wasm_bindgen(typescript_type = "EngineParticipant")]
    #[derive(Clone, Debug)]
    pub type EngineParticipant;
}

impl From<&Participant> for EngineParticipant {
    fn from(participant: &Participant) -> Self {
        let Participant { id, role, attributes } = participant;
        let fields = (id.as_str(), role.as_str(), attributes.as_str());
        // Strings cannot fail to become strings.
        serde_wasm_bindgen::to_value(&fields).unwrap_or_default().unchecked_into()
    }
}
