//! The order of events: some arrive and stay silent, others come and talk, all leave.

use std::{iter::Sum, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    arguments::Arguments,
    audit::Audit,
    crowd::Crowd,
    door::Door,
    latency::Latency,
    member::{Outcome, Stage},
    record::Pending,
    report::Report,
    server_process::ServerProcess,
    talk::Talk,
};

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let door = Arc::new(Door::new(&arguments.url, &arguments.secret));
    let processes: Vec<_> = arguments.server_pid.iter().copied().map(ServerProcess::new).collect();
    let mut report = Report::new(arguments);

    let memory_before = measure(&processes, ServerProcess::memory)?;
    let arrived = Instant::now();
    let idle = Crowd::gather(&door, "idle", arguments.idle, IDLE_ROOM).await?;
    report.arrival = arrived.elapsed();
    sleep(SETTLE).await;
    let memory_after = measure(&processes, ServerProcess::memory)?;
    report.idle_memory = memory_before.zip(memory_after).map(|(a, b)| b.saturating_sub(a));

    let talking = Crowd::gather(&door, "talk", arguments.talking, TALKING_ROOM).await?;
    let processor_before = measure(&processes, ServerProcess::processor_time)?;
    talk(arguments, &talking).await;
    let processor_after = measure(&processes, ServerProcess::processor_time)?;
    report.processor_time = processor_before.zip(processor_after).map(|(a, b)| b.saturating_sub(a));

    judge(&mut report, talking.leave().await?);
    judge_idle(&mut report, idle.leave().await?);
    Ok(report)
}

/// Lets them talk, and waits until everything is heard, but not for ever.
async fn talk(arguments: &Arguments, crowd: &Crowd) {
    let talk = Arc::new(Talk {
        rooms: crowd.rooms().to_vec(),
        begin: Instant::now() + LEAD,
        time: arguments.time(),
        rate: arguments.rate,
        pending: Pending::default(),
    });
    crowd.tell(Stage::Talk(Arc::clone(&talk)));

    sleep(LEAD + talk.time).await;
    let deadline = Instant::now() + DRAIN_LIMIT;
    while !talk.pending.is_over() && Instant::now() < deadline {
        sleep(POLL).await;
    }
    // Time for what should not come.
    sleep(SETTLE).await;
}

fn judge(report: &mut Report, rooms: Vec<Vec<Outcome>>) {
    let mut latencies = Vec::new();
    for room in rooms {
        let mut records = Vec::new();
        for mut outcome in room {
            report.note_lost(outcome.lost);
            latencies.append(&mut outcome.record.latencies);
            records.push(outcome.record);
        }
        report.audit += Audit::of_room(&records);
    }
    report.latency = Latency::of(latencies);
}

fn judge_idle(report: &mut Report, rooms: Vec<Vec<Outcome>>) {
    for outcome in rooms.into_iter().flatten() {
        report.note_lost(outcome.lost);
    }
}

/// The sum over all processes, if there are any.
fn measure<T: Sum>(
    processes: &[ServerProcess],
    what: impl Fn(ServerProcess) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    if processes.is_empty() {
        return Ok(None);
    }
    processes.iter().copied().map(what).sum::<anyhow::Result<T>>().map(Some)
}

const IDLE_ROOM: usize = 100;
const TALKING_ROOM: usize = 10;
/// Until all know that they are to begin.
const LEAD: Duration = Duration::from_millis(200);
/// Until nothing moves any more.
const SETTLE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(20);
/// Longer than an answer may take.
const DRAIN_LIMIT: Duration = Duration::from_secs(35);
