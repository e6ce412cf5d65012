//! What comes of a batch, by what the collector said to it.

use std::time::Duration;

use serde_json::Value;

/// What an answer means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The collector has it, all but so many spans.
    Taken { rejected: u64 },
    /// The collector has no time for it, and may have said when it will.
    Busy { after: Option<Duration> },
    /// It will never take it.
    Refused,
}

impl Verdict {
    /// Judges an answer by its status, its `Retry-After` and its body, as OTLP has it.
    pub(crate) fn of(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        match status {
            200..=299 => Self::Taken { rejected: rejected(body) },
            429 | 502 | 503 | 504 => Self::Busy { after: retry_after.and_then(seconds) },
            _ => Self::Refused,
        }
    }
}

/// Of a partial success; the number may be in a string, as JSON has the integers of the protocol.
fn rejected(body: &[u8]) -> u64 {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let count = &body["partialSuccess"]["rejectedSpans"];
    count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap_or(0)
}

/// The other form, a date, is left out: the backoff will do.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// How long to wait before the next try, after so many; `None` if there is none. `random` spreads
/// servers that were sent away together over half of the time.
pub(crate) fn pause(
    tries: u32,
    backoff: Duration,
    after: Option<Duration>,
    random: u8,
) -> Option<Duration> {
    if tries >= MAX_TRIES {
        return None;
    }
    let longest = backoff.saturating_mul(1 << tries.saturating_sub(1));
    let spread = longest / 2 * u32::from(random) / u32::from(u8::MAX);
    Some((longest - spread).max(after.unwrap_or_default()).min(LONGEST_PAUSE))
}

const MAX_TRIES: u32 = 5;
/// While one batch waits, the queue fills.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_a_collector_without_time_is_asked_again() {
        let busy = Verdict::Busy { after: None };
        for status in [429, 502, 503, 504] {
            assert_eq!(Verdict::of(status, None, b""), busy, "{status}");
        }
        for status in [100, 301, 400, 401, 404, 408, 415, 500, 501] {
            assert_eq!(Verdict::of(status, None, b""), Verdict::Refused, "{status}");
        }
        let later = Verdict::Busy { after: Some(SECOND * 7) };
        assert_eq!(Verdict::of(503, Some("7"), b""), later);
        assert_eq!(Verdict::of(503, Some("Fri, 31 Dec 1999 23:59:59 GMT"), b""), busy);
    }

    #[test]
    fn a_collector_says_how_many_spans_it_has_not_taken() {
        for (body, rejected) in [
            ("", 0),
            ("{}", 0),
            ("not json", 0),
            (r#"{"partialSuccess":{"errorMessage":"careful"}}"#, 0),
            (r#"{"partialSuccess":{"rejectedSpans":"3"}}"#, 3),
            (r#"{"partialSuccess":{"rejectedSpans":4}}"#, 4),
        ] {
            assert_eq!(Verdict::of(200, None, body.as_bytes()), Verdict::Taken { rejected });
        }
    }

    #[test]
    fn pauses_double_and_then_there_is_no_further_try() {
        let pauses: Vec<_> = (1..=5).map(|tries| pause(tries, SECOND, None, 0)).collect();

        let seconds = [1, 2, 4, 8].map(|count| Some(SECOND * count));
        assert_eq!(pauses, [&seconds[..], &[None]].concat());
    }

    #[test]
    fn chance_takes_up_to_half_and_the_collector_may_ask_for_more() {
        assert_eq!(pause(2, SECOND, None, u8::MAX), Some(SECOND));
        assert_eq!(pause(1, SECOND, Some(SECOND * 9), 0), Some(SECOND * 9));
        assert_eq!(pause(1, SECOND, Some(SECOND * 3600), 0), Some(SECOND * 30));
        assert_eq!(pause(5, SECOND, Some(SECOND), 0), None);
    }
}
