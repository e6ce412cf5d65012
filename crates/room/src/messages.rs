//! Messages from one member to another, and to everyone.

use std::sync::Arc;

use room_proto::{
    Content, Delivered, Outgoing, ParticipantId, ServerFrame,
    content::codes,
    frame::system::{DISMISS, RESERVED},
    sabotage::{Bug, is},
};

use crate::{
    member::MemberId,
    room::{Room, denied, error, not_found},
};

impl Room {
    pub(crate) fn on_send(
        &mut self,
        from: MemberId,
        to: &ParticipantId,
        outgoing: Outgoing,
    ) -> Content {
        if !self.may(from, |grants| grants.send) {
            return denied("sending messages");
        }
        let message = match self.message(from, outgoing) {
            Ok(message) => message,
            Err(refusal) => return refusal,
        };
        let Some(to) = self.find_enabled(to) else {
            return if is(Bug::SentToNobody) { Content::Empty } else { not_found() };
        };
        let trace = self.trace.take().filter(|_| self.is_told_of_traces(to));
        let frame = ServerFrame::Message(Delivered { trace, ..message });
        if let (true, ServerFrame::Message(message)) = (is(Bug::DoubleDelivery), &frame)
            && message.attachment.len() == 1
        {
            self.deliver(to, frame.clone());
        }
        self.deliver(to, frame);
        Content::Empty
    }

    /// To all enabled members but the sender; that there is nobody is no error.
    pub(crate) fn on_broadcast(&mut self, from: MemberId, outgoing: Outgoing) -> Content {
        if !self.may(from, |grants| grants.broadcast) {
            return denied("broadcasting messages");
        }
        let message = match self.message(from, outgoing) {
            Ok(message) => message,
            Err(refusal) => return refusal,
        };
        let traced = self.trace.take().map(|trace| {
            let trace = Some(trace);
            Arc::new(ServerFrame::Message(Delivered { trace, ..message.clone() }))
        });
        let plain = Arc::new(ServerFrame::Message(message));
        let is_to = |id: &MemberId| *id != from || is(Bug::BroadcastToSender);
        let others = self.members.iter().filter(|(id, member)| is_to(id) && member.is_enabled);
        let others: Vec<_> = others.map(|(id, _)| *id).collect();
        for to in others {
            let traced = traced.as_ref().filter(|_| self.is_told_of_traces(to));
            self.deliver_shared(to, Arc::clone(traced.unwrap_or(&plain)));
        }
        Content::Empty
    }

    /// Official clients get what they have always got. Ours skip what they do not know.
    fn is_told_of_traces(&self, member: MemberId) -> bool {
        self.members.get(&member).is_some_and(|member| member.traits.ours)
    }

    pub(crate) fn may(
        &self,
        member: MemberId,
        allows: impl FnOnce(&crate::claims::Grants) -> bool,
    ) -> bool {
        let grants = self.members.get(&member).map(|member| &member.grants);
        grants.is_some_and(|grants| grants.messaging && allows(grants))
    }

    /// Clients believe what the room says about others, so only the room may say it.
    fn message(&self, from: MemberId, outgoing: Outgoing) -> Result<Delivered, Content> {
        let Outgoing { kind, message, attachment } = outgoing;
        let Some(member) = self.members.get(&from) else { return Err(not_found()) };
        if RESERVED.contains(&kind.as_str()) {
            let text = format!("the message type {kind:?} is the room's own");
            return Err(error(codes::INVALID_REQUEST, text));
        }
        // It makes newer Python clients close for good.
        if kind == DISMISS && member.role == "user" {
            return Err(denied("dismissing others"));
        }
        let from = member.participant_id.clone();
        Ok(Delivered { from, kind, message, attachment, trace: None })
    }
}
