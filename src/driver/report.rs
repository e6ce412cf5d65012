//! Events of the session → promises, streams and the listener.

use std::rc::Rc;

use js_sys::Uint8Array;
use room_proto::{
    CallKey, Delivered, JsonText, ParticipantId, SessionError, StreamKey,
    session::{Event, StreamMessage},
};
use wasm_bindgen::JsValue;

use crate::{
    calls::{CallState, CallStream},
    driver::Driver,
    error::{Outcome, report_thrown},
    streams::{IncomingStream, StreamState},
};

impl Driver {
    pub(super) fn report(self: &Rc<Self>, event: Event) {
        let listener = self.listener();
        match event {
            Event::Ready => self.ready.set(Ok(())),
            Event::Ended(error) => self.on_ended(&error),
            Event::Lost(error) => report_thrown(listener.lost(&self.error(error))),
            Event::Resumed => report_thrown(listener.resumed()),
            Event::Discontinuity(error) => {
                report_thrown(listener.discontinuity(&self.error(error)));
            }
            Event::Answered { request, result } => {
                let sender = self.requests.borrow_mut().remove(&request);
                if let Some(sender) = sender {
                    // Nobody waits if JavaScript dropped the promise.
                    let _ = sender.send(result);
                }
            }
            Event::MessagingEnabled => report_thrown(listener.messaging_enabled()),
            Event::ParticipantAdded(id) => {
                report_thrown(listener.participant_added(id.as_str()));
            }
            Event::ParticipantRemoved(participant) => {
                report_thrown(listener.participant_removed((&participant).into()));
            }
            Event::ParticipantUpdated { id, changed } => {
                report_thrown(listener.participant_updated(id.as_str(), changed.as_str()));
            }
            Event::Message(delivered) => self.on_message(&delivered),
            Event::StreamRequested { stream, stream_id, from, header } => {
                self.on_stream_requested(stream, &stream_id, &from, header);
            }
            Event::StreamWithdrawn { stream, error } => {
                if let Some(state) = self.take_stream(stream) {
                    state.on_closed(self, Err(error));
                }
            }
            Event::StreamOpened { stream, result } => self.on_stream_opened(stream, result),
            Event::StreamReadable(stream) => {
                if let Some(state) = self.stream(stream) {
                    state.on_readable();
                }
            }
            Event::StreamWritable(stream) => {
                if let Some(state) = self.stream(stream) {
                    state.on_writable();
                }
            }
            Event::StreamClosed { stream, result } => self.on_stream_closed(stream, result),
            Event::CallRequested { call, stream_id, from, message } => {
                self.on_call_requested(call, &stream_id, &from, &message);
            }
            Event::CallWithdrawn { call, error } => {
                if let Some(state) = self.take_call(call) {
                    state.on_closed(Err(error));
                }
            }
            Event::CallOpened { call, result } => {
                let state = if result.is_ok() { self.call(call) } else { self.take_call(call) };
                if let Some(state) = state {
                    state.on_opened(result);
                }
            }
            Event::CallReadable(call) => {
                if let Some(state) = self.call(call) {
                    state.on_readable();
                }
            }
            Event::CallClosed { call, result } => self.on_call_closed(call, result),
        }
    }

    /// The session has answered all requests and streams before; what is left over here would
    /// otherwise wait for ever.
    fn on_ended(self: &Rc<Self>, error: &SessionError) {
        self.ready.set(Err(error.clone()));
        self.ended.set(error.clone());
        for sender in self.requests.take().into_values() {
            let _ = sender.send(Err(error.clone()));
        }
        for state in self.streams.take().into_values() {
            state.on_closed(self, Err(error.clone()));
        }
        for state in self.calls.take().into_values() {
            state.on_closed(Err(error.clone()));
        }
        report_thrown(self.listener().ended(&self.error(error.clone())));
    }

    fn on_message(&self, delivered: &Delivered) {
        let Delivered { from, kind, message, attachment } = delivered;
        let attachment = (!attachment.is_empty()).then(|| Uint8Array::from(attachment.as_ref()));
        let thrown = self.listener().message(from.as_str(), kind, message.as_str(), attachment);
        report_thrown(thrown);
    }

    fn on_stream_requested(
        self: &Rc<Self>,
        key: StreamKey,
        stream_id: &str,
        from: &ParticipantId,
        header: JsonText,
    ) {
        let state = StreamState::new(key, stream_id, from);
        self.add_stream(&state);
        let offer = IncomingStream::new(Rc::clone(self), state, header);
        report_thrown(self.listener().stream_requested(offer));
    }

    fn on_stream_opened(self: &Rc<Self>, key: StreamKey, result: Outcome) {
        // A stream that was not accepted has no further events.
        let state = if result.is_ok() { self.stream(key) } else { self.take_stream(key) };
        let Some(state) = state else { return };
        if let Err(error) = &result {
            state.on_closed(self, Err(error.clone()));
        }
        state.on_opened(result);
    }

    fn on_stream_closed(self: &Rc<Self>, key: StreamKey, result: Outcome) {
        let Some(state) = self.take_stream(key) else { return };
        state.on_closed(self, result.clone());
        let error = result.map_or_else(|error| self.error(error), |()| JsValue::UNDEFINED);
        report_thrown(self.listener().stream_closed(state.id(), &error));
    }

    fn on_call_requested(
        self: &Rc<Self>,
        key: CallKey,
        stream_id: &str,
        from: &ParticipantId,
        message: &StreamMessage,
    ) {
        let state = CallState::new(key, stream_id, from);
        self.add_call(&state);
        let StreamMessage { kind, message, attachment } = message;
        let attachment = (!attachment.is_empty()).then(|| Uint8Array::from(attachment.as_ref()));
        let call = CallStream::theirs(Rc::clone(self), state);
        let thrown = self.listener().call_requested(call, kind, message.as_str(), attachment);
        report_thrown(thrown);
    }

    fn on_call_closed(&self, key: CallKey, result: Outcome) {
        let Some(state) = self.take_call(key) else { return };
        state.on_closed(result.clone());
        let error = result.map_or_else(|error| self.error(error), |()| JsValue::UNDEFINED);
        report_thrown(self.listener().stream_closed(&state.id(), &error));
    }

    fn call(&self, key: CallKey) -> Option<Rc<CallState>> {
        self.calls.borrow().get(&key).cloned()
    }

    fn take_call(&self, key: CallKey) -> Option<Rc<CallState>> {
        self.calls.borrow_mut().remove(&key)
    }

    fn stream(&self, key: StreamKey) -> Option<Rc<StreamState>> {
        self.streams.borrow().get(&key).cloned()
    }

    fn take_stream(&self, key: StreamKey) -> Option<Rc<StreamState>> {
        self.streams.borrow_mut().remove(&key)
    }
}
