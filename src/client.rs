//! What JavaScript can call. `js/core.ts` describes it, `RoomClient` in `js/` wraps it.

use std::rc::Rc;

use bytes::Bytes;
use js_sys::{Promise, Uint8Array};
use room_proto::{Outgoing, ParticipantId, SessionError};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::WebSocket;

use crate::{
    calls::CallStream,
    driver::Driver,
    error::{Failure, json, json_object, to_js},
    listener::{CoreListener, CoreParticipant},
    options,
    streams::OutgoingStream,
    values::copy_in,
};

/// One connection to one room.
///
/// JavaScript may free it at any time, which closes the connection. Promises and streams hold
/// what they need themselves.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Core {
    /// Makes a connection that waits for its socket.
    ///
    /// # Errors
    ///
    /// A `RoomError` if an option is of the wrong type or out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "CoreOptions | undefined")] options: JsValue,
        listener: CoreListener,
    ) -> Result<Self, JsValue> {
        let config =
            options::read(&options).map_err(|error| to_js(&listener, &Failure::from(error)))?;
        Ok(Self { driver: Driver::new(config, listener) })
    }

    /// Drives the session over `socket`; resolves when the room is ready.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn connect(&self, socket: WebSocket) -> Promise {
        let connected = self.driver.connect(socket);
        self.driver.promise(connected.map(|()| self.driver.ready()))
    }

    /// Goes on over another socket after the connection was lost. How that went, the listener is
    /// told: `resumed`, `discontinuity`, `lost` or `ended`.
    ///
    /// # Errors
    ///
    /// A `RoomError` if the connection is not lost.
    pub fn reconnect(&self, socket: WebSocket) -> Result<(), JsValue> {
        self.driver.reconnect(socket).map_err(|error| self.driver.error(error))
    }

    /// What the next socket's URL says after `resume=`, if anything.
    #[wasm_bindgen(getter, js_name = resumeQuery)]
    pub fn resume_query(&self) -> Option<String> {
        self.driver.session().resume_query()
    }

    /// Lets go of the connection without leaving the room.
    pub fn suspend(&self) {
        self.driver.command(|session, now| session.suspend(now));
    }

    /// Asks the server for a sign of life.
    pub fn probe(&self) {
        self.driver.command(|session, now| session.probe(now));
    }

    /// Lets the session look at the time. Timers of hidden pages are late.
    pub fn wake(&self) {
        self.driver.wake();
    }

    /// Ends the session as closed by the application, and closes the socket.
    pub fn close(&self) {
        self.driver.close();
    }

    /// This client's own id.
    #[wasm_bindgen(getter, js_name = participantId)]
    pub fn participant_id(&self) -> Option<String> {
        self.driver.session().participant_id().map(ToString::to_string)
    }

    /// The room's name.
    #[wasm_bindgen(getter, js_name = roomName)]
    pub fn room_name(&self) -> Option<String> {
        self.driver.session().room_name().map(ToString::to_string)
    }

    /// Where the room is.
    #[wasm_bindgen(getter, js_name = roomUrl)]
    pub fn room_url(&self) -> Option<String> {
        self.driver.session().room_url().map(ToString::to_string)
    }

    /// The room's current run.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> Option<String> {
        self.driver.session().session_id().map(ToString::to_string)
    }

    /// Whether messaging is enabled.
    #[wasm_bindgen(getter, js_name = isEnabled)]
    pub fn is_enabled(&self) -> bool {
        self.driver.session().is_enabled()
    }

    /// This client's own attributes, as JSON text of an object.
    #[wasm_bindgen(js_name = localAttributes)]
    pub fn local_attributes(&self) -> String {
        self.driver.session().local_attributes().as_str().to_owned()
    }

    /// Everybody else who has enabled messaging.
    pub fn participants(&self) -> Vec<CoreParticipant> {
        let participants: Vec<_> = self.driver.session().participants().cloned().collect();
        participants.iter().map(CoreParticipant::from).collect()
    }

    /// One of them.
    pub fn participant(&self, id: &str) -> Option<CoreParticipant> {
        let participant = self.driver.session().participant(id).cloned();
        participant.as_ref().map(CoreParticipant::from)
    }

    /// Enables messaging; resolves when the participants are known.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn enable(&self) -> Promise {
        self.driver.promise(self.driver.request(|session, now| session.enable(now)))
    }

    /// Disables messaging.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn disable(&self) -> Promise {
        self.driver.promise(self.driver.request(|session, now| session.disable(now)))
    }

    /// Changes attributes: `changed` is JSON text of an object.
    ///
    /// # Errors
    ///
    /// A `RoomError` if it is not, or if there is no connection.
    #[wasm_bindgen(js_name = setAttributes)]
    pub fn set_attributes(&self, changed: &str) -> Result<(), JsValue> {
        json_object("the attributes", changed)
            .and_then(|changed| self.driver.command(|session, _| session.set_attributes(changed)))
            .map_err(|error| self.driver.error(error))
    }

    /// Sends a message to one participant; resolves when the server has taken it.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn send(
        &self,
        to: &str,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Promise {
        let to = ParticipantId::new(to);
        let sent = outgoing(kind, message, attachment).and_then(|outgoing| {
            self.driver.request(|session, now| session.send(now, &to, outgoing))
        });
        self.driver.promise(sent)
    }

    /// Sends a message to everybody else; resolves when the server has taken it.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn broadcast(&self, kind: &str, message: &str, attachment: Option<Uint8Array>) -> Promise {
        let sent = outgoing(kind, message, attachment).and_then(|outgoing| {
            self.driver.request(|session, now| session.broadcast(now, outgoing))
        });
        self.driver.promise(sent)
    }

    /// The kind of stream in which bytes go to a participant: `v1` or `duplex`.
    ///
    /// # Errors
    ///
    /// A `RoomError` if the participant announces that it takes none.
    #[wasm_bindgen(js_name = streamForm)]
    pub fn stream_form(&self, to: &str) -> Result<String, JsValue> {
        let form = self.driver.session().stream_form(&ParticipantId::new(to));
        form.map(|form| form.as_str().to_owned()).map_err(|error| self.driver.error(error))
    }

    /// Offers a stream; its `opened()` tells the answer.
    ///
    /// # Errors
    ///
    /// A `RoomError` for what the session refuses at once.
    #[wasm_bindgen(js_name = openStream)]
    pub fn open_stream(
        &self,
        to: &str,
        stream_id: &str,
        header: &str,
    ) -> Result<OutgoingStream, JsValue> {
        self.try_open_stream(to, stream_id, header).map_err(|error| self.driver.error(error))
    }

    /// Opens a duplex stream with its first message; its `opened()` tells the answer.
    ///
    /// # Errors
    ///
    /// A `RoomError` for what the session refuses at once.
    #[wasm_bindgen(js_name = openCall)]
    pub fn open_call(
        &self,
        to: &str,
        kind: &str,
        message: &str,
        attachment: Option<Uint8Array>,
    ) -> Result<CallStream, JsValue> {
        let opened = outgoing(kind, message, attachment)
            .and_then(|first| self.driver.open_call(&ParticipantId::new(to), &first));
        let state = opened.map_err(|error| self.driver.error(error))?;
        Ok(CallStream::ours(Rc::clone(&self.driver), state))
    }

    /// Bytes of linear memory, which never shrinks.
    #[wasm_bindgen(getter, js_name = memoryBytes)]
    pub fn memory_bytes(&self) -> f64 {
        core::arch::wasm32::memory_size(0) as f64 * WASM_PAGE_BYTES
    }

    fn try_open_stream(
        &self,
        to: &str,
        stream_id: &str,
        header: &str,
    ) -> Result<OutgoingStream, SessionError> {
        let header = json("the header", header)?;
        let state = self.driver.open_stream(&ParticipantId::new(to), stream_id, header)?;
        Ok(OutgoingStream::new(Rc::clone(&self.driver), state))
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.driver.close();
    }
}

fn outgoing(
    kind: &str,
    message: &str,
    attachment: Option<Uint8Array>,
) -> Result<Outgoing, SessionError> {
    let message = json_object("the message", message)?;
    let attachment = attachment.as_ref().map_or(Ok(Vec::new()), copy_in)?;
    Ok(Outgoing { kind: kind.to_owned(), message, attachment: Bytes::from(attachment) })
}

const WASM_PAGE_BYTES: f64 = 65_536.0;
