//! The owner's side of a line: somebody at another node wants to come in.

use std::sync::Arc;

use room_cluster::{Beat, Entrance};
use tracing::warn;

use crate::{
    App,
    cluster::{
        Cluster, NotYet,
        lines::LineEnd,
        opening::{Answer, Opened, Opening},
        parcels_of,
    },
    entrance::Chair,
    rooms::lock,
    seat::Wire,
};

impl Cluster {
    /// Answers an opening, and serves the member if it may come in.
    pub(super) fn on_opening(&self, app: &Arc<App>, message: &async_nats::Message) {
        let Some(reply) = message.reply.clone() else { return };
        let opened = match Opening::decode(&message.payload) {
            Ok(opened) => opened,
            Err(error) => return warn!(%error, "what another node opens makes no sense"),
        };
        let (answer, seated) = match self.host(app, opened) {
            Ok((line, chair)) => (self.accepted(&chair), Some((line, chair))),
            Err(NotYet::Refused(refusal)) => (Answer::refused(&refusal), None),
            Err(NotYet::Unclear) => (Answer::NotOwner, None),
        };
        self.outgoing.publish(reply, answer.encode());
        if let Some((line, chair)) = seated {
            tokio::spawn(chair.sit(Arc::clone(app), Wire::There(line)));
        }
    }

    fn accepted(&self, chair: &Chair) -> Answer {
        let heartbeat = chair.heartbeat().as_millis();
        Answer::Accepted {
            connection: lock(&self.state).connection,
            heartbeat_ms: u64::try_from(heartbeat).unwrap_or(u64::MAX),
            is_kept: chair.is_kept(),
        }
    }

    fn host(&self, app: &App, opened: Opened) -> Result<(LineEnd, Chair), NotYet> {
        let Opened { line, from, connection, to, entrant } = opened;
        self.on_heard(Beat { node: from, connection });
        let is_late = lock(&self.state).peers.connection(from) != Some(connection);
        let is_ours = to == self.owner() && !*app.shutdown.borrow();
        if is_late || !is_ours || self.enter(entrant.room.as_str()) != Entrance::Open {
            return Err(NotYet::Unclear);
        }
        let chair = self.chair(app, entrant)?;
        Ok((self.lines.open(line, from, Some(connection), parcels_of(from)), chair))
    }
}
