//! What JavaScript can call. `js/engine.ts` describes it, `js/core.ts` is its one user.

use std::{hint::black_box, rc::Rc};

use bytes::Bytes;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use room_proto::{
    CallKey, ErrorCode, Outgoing, ParticipantId, RequestId, SessionError, StreamKey,
    session::{CallRead, Read, StreamForm},
};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::{Event, WebSocket};

use crate::{
    driver::Driver,
    error::{json, json_object},
    lent,
    listener::EngineListener,
    options,
};

/// One session with one room.
///
/// A command only tells the session. [`Engine::settle`] carries out what comes of it, so that whoever
/// gives a command can get ready for its answer in between. Streams and requests are named by
/// numbers. JavaScript may free the engine at any time, which closes the connection.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Engine {
    /// Makes a session that waits for its socket.
    #[wasm_bindgen(constructor)]
    pub fn new(listener: EngineListener, numbers: &[f64], reconnect: bool) -> Self {
        Self { driver: Driver::new(options::read(numbers, reconnect), listener) }
    }

    /// Drives the session over `socket`, which has said this already: messages, and how it closed.
    ///
    /// # Errors
    ///
    /// A `RoomError` if it is no socket, or if the session is over.
    pub fn connect(
        &self,
        socket: WebSocket,
        messages: &Array<ArrayBuffer>,
        closing: Option<Event>,
    ) -> Result<(), JsValue> {
        self.driver.checked(self.driver.connect(socket, messages, closing))
    }

    /// Goes on over another socket after the connection was lost. How that went, the listener is
    /// told: `resumed`, `discontinuity`, `lost` or `ended`.
    ///
    /// # Errors
    ///
    /// A `RoomError` if the connection is not lost.
    pub fn reconnect(&self, socket: WebSocket) -> Result<(), JsValue> {
        self.driver.checked(self.driver.reconnect(socket))
    }

    /// Carries out what the session asks for. Does nothing while that is being done.
    pub fn settle(&self) {
        self.driver.settle();
    }

    /// The same, if so much waits that more should not be waited for.
    #[wasm_bindgen(js_name = settleIfFull)]
    pub fn settle_if_full(&self) {
        // The guard is gone before JavaScript is called.
        let is_full = self.driver.session().is_full();
        if is_full {
            self.driver.settle();
        }
    }

    /// What the next socket's URL says after `resume=`, if anything.
    #[wasm_bindgen(js_name = resumeQuery)]
    pub fn resume_query(&self) -> Option<String> {
        self.driver.session().resume_query()
    }

    /// Lets go of the connection without leaving the room.
    pub fn suspend(&self) {
        self.driver.ask(|session, now| session.suspend(now));
    }

    /// Asks the server for a sign of life.
    pub fn probe(&self) {
        self.driver.ask(|session, now| session.probe(now));
    }

    /// Lets the session look at the time, because the alarm rang or for any other reason.
    pub fn wake(&self) {
        self.driver.wake();
    }

    /// Ends the session as closed by the application.
    pub fn close(&self) {
        self.driver.tell(|session| session.close());
    }

    /// Whether messaging is enabled.
    #[wasm_bindgen(js_name = isEnabled)]
    pub fn is_enabled(&self) -> bool {
        self.driver.session().is_enabled()
    }

    /// Our own attributes, as JSON text of an object.
    #[wasm_bindgen(js_name = localAttributes)]
    pub fn local_attributes(&self) -> String {
        self.driver.session().local_attributes().as_str().to_owned()
    }

    /// Enables messaging.
    pub fn enable(&self) -> Result<u32, JsValue> {
        self.request(self.driver.ask(|session, now| session.enable(now)))
    }

    /// Disables messaging.
    pub fn disable(&self) -> Result<u32, JsValue> {
        self.request(self.driver.ask(|session, now| session.disable(now)))
    }

    /// Changes attributes: `changed` is JSON text of an object.
    #[wasm_bindgen(js_name = setAttributes)]
    pub fn set_attributes(&self, changed: &str) -> Result<(), JsValue> {
        let set = json_object("the attributes", changed)
            .and_then(|changed| self.driver.tell(|session| session.set_attributes(changed)));
        self.driver.checked(set)
    }

    /// Sends a message to one participant, or to all others if there is no `to`.
    pub fn send(
        &self,
        to: Option<String>,
        kind: String,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<u32, JsValue> {
        let sent = outgoing(kind, message, attachment).and_then(|outgoing| {
            self.driver.ask(|session, now| match to {
                Some(to) => session.send(now, &ParticipantId::new(&to), outgoing),
                None => session.broadcast(now, outgoing),
            })
        });
        self.request(sent)
    }

    /// Whether bytes go to a participant in a stream of chunks; else in a duplex stream.
    ///
    /// # Errors
    ///
    /// A `RoomError` if the participant announces that it takes none.
    #[wasm_bindgen(js_name = takesChunks)]
    pub fn takes_chunks(&self, to: &str) -> Result<bool, JsValue> {
        let form = self.driver.session().stream_form(&ParticipantId::new(to));
        self.driver.checked(form.map(|form| form == StreamForm::V1))
    }

    /// Offers a stream.
    #[wasm_bindgen(js_name = openStream)]
    pub fn open_stream(&self, to: &str, stream_id: &str, header: &str) -> Result<u32, JsValue> {
        let to = ParticipantId::new(to);
        let opened = json("the header", header).and_then(|header| {
            self.driver.ask(|session, now| session.open_stream(now, &to, stream_id, header))
        });
        self.driver.checked(opened.map(|StreamKey(key)| key))
    }

    /// Takes an offered stream.
    #[wasm_bindgen(js_name = acceptStream)]
    pub fn accept_stream(&self, stream: u32) -> Result<(), JsValue> {
        let key = StreamKey(stream);
        self.driver.checked(self.driver.ask(|session, now| session.accept_stream(now, key)))
    }

    /// Refuses an offered stream. One that was withdrawn needs no answer.
    #[wasm_bindgen(js_name = rejectStream)]
    pub fn reject_stream(&self, stream: u32, reason: &str) {
        let key = StreamKey(stream);
        let _ = self.driver.ask(|session, now| session.reject_stream(now, key, reason));
    }

    /// Writes a chunk; gives how many bytes may be written now.
    #[wasm_bindgen(js_name = writeStream)]
    pub fn write_stream(
        &self,
        stream: u32,
        header: &str,
        data: &Uint8Array,
    ) -> Result<f64, JsValue> {
        let key = StreamKey(stream);
        let written = json("the header", header).and_then(|header| {
            let data = copy_in(data)?;
            self.driver.ask(|session, now| {
                session.write_stream(now, key, &header, Bytes::from(data))?;
                session.writable_bytes(key)
            })
        });
        self.driver.checked(written.map(|bytes| bytes as f64))
    }

    /// How many bytes may be written now.
    #[wasm_bindgen(js_name = writableBytes)]
    pub fn writable_bytes(&self, stream: u32) -> Result<f64, JsValue> {
        let bytes = self.driver.tell(|session| session.writable_bytes(StreamKey(stream)));
        self.driver.checked(bytes.map(|bytes| bytes as f64))
    }

    /// The next chunk, made by `EngineListener.chunk`; `undefined` if there is none yet, `null` at
    /// the end.
    #[wasm_bindgen(js_name = readStream)]
    pub fn read_stream(&self, stream: u32) -> Result<JsValue, JsValue> {
        match self.driver.ask(|session, now| session.read_stream(now, StreamKey(stream))) {
            Read::Chunk { header, data } => {
                let header = self.driver.headers().get(header.as_str());
                self.driver.listener().chunk(&header, lent::give(&data))
            }
            Read::Pending => Ok(JsValue::UNDEFINED),
            Read::End => Ok(JsValue::NULL),
            Read::Failed(error) => self.driver.checked(Err(error)),
        }
    }

    /// Ends a stream cleanly.
    #[wasm_bindgen(js_name = closeStream)]
    pub fn close_stream(&self, stream: u32) -> Result<u32, JsValue> {
        let key = StreamKey(stream);
        self.request(self.driver.ask(|session, now| session.close_stream(now, key)))
    }

    /// Ends a stream as incomplete: the writer's abort, the reader's cancel.
    #[wasm_bindgen(js_name = abortStream)]
    pub fn abort_stream(&self, stream: u32, reason: &str) {
        let key = StreamKey(stream);
        self.driver.ask(|session, now| session.abort_stream(now, key, reason));
    }

    /// Opens a duplex stream with its first message.
    #[wasm_bindgen(js_name = openCall)]
    pub fn open_call(
        &self,
        to: &str,
        kind: String,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<u32, JsValue> {
        let to = ParticipantId::new(to);
        let opened = outgoing(kind, message, attachment)
            .and_then(|first| self.driver.ask(|session, now| session.open_call(now, &to, &first)));
        self.driver.checked(opened.map(|CallKey(key)| key))
    }

    /// Takes a duplex stream.
    #[wasm_bindgen(js_name = acceptCall)]
    pub fn accept_call(&self, call: u32) -> Result<(), JsValue> {
        let key = CallKey(call);
        self.driver.checked(self.driver.tell(|session| session.accept_call(key)))
    }

    /// Refuses a duplex stream. One that was withdrawn needs no answer.
    #[wasm_bindgen(js_name = rejectCall)]
    pub fn reject_call(&self, call: u32, reason: &str) {
        let key = CallKey(call);
        let _ = self.driver.tell(|session| session.reject_call(key, reason));
    }

    /// Sends a message over a duplex stream; gives nothing where no answer will come.
    #[wasm_bindgen(js_name = sendCall)]
    pub fn send_call(
        &self,
        call: u32,
        kind: String,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<Option<u32>, JsValue> {
        let key = CallKey(call);
        let sent = outgoing(kind, message, attachment).and_then(|outgoing| {
            self.driver.ask(|session, now| session.send_call(now, key, &outgoing))
        });
        self.driver.checked(sent.map(|request| request.map(|RequestId(id)| id)))
    }

    /// The next message, made by `EngineListener.streamMessage`; `undefined` if there is none yet,
    /// `null` at the end.
    #[wasm_bindgen(js_name = readCall)]
    pub fn read_call(&self, call: u32) -> Result<JsValue, JsValue> {
        match self.driver.tell(|session| session.read_call(CallKey(call))) {
            CallRead::Message(message) => self.driver.listener().stream_message(
                &message.kind,
                message.message.as_str(),
                copy_out(&message.attachment),
            ),
            CallRead::Pending => Ok(JsValue::UNDEFINED),
            CallRead::End => Ok(JsValue::NULL),
            CallRead::Failed(error) => self.driver.checked(Err(error)),
        }
    }

    /// Ends a duplex stream for both directions.
    #[wasm_bindgen(js_name = closeCall)]
    pub fn close_call(&self, call: u32) {
        self.driver.ask(|session, now| session.close_call(now, CallKey(call)));
    }

    fn request(&self, result: Result<RequestId, SessionError>) -> Result<u32, JsValue> {
        self.driver.checked(result.map(|RequestId(id)| id))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.driver.tell(|session| session.close());
        self.driver.settle();
    }
}

fn outgoing(
    kind: String,
    message: &str,
    attachment: Option<Uint8Array>,
) -> Result<Outgoing, SessionError> {
    let message = json_object("the message", message)?;
    let attachment = attachment.as_ref().map_or(Ok(Vec::new()), copy_in)?;
    Ok(Outgoing { kind, message, attachment: Bytes::from(attachment) })
}

/// Copies bytes into linear memory.
///
/// # Errors
///
/// `too-large` if they do not fit; taking the memory without asking would end the whole module. What
/// is asked for is given back and taken again, because to fill it before it is written to would take
/// longer than all else.
pub(crate) fn copy_in(bytes: &Uint8Array) -> Result<Vec<u8>, SessionError> {
    // Or the compiler would see that it is not used.
    drop(black_box(reserve(bytes.length() as usize)?));
    Ok(bytes.to_vec())
}

/// Room for so many bytes.
///
/// # Errors
///
/// `too-large` if there is none.
pub(crate) fn reserve(len: usize) -> Result<Vec<u8>, SessionError> {
    let mut place = Vec::new();
    place.try_reserve_exact(len).map_err(|_| {
        SessionError::new(ErrorCode::TooLarge, format!("{len} bytes do not fit into memory"))
    })?;
    Ok(place)
}

/// An attachment for JavaScript: none is `undefined`.
pub(crate) fn copy_out(bytes: &[u8]) -> Option<Uint8Array> {
    (!bytes.is_empty()).then(|| lent::give(bytes))
}
