//! Which kinds of streams the others take, as they announce it.
//!
//! Nothing on the wire tells what a client can do, so every client of ours says it in an attribute
//! (`protocol.md` §17.8): `{"streams": ["duplex", "v1"]}`. Whoever has no such attribute may be
//! able to do anything; that is found out by trying.

use crate::{
    ErrorCode, JsonText, ParticipantId, SessionError,
    json::Raw,
    members,
    session::{Participant, Session},
};

/// The attribute in which a client announces the kinds of streams that it takes.
pub const STREAMS_ATTRIBUTE: &str = "streams";

/// A kind of stream. Both have names in [`STREAMS_ATTRIBUTE`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StreamForm {
    /// One way, chunk by chunk, in messages `stream.*`: `v1`.
    V1,
    /// Messages in both directions: `duplex`.
    Duplex,
}

impl StreamForm {
    const ALL: [Self; 2] = [Self::V1, Self::Duplex];

    /// The name in the announcement.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::Duplex => "duplex",
        }
    }
}

impl Participant {
    /// Whether it takes streams of this kind, if it says so.
    #[must_use]
    pub fn takes_streams(&self, form: StreamForm) -> Option<bool> {
        let announced = members::get(&self.attributes, STREAMS_ATTRIBUTE)?;
        let names = Raw::parse(announced.as_bytes()).ok()?.elements()?;
        Some(names.iter().any(|name| name.string().as_deref() == Some(form.as_str())))
    }
}

impl Session {
    /// The kinds that a session takes and announces, as the value of
    /// [`Extensions::ENABLE_QUERY`](crate::Extensions::ENABLE_QUERY): what [`Session::enable`] announces.
    pub const STREAMS: &'static str = "duplex,v1";

    /// How bytes go to a participant: in the form that it announces, `V1` if it announces both or
    /// nothing.
    ///
    /// # Errors
    ///
    /// `stream-unsupported` if it announces neither.
    pub fn stream_form(&self, to: &ParticipantId) -> Result<StreamForm, SessionError> {
        let Some(participant) = self.participant(to.as_str()) else { return Ok(StreamForm::V1) };
        let takes = |form: &StreamForm| participant.takes_streams(*form) != Some(false);
        StreamForm::ALL.into_iter().find(takes).ok_or_else(|| {
            let text = format!("participant {to} announces that it takes no streams");
            SessionError::new(ErrorCode::StreamUnsupported, text)
        })
    }

    /// Refuses at once what the other side says that it cannot take.
    pub(super) fn check_takes(
        &self,
        to: &ParticipantId,
        form: StreamForm,
    ) -> Result<(), SessionError> {
        let participant = self.participant(to.as_str());
        if participant.and_then(|participant| participant.takes_streams(form)) != Some(false) {
            return Ok(());
        }
        let form = form.as_str();
        let text = format!("participant {to} announces no streams of the kind \"{form}\"");
        Err(SessionError::new(ErrorCode::StreamUnsupported, text))
    }

    /// Says what we take, before the others see us. An application that has the attribute for
    /// itself keeps it.
    pub(super) fn announce_streams(&mut self) -> Result<(), SessionError> {
        if members::get(&self.attributes, STREAMS_ATTRIBUTE).is_some() {
            return Ok(());
        }
        let forms = JsonText::from_valid(r#"["duplex","v1"]"#);
        self.set_attributes(members::with(&JsonText::empty_object(), STREAMS_ATTRIBUTE, &forms))
    }
}
