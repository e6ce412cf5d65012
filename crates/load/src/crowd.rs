//! Members that do the same at the same time.

use std::sync::Arc;

use anyhow::Context as _;
use room_proto::ParticipantId;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    door::Door,
    member::{Arrival, Outcome, Seat, Stage, attend},
};

/// Members that are all in their rooms.
#[derive(Debug)]
pub(crate) struct Crowd {
    stage: watch::Sender<Stage>,
    tasks: JoinSet<(Seat, Outcome)>,
    rooms: Vec<Vec<ParticipantId>>,
}

impl Crowd {
    /// Lets so many members in, in rooms of at most `room_size`, whose names begin with `name`.
    pub(crate) async fn gather(
        door: &Arc<Door>,
        name: &str,
        count: usize,
        room_size: usize,
    ) -> anyhow::Result<Self> {
        let stage = watch::Sender::new(Stage::Listen);
        let (sender, arrivals) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let rooms = count.div_ceil(room_size);
        for index in 0..count {
            let seat = Seat { room: index % rooms, place: index / rooms };
            let room = format!("{name}-{}", seat.room);
            let member = attend(Arc::clone(door), room, seat, sender.clone(), stage.subscribe());
            tasks.spawn(async move { (seat, member.await) });
        }
        drop(sender);
        let rooms = seated(arrivals, rooms, count).await?;
        Ok(Self { stage, tasks, rooms })
    }

    /// Who is in each room, by place.
    pub(crate) fn rooms(&self) -> &[Vec<ParticipantId>] {
        &self.rooms
    }

    pub(crate) fn tell(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Lets all leave, and gives back what became of them, by room and place.
    pub(crate) async fn leave(mut self) -> anyhow::Result<Vec<Vec<Outcome>>> {
        self.tell(Stage::Leave);
        let mut rooms: Vec<Vec<Outcome>> = Vec::new();
        for room in &self.rooms {
            rooms.push(room.iter().map(|_| Outcome::default()).collect());
        }
        while let Some(left) = self.tasks.join_next().await {
            let (seat, outcome) = left.context("a member failed")?;
            rooms[seat.room][seat.place] = outcome;
        }
        Ok(rooms)
    }
}

/// Waits for all arrivals.
async fn seated(
    mut arrivals: mpsc::UnboundedReceiver<Arrival>,
    rooms: usize,
    count: usize,
) -> anyhow::Result<Vec<Vec<ParticipantId>>> {
    let mut seated = Vec::with_capacity(count);
    while let Some((seat, id)) = arrivals.recv().await {
        let id = id.with_context(|| format!("{} of {count} members are in", seated.len()))?;
        seated.push((seat, id));
    }
    // By place, however they came in.
    seated.sort_unstable_by_key(|(seat, _)| seat.place);
    let mut members = vec![Vec::new(); rooms];
    for (seat, id) in seated {
        members[seat.room].push(id);
    }
    Ok(members)
}
