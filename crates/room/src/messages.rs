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
        let frame = match self.message(from, outgoing) {
            Ok(frame) => frame,
            Err(refusal) => return refusal,
        };
        let Some(to) = self.find_enabled(to) else {
            return if is(Bug::SentToNobody) { Content::Empty } else { not_found() };
        };
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
        let frame = match self.message(from, outgoing) {
            Ok(frame) => Arc::new(frame),
            Err(refusal) => return refusal,
        };
        let is_to = |id: &MemberId| *id != from || is(Bug::BroadcastToSender);
        let others = self.members.iter().filter(|(id, member)| is_to(id) && member.is_enabled);
        let others: Vec<_> = others.map(|(id, _)| *id).collect();
        for to in others {
            self.deliver_shared(to, Arc::clone(&frame));
        }
        Content::Empty
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
    fn message(&self, from: MemberId, outgoing: Outgoing) -> Result<ServerFrame, Content> {
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
        Ok(ServerFrame::Message(Delivered { from, kind, message, attachment }))
    }
}
