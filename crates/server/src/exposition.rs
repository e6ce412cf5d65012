//! Metrics as Prometheus reads them, in version 0.0.4 of its text format.
//!
//! ```text
//! # HELP room_refused_total Requests that were refused
//! # TYPE room_refused_total counter
//! room_refused_total{reason="room-full"} 3
//! ```

use std::fmt::{Display, Write as _};

use crate::metrics::{Incident, Level, Metrics, Total};

/// The type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is counted. How many rooms and members there are is known to the rooms.
pub(crate) fn text(metrics: &Metrics, rooms: usize, members: usize) -> String {
    let mut page = Page::default();
    page.head("room_build_info", "gauge", "The version of the server");
    page.line("room_build_info", Some(("version", env!("CARGO_PKG_VERSION"))), 1);
    for (name, help, value) in [
        ("room_rooms", "Rooms that have somebody in them", rooms),
        ("room_members", "Members of rooms, with those whose seat is kept", members),
    ] {
        page.head(name, "gauge", help);
        page.line(name, None, value);
    }
    for level in Level::ALL {
        page.head(level.metric(), "gauge", level.help());
        page.line(level.metric(), None, metrics.level(*level));
    }
    for total in Total::ALL {
        page.head(total.metric(), "counter", total.help());
        page.line(total.metric(), None, metrics.total(*total));
    }
    let mut last = None;
    for (incident, count) in metrics.counts() {
        let metric = incident.metric();
        if last.replace(metric) != Some(metric) {
            page.head(metric, "counter", help(incident));
        }
        page.line(metric, Some(("reason", incident.reason())), count);
    }
    page.0
}

/// What the metric counts. The label says why.
fn help(incident: Incident) -> &'static str {
    match incident.metric() {
        "room_refused_total" => "Requests that were refused, by reason",
        "room_closed_total" => "Members that were disconnected, by reason",
        "room_messages_refused_total" => "Messages that were answered with an error, by reason",
        "room_messages_delayed_total" => "Messages after which the server waited, by reason",
        _ => "",
    }
}

#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        // Text takes whatever is written to it.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, label: Option<(&str, &str)>, value: impl Display) {
        let _ = match label {
            Some((key, word)) => {
                writeln!(self.0, "{name}{{{key}=\"{}\"}} {value}", escaped(word))
            }
            None => writeln!(self.0, "{name} {value}"),
        };
    }
}

/// The value of a label.
fn escaped(word: &str) -> String {
    word.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_has_one_head_and_all_its_lines_below() {
        let text = text(&Metrics::default(), 1, 2);

        let mut heads = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a name and a help");
                assert!(!help.is_empty(), "{name}");
                let kind = lines.next().expect("a type");
                assert!(kind.starts_with(&format!("# TYPE {name} ")), "{kind}");
                assert_eq!(kind.ends_with(" counter"), name.ends_with("_total"), "{kind}");
                assert!(!heads.contains(&name), "{name} twice");
                heads.push(name);
            } else {
                let name = line.split(['{', ' ']).next();
                assert_eq!(name, heads.last().copied(), "{line}");
            }
        }
        assert_eq!(heads.len(), 3 + Level::ALL.len() + Total::ALL.len() + 4);
        assert!(text.contains("\nroom_rooms 1\n") && text.contains("\nroom_members 2\n"));
    }

    #[test]
    fn words_are_escaped() {
        let mut page = Page::default();
        page.head("x", "gauge", "a\\b\n\"c\"");
        page.line("x", Some(("y", "a\\b\n\"c\"")), 1);

        assert_eq!(
            page.0,
            "# HELP x a\\\\b\\n\"c\"\n# TYPE x gauge\nx{y=\"a\\\\b\\n\\\"c\\\"\"} 1\n"
        );
    }
}
