//! What tests see of JavaScript: the boundary's classes by their JavaScript names, and `page.js`.

use js_sys::{Array, Promise, Uint8Array};
use room_messaging::{Engine, EngineListener};
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use web_sys::{ReadableStream, WritableStream};

#[wasm_bindgen(module = "/tests/web/page.js")]
extern "C" {
    #[derive(Clone)]
    pub(crate) type FakeSocket;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(
        on_send: &Closure<dyn FnMut(Uint8Array)>,
        on_close: &Closure<dyn FnMut(u16, String)>,
    ) -> FakeSocket;

    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &FakeSocket);

    #[wasm_bindgen(method)]
    pub(crate) fn deliver(this: &FakeSocket, bytes: &[u8]);

    #[wasm_bindgen(method, js_name = deliverText)]
    pub(crate) fn deliver_text(this: &FakeSocket, text: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn end(this: &FakeSocket, code: u16, reason: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn fail(this: &FakeSocket);

    #[wasm_bindgen(method, getter, js_name = readyState)]
    pub(crate) fn ready_state(this: &FakeSocket) -> u16;

    #[wasm_bindgen(method, setter, js_name = bufferedAmount)]
    pub(crate) fn set_buffered_amount(this: &FakeSocket, bytes: u32);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_broken(this: &FakeSocket, broken: bool);

    #[derive(Clone)]
    pub(crate) type Recorder;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Recorder;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn heard(this: &Recorder) -> Vec<String>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn messages(this: &Recorder) -> Vec<Heard>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn added(this: &Recorder) -> Vec<JsValue>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn offers(this: &Recorder) -> Vec<JsIncoming>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn calls(this: &Recorder) -> Vec<JsCall>;

    #[wasm_bindgen(method, setter, js_name = onMessage)]
    pub(crate) fn set_on_message(this: &Recorder, callback: &Closure<dyn FnMut(String, String)>);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_angry(this: &Recorder, angry: bool);

    #[wasm_bindgen(method)]
    pub(crate) fn count(this: &Recorder, text: &str) -> usize;

    #[wasm_bindgen(method)]
    pub(crate) fn until(this: &Recorder, text: &str) -> Promise;

    /// A message as the recorder keeps it.
    pub(crate) type Heard;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn from(this: &Heard) -> String;

    #[wasm_bindgen(method, getter, js_name = type)]
    pub(crate) fn kind(this: &Heard) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn message(this: &Heard) -> JsValue;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn attachment(this: &Heard) -> Option<Uint8Array>;

    pub(crate) fn soon(promise: &Promise, what: &str) -> Promise;

    #[wasm_bindgen(js_name = isPending)]
    pub(crate) fn is_pending(promise: &Promise) -> Promise;

    pub(crate) fn outcome(promise: &Promise) -> Promise;

    pub(crate) fn throws(call: &Closure<dyn FnMut() -> Result<(), JsValue>>) -> String;

    #[wasm_bindgen(js_name = readAll)]
    pub(crate) fn read_all(stream: &ReadableStream) -> Promise;

    #[wasm_bindgen(js_name = readBytes)]
    pub(crate) fn read_bytes(stream: &ReadableStream) -> Promise;

    pub(crate) fn pattern(length: usize) -> Uint8Array;

    pub(crate) fn equal(left: &Uint8Array, right: &Uint8Array) -> bool;
}

#[wasm_bindgen(module = "/target/web-tests/core.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = coreOf)]
    pub(crate) fn core_of(
        make: &Closure<dyn FnMut(EngineListener, Vec<f64>, bool) -> Engine>,
        options: &JsValue,
        ear: &Recorder,
    ) -> Result<JsCore, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// `Core` of `js/core.ts`.
    #[derive(Clone)]
    pub(crate) type JsCore;

    /// Keeps what the socket says until [`JsCore::connect`].
    #[wasm_bindgen(method)]
    pub(crate) fn hold(this: &JsCore, socket: &JsValue);

    #[wasm_bindgen(method)]
    pub(crate) fn connect(this: &JsCore, socket: &JsValue) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &JsCore);

    #[wasm_bindgen(method)]
    pub(crate) fn free(this: &JsCore);

    #[wasm_bindgen(method, getter)]
    pub(crate) fn place(this: &JsCore) -> Option<JsPlace>;

    #[wasm_bindgen(method, getter, js_name = isEnabled)]
    pub(crate) fn is_enabled(this: &JsCore) -> bool;

    #[wasm_bindgen(method, getter, js_name = localAttributes)]
    pub(crate) fn local_attributes(this: &JsCore) -> String;

    #[wasm_bindgen(method)]
    pub(crate) fn enable(this: &JsCore) -> Promise;

    #[wasm_bindgen(method, catch, js_name = setAttributes)]
    pub(crate) fn set_attributes(this: &JsCore, changed: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(crate) fn send(
        this: &JsCore,
        to: Option<&str>,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Promise;

    #[wasm_bindgen(method, catch, js_name = openCall)]
    pub(crate) fn open_call(
        this: &JsCore,
        to: &str,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<JsCall, JsValue>;

    #[wasm_bindgen(method, catch, js_name = openStream)]
    pub(crate) fn open_stream(
        this: &JsCore,
        to: &str,
        stream_id: &str,
        header: &str,
    ) -> Result<JsOutgoing, JsValue>;

    /// `Place` of `js/core.ts`.
    pub(crate) type JsPlace;

    #[wasm_bindgen(method, getter, js_name = participantId)]
    pub(crate) fn participant_id(this: &JsPlace) -> String;

    #[wasm_bindgen(method, getter, js_name = roomName)]
    pub(crate) fn room_name(this: &JsPlace) -> String;

    #[wasm_bindgen(method, getter, js_name = sessionId)]
    pub(crate) fn session_id(this: &JsPlace) -> String;

    /// `OutgoingStream` of `js/stream-ends.ts`.
    #[derive(Clone)]
    pub(crate) type JsOutgoing;

    #[wasm_bindgen(method, getter, js_name = streamId)]
    pub(crate) fn stream_id(this: &JsOutgoing) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn to(this: &JsOutgoing) -> String;

    #[wasm_bindgen(method)]
    pub(crate) fn opened(this: &JsOutgoing) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &JsOutgoing, header: &str, data: &Uint8Array) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &JsOutgoing) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &JsOutgoing, reason: &str);

    #[wasm_bindgen(method, getter)]
    pub(crate) fn writable(this: &JsOutgoing) -> WritableStream;

    #[wasm_bindgen(method)]
    pub(crate) fn bytes(this: &JsOutgoing) -> WritableStream;

    #[wasm_bindgen(method, getter, js_name = desiredSize)]
    pub(crate) fn desired_size(this: &JsOutgoing) -> f64;

    /// `Call` of `js/call.ts`.
    #[derive(Clone)]
    pub(crate) type JsCall;

    #[wasm_bindgen(method, getter, js_name = streamId)]
    pub(crate) fn stream_id(this: &JsCall) -> String;

    #[wasm_bindgen(method)]
    pub(crate) fn opened(this: &JsCall) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn closed(this: &JsCall) -> Promise;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn accept(this: &JsCall) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(crate) fn reject(this: &JsCall, reason: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn send(
        this: &JsCall,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn next(this: &JsCall) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &JsCall);

    /// `IncomingStream` of `js/stream-ends.ts`.
    #[derive(Clone)]
    pub(crate) type JsIncoming;

    #[wasm_bindgen(method, getter, js_name = streamId)]
    pub(crate) fn stream_id(this: &JsIncoming) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn from(this: &JsIncoming) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn header(this: &JsIncoming) -> String;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn accept(this: &JsIncoming) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(crate) fn reject(this: &JsIncoming, reason: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn closed(this: &JsIncoming) -> Promise;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn readable(this: &JsIncoming) -> ReadableStream;

    #[wasm_bindgen(method)]
    pub(crate) fn bytes(this: &JsIncoming) -> ReadableStream;

    #[wasm_bindgen(method)]
    pub(crate) fn cancel(this: &JsIncoming, reason: &str);
}

#[wasm_bindgen]
extern "C" {
    /// A chunk as a reader or a writer handles it.
    pub(crate) type Chunk;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn header(this: &Chunk) -> JsValue;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_header(this: &Chunk, header: &JsValue);

    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &Chunk) -> Uint8Array;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_data(this: &Chunk, data: &JsValue);

    /// What a reader's `read()` resolves with.
    pub(crate) type ReadResult;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn done(this: &ReadResult) -> bool;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn value(this: &ReadResult) -> JsValue;
}

/// The elements of an array.
pub(crate) fn elements(array: &JsValue) -> Vec<JsValue> {
    Array::from(array).to_vec()
}
