//! Events of the session → the listener.

use room_proto::{
    Delivered,
    session::{Event, StreamMessage},
};
use wasm_bindgen::JsValue;

use crate::{
    driver::Driver,
    engine::copy_out,
    error::{Outcome, report_thrown, to_js},
};

impl Driver {
    pub(super) fn report(&self, event: Event) {
        report_thrown(self.hand_over(event));
    }

    fn hand_over(&self, event: Event) -> Result<(), JsValue> {
        let listener = self.listener();
        match event {
            Event::Ready => {
                self.tell_place()?;
                listener.ready()
            }
            Event::Ended(error) => {
                self.ended.replace(Some(error.clone()));
                listener.ended(&to_js(listener, &error))
            }
            Event::Lost(error) => listener.lost(&to_js(listener, &error)),
            Event::Resumed => listener.resumed(),
            Event::Discontinuity(error) => {
                self.tell_place()?;
                listener.discontinuity(&to_js(listener, &error))
            }
            Event::Answered { request, result: Ok(()) } => {
                let last = self.tell(|session| session.poll_done_after(request));
                listener.done(request.0, last.0)
            }
            Event::Answered { request, result: Err(error) } => {
                listener.failed(request.0, &to_js(listener, &error))
            }
            Event::MessagingEnabled => listener.messaging_enabled(),
            Event::ParticipantAdded(id) => {
                let participant = self.session().participant(id.as_str()).cloned();
                let Some(participant) = participant else { return Ok(()) };
                listener.participant_added((&participant).into())
            }
            Event::ParticipantRemoved(participant) => {
                listener.participant_removed(participant.id.as_str())
            }
            Event::ParticipantUpdated { id, changed } => {
                let find = || self.session().participant(id.as_str()).map(|p| p.attributes.clone());
                let Some(attributes) = find() else { return Ok(()) };
                listener.participant_updated(id.as_str(), attributes.as_str(), changed.as_str())
            }
            Event::Message(Delivered { from, kind, message, attachment, trace: _ }) => {
                let attachment = copy_out(&attachment);
                let [from, kind] = [from.as_str(), &kind].map(|word| self.words.get(word));
                listener.message(&from, &kind, message.as_str(), attachment)
            }
            Event::StreamRequested { stream, stream_id, from, header } => {
                listener.stream_requested(stream.0, &stream_id, from.as_str(), header.as_str())
            }
            Event::StreamWithdrawn { stream, error } => {
                listener.stream_withdrawn(stream.0, &to_js(listener, &error))
            }
            Event::StreamOpened { stream, result } => {
                listener.stream_opened(stream.0, &self.outcome(result))
            }
            Event::StreamReadable(stream) | Event::StreamWritable(stream) => {
                listener.stream_stirred(stream.0)
            }
            Event::StreamClosed { stream, result } => {
                listener.stream_closed(stream.0, &self.outcome(result))
            }
            Event::CallRequested { call, stream_id, from, message } => {
                let StreamMessage { kind, message, attachment } = message;
                let (from, message, attachment) =
                    (from.as_str(), message.as_str(), copy_out(&attachment));
                listener.call_requested(call.0, &stream_id, from, &kind, message, attachment)
            }
            Event::CallWithdrawn { call, error } => {
                listener.call_withdrawn(call.0, &to_js(listener, &error))
            }
            Event::CallOpened { call, result } => {
                let stream_id = result.as_deref().unwrap_or_default().to_owned();
                listener.call_opened(call.0, &stream_id, &self.outcome(result.map(drop)))
            }
            Event::CallReadable(call) => listener.call_stirred(call.0),
            Event::CallClosed { call, result } => {
                listener.call_closed(call.0, &self.outcome(result))
            }
        }
    }

    fn outcome(&self, outcome: Outcome) -> JsValue {
        outcome.map_or_else(|error| to_js(self.listener(), &error), |()| JsValue::UNDEFINED)
    }

    /// Where we are, and as whom.
    fn tell_place(&self) -> Result<(), JsValue> {
        let session = self.session();
        let words = [
            session.participant_id().map(|id| id.as_str()),
            session.room_name(),
            session.room_url(),
            session.session_id(),
        ];
        let [id, name, url, run] = words.map(|word| word.unwrap_or_default().to_owned());
        let is_raw = session.extensions().is_some_and(|extensions| extensions.raw_attachments);
        drop(session);
        self.listener().placed(&id, &name, &url, &run, is_raw)
    }
}
