//! One simulated member, from the door to its goodbye.

use std::sync::Arc;

use room_client::Client;
use room_proto::{ParticipantId, SessionError};
use tokio::sync::{mpsc, watch};

use crate::{
    door::Door,
    record::Record,
    talk::{Talk, Talker},
};

/// Where a member is: in which room, and the how manieth there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Seat {
    pub(crate) room: usize,
    pub(crate) place: usize,
}

/// What all members of a crowd are to do.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Listen,
    Talk(Arc<Talk>),
    Leave,
}

/// Says who a member is in its room, or why it could not get in.
pub(crate) type Arrival = (Seat, anyhow::Result<ParticipantId>);

/// What is left of a member.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) record: Record,
    /// Why its session ended, if it did not leave by itself.
    pub(crate) lost: Option<SessionError>,
}

/// Lives through all stages.
pub(crate) async fn attend(
    door: Arc<Door>,
    room: String,
    seat: Seat,
    arrivals: mpsc::UnboundedSender<Arrival>,
    mut stage: watch::Receiver<Stage>,
) -> Outcome {
    let name = format!("{room}-{}", seat.place);
    let mut client = match door.enter(&room, &name).await {
        Ok(client) => client,
        Err(error) => {
            // Whoever waits for the arrival gives up.
            let _ = arrivals.send((seat, Err(error)));
            return Outcome::default();
        }
    };
    let id = client.session().participant_id().cloned();
    let _ = arrivals.send((seat, id.ok_or_else(|| anyhow::anyhow!("the member has no id"))));
    drop(arrivals);

    let mut record = Record::default();
    let lost = take_part(&mut client, &mut record, seat, &mut stage).await.err();
    if lost.is_none() {
        client.close().await;
    }
    Outcome { record, lost }
}

/// Ends with the stage of leaving.
async fn take_part(
    client: &mut Client,
    record: &mut Record,
    seat: Seat,
    stage: &mut watch::Receiver<Stage>,
) -> Result<(), SessionError> {
    loop {
        let now = stage.borrow_and_update().clone();
        match now {
            Stage::Leave => return Ok(()),
            Stage::Listen => listen(client, stage).await?,
            Stage::Talk(talk) => Talker::new(client, record, seat, &talk).run(stage).await?,
        }
    }
}

async fn listen(
    client: &mut Client,
    stage: &mut watch::Receiver<Stage>,
) -> Result<(), SessionError> {
    loop {
        tokio::select! {
            event = client.next_event() => drop(event?),
            _ = stage.changed() => return Ok(()),
        }
    }
}
