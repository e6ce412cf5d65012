//! The trace that a message belongs to, in the place that official Python clients have for it:
//!
//! ```text
//!  {"type":…, "message":…, "__meshagent__":{"v":1,"otel":{"traceparent":"00-…-…-01"}}}
//! ```
//!
//! `otel` is what a propagator of OpenTelemetry writes, mostly W3C's `traceparent` and `tracestate`.
//! It is empty where nothing is traced.

use crate::{
    JsonText,
    json::{Fields, Raw},
    members,
};

/// A trace context: the object `otel`, which says something. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trace(JsonText);

impl Trace {
    /// The name of the member that has it.
    pub const KEY: &str = "__meshagent__";
    /// More is no trace context. W3C wants room for 512 characters of `tracestate`.
    pub const MAX_BYTES: usize = 4096;

    /// Reads the value of the member. It is about the message, not a part of it: what cannot be read
    /// is left out.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        let fields = Fields::read(value.as_bytes(), &["otel"]).ok()?;
        let otel = fields.maybe("otel", Raw::text).ok()??;
        let inside = otel.as_str().strip_prefix('{')?.strip_suffix('}')?;
        let says_something = !inside.trim().is_empty() && otel.as_str().len() <= Self::MAX_BYTES;
        says_something.then_some(Self(otel))
    }

    /// The value of the member.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!(r#"{{"v":1,"otel":{}}}"#, self.0.as_str())
    }

    /// A JSON object, for a propagator to read.
    #[must_use]
    pub fn otel(&self) -> &JsonText {
        &self.0
    }

    /// W3C's `traceparent`, if there is one.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        let fields = Fields::read(self.0.as_str().as_bytes(), &["traceparent"]).ok()?;
        fields.maybe("traceparent", Raw::string).ok()?
    }

    /// The same trace with another parent; whatever else it says stays.
    #[must_use]
    pub fn with_traceparent(&self, traceparent: &str) -> Self {
        let others = members::without(&self.0, "traceparent");
        Self(members::with(&others, "traceparent", &JsonText::from_string(traceparent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_is_carried_as_it_was_written() {
        let otel = format!(r#"{{"traceparent": "{PARENT}", "tracestate": "a=\ud800"}}"#);
        let trace = Trace::read(&format!(r#"{{"v": 1, "otel": {otel}}}"#)).expect("a trace");

        assert_eq!(trace.otel().as_str(), otel);
        assert_eq!(trace.traceparent().as_deref(), Some(PARENT));
        assert_eq!(Trace::read(&trace.to_json()), Some(trace));
    }

    #[test]
    fn another_parent_takes_the_place_of_the_first_and_the_rest_stays() {
        let twice = r#"{"otel":{"traceparent":"a","tracestate":"x=\ud800","traceparent":"b"}}"#;
        let trace = Trace::read(twice).expect("a trace").with_traceparent(PARENT);

        assert_eq!(trace.traceparent().as_deref(), Some(PARENT));
        let otel = format!(r#"{{"tracestate":"x=\ud800","traceparent":"{PARENT}"}}"#);
        assert_eq!(trace.otel().as_str(), otel);
    }

    #[test]
    fn what_says_nothing_or_is_none_is_left_out() {
        let large = format!(r#"{{"otel":{{"baggage":"{}"}}}}"#, "x".repeat(Trace::MAX_BYTES));
        for value in [
            "null",
            "5",
            r#""otel""#,
            "{}",
            r#"{"v":1}"#,
            r#"{"v":1,"otel":{}}"#,
            r#"{"v":1,"otel":{ }}"#,
            r#"{"otel":null}"#,
            r#"{"otel":"x"}"#,
            r#"{"otel":[1]}"#,
            r#"{"otel":{"a":"#,
            &large,
        ] {
            assert_eq!(Trace::read(value), None, "{value}");
        }
    }
}
