//! What a run has found out, as a table and in words.

use std::{collections::BTreeMap, thread, time::Duration};

use room_proto::SessionError;

use crate::{arguments::Arguments, audit::Audit, latency::Latency, talk::BROADCAST_EVERY};

/// The results of a run.
#[derive(Debug)]
pub(crate) struct Report {
    idle: usize,
    talking: usize,
    rate: u32,
    time: Duration,
    /// How long it took until the idle ones were in.
    pub(crate) arrival: Duration,
    /// What the server's memory grew by with the idle ones, in bytes.
    pub(crate) idle_memory: Option<u64>,
    /// What processors worked for the server while there was talk.
    pub(crate) processor_time: Option<Duration>,
    pub(crate) audit: Audit,
    pub(crate) latency: Option<Latency>,
    /// Why members were lost, and how many.
    lost: BTreeMap<String, usize>,
}

impl Report {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        Self {
            idle: arguments.idle,
            talking: arguments.talking,
            rate: arguments.rate,
            time: arguments.time(),
            arrival: Duration::ZERO,
            idle_memory: None,
            processor_time: None,
            audit: Audit::default(),
            latency: None,
            lost: BTreeMap::new(),
        }
    }

    /// Takes down why a member was lost, if it was.
    pub(crate) fn note_lost(&mut self, error: Option<SessionError>) {
        if let Some(error) = error {
            *self.lost.entry(error.to_string()).or_default() += 1;
        }
    }

    /// The table, in Markdown, without a line break at its end.
    pub(crate) fn table(&self) -> String {
        let rows = self.rows().map(|(name, value)| format!("| {name} | {value} |"));
        let head = ["| What | Measured |", "|---|---:|"].map(String::from);
        head.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
    }

    /// The table with a few sentences around it.
    pub(crate) fn page(&self) -> String {
        let Self { idle, talking, rate, time, .. } = self;
        let seconds = time.as_secs();
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let table = self.table();
        format!(
            "\
# Load

`npm run load -- --write docs/load.md` has written this page: {idle} members of rooms of 100 stay
connected and say nothing, while {talking} members of rooms of 10 send {rate} messages each in a
second, for {seconds} seconds, every {BROADCAST_EVERY}th a broadcast. Server and members share the
{processors} processors of one machine, so the times are those of both. Everything that the server
says it has taken must arrive, once and in order; otherwise the command fails.

{table}

Memory is what the server's process grew by (`VmRSS`) while the silent members came in, divided by
their number. A broadcast is sent once and received by every other member of the room.
"
        )
    }

    /// What must not be, in words; none if all is well.
    pub(crate) fn problems(&self) -> Vec<String> {
        let audit = self.audit;
        let counts = [
            (audit.lost, "that the server had taken did not arrive"),
            (audit.duplicated, "arrived again"),
            (audit.disordered, "arrived after later ones of the same sender"),
            (audit.stray, "arrived at somebody else"),
            (audit.refused, "were refused"),
            (audit.unanswered, "were not answered"),
        ];
        let found = counts.into_iter().filter(|(count, _)| *count > 0);
        let mut problems: Vec<_> =
            found.map(|(count, words)| format!("{count} messages {words}")).collect();
        let lost = self.lost.iter().map(|(why, count)| format!("{count} members were lost: {why}"));
        problems.extend(lost);
        if self.talking > 0 && audit.taken == 0 {
            problems.push(String::from("no message was sent"));
        }
        problems
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, String)> {
        let audit = self.audit;
        let latency = |pick: fn(Latency) -> Duration| known(self.latency.map(pick).map(ms));
        [
            ("connections held", self.held()),
            ("time for the silent ones to come in, s", seconds(self.arrival)),
            ("server memory per connection, KiB", known(self.memory_per_connection())),
            ("messages sent per second", self.per_second(audit.taken)),
            ("messages received per second", self.per_second(audit.heard)),
            ("latency, median, ms", latency(|latency| latency.median)),
            ("latency, 99th percentile, ms", latency(|latency| latency.p99)),
            ("latency, longest, ms", latency(|latency| latency.longest)),
            ("server CPU while they talk, s", known(self.processor_time.map(seconds))),
            ("messages sent", audit.taken.to_string()),
            ("messages received", audit.heard.to_string()),
            ("lost", audit.lost.to_string()),
            ("duplicated", audit.duplicated.to_string()),
            ("out of order", audit.disordered.to_string()),
        ]
        .into_iter()
    }

    fn held(&self) -> String {
        let lost: usize = self.lost.values().sum();
        (self.idle + self.talking).saturating_sub(lost).to_string()
    }

    fn memory_per_connection(&self) -> Option<String> {
        let bytes = self.idle_memory?.checked_div(u64::try_from(self.idle).ok()?)?;
        Some(format!("{}.{}", bytes / 1024, bytes % 1024 * 10 / 1024))
    }

    fn per_second(&self, count: usize) -> String {
        let seconds = usize::try_from(self.time.as_secs()).unwrap_or(1);
        (count / seconds.max(1)).to_string()
    }
}

fn known(value: Option<String>) -> String {
    value.unwrap_or_else(|| String::from("–"))
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
