//! Spans in the JSON of OTLP: ids in hex, times and integers in strings, names as in the protocol's
//! `trace.proto` but in `lowerCamelCase`.

use std::time::Duration;

use serde::Serialize;

use super::span::Span;

/// The body of a request to a collector, `ExportTraceServiceRequest`.
pub(crate) fn body(service: &str, spans: &[Span]) -> Vec<u8> {
    let attributes =
        vec![text("service.name", service), text("service.version", env!("CARGO_PKG_VERSION"))];
    let scope = Scope { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    let spans = spans.iter().map(encode).collect();
    let request = Request {
        resource_spans: [ResourceSpans {
            resource: Resource { attributes },
            scope_spans: [ScopeSpans { scope, spans }],
        }],
    };
    serde_json::to_vec(&request).expect("texts and lists are JSON")
}

fn encode(span: &Span) -> Encoded<'_> {
    let recipient = span.recipient.as_ref();
    let error = span.error.map(|code| text("error.type", code.to_string()));
    let optional = [
        recipient.map(|recipient| text("room.recipient.id", recipient.as_str())),
        span.recipients.map(|count| number("room.recipients", count)),
        error,
    ];
    let always =
        [text("room.name", span.room.as_str()), text("room.participant.id", span.sender.as_str())];
    Encoded {
        trace_id: format!("{:032x}", span.context.trace),
        span_id: format!("{:016x}", span.context.span),
        parent_span_id: format!("{:016x}", span.parent),
        flags: PARENT_IS_REMOTE | u32::from(span.context.flags),
        name: span.name,
        kind: KIND_SERVER,
        start_time_unix_nano: nanoseconds(span.start),
        end_time_unix_nano: nanoseconds(span.end),
        attributes: always.into_iter().chain(optional.into_iter().flatten()).collect(),
        status: span.error.map(|_| Status { code: STATUS_ERROR }),
    }
}

const KIND_SERVER: u8 = 2;
const STATUS_ERROR: u8 = 2;
/// It is known, and yes.
const PARENT_IS_REMOTE: u32 = 0x300;

fn nanoseconds(time: Duration) -> String {
    time.as_nanos().to_string()
}

fn text<'a>(key: &'static str, value: impl Into<std::borrow::Cow<'a, str>>) -> Attribute<'a> {
    Attribute { key, value: Value::String(value.into()) }
}

fn number(key: &'static str, value: u64) -> Attribute<'static> {
    Attribute { key, value: Value::Int(value.to_string()) }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<Encoded<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Encoded<'a> {
    trace_id: String,
    span_id: String,
    parent_span_id: String,
    flags: u32,
    name: &'static str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'static str,
    value: Value<'a>,
}

#[derive(Serialize)]
enum Value<'a> {
    #[serde(rename = "stringValue")]
    String(std::borrow::Cow<'a, str>),
    #[serde(rename = "intValue")]
    Int(String),
}

#[derive(Serialize)]
struct Status {
    code: u8,
}

#[cfg(test)]
mod tests {
    use room_proto::ParticipantId;

    use super::{super::context::SpanContext, *};
    use crate::room_name::RoomName;

    #[test]
    fn spans_are_written_as_the_protocol_has_them() {
        let span = Span {
            context: SpanContext { trace: 0xab, span: 0xc, flags: 1 },
            parent: 0xd,
            name: Span::SEND,
            start: Duration::new(1_700_000_000, 5),
            end: Duration::new(1_700_000_001, 0),
            room: RoomName::new("lobby").expect("a name"),
            sender: ParticipantId::new("ann"),
            recipient: Some(ParticipantId::new("b\"ob")),
            recipients: Some(1),
            error: Some(1003),
        };

        let version = env!("CARGO_PKG_VERSION");
        let expected = [
            r#"{"resourceSpans":[{"resource":{"attributes":["#,
            r#"{"key":"service.name","value":{"stringValue":"here"}},"#,
            &format!(r#"{{"key":"service.version","value":{{"stringValue":"{version}"}}}}]}},"#),
            &format!(r#""scopeSpans":[{{"scope":{{"name":"room-server","version":"{version}"}},"#),
            r#""spans":[{"traceId":"000000000000000000000000000000ab","#,
            r#""spanId":"000000000000000c","parentSpanId":"000000000000000d","flags":769,"#,
            r#""name":"room.send","kind":2,"startTimeUnixNano":"1700000000000000005","#,
            r#""endTimeUnixNano":"1700000001000000000","attributes":["#,
            r#"{"key":"room.name","value":{"stringValue":"lobby"}},"#,
            r#"{"key":"room.participant.id","value":{"stringValue":"ann"}},"#,
            r#"{"key":"room.recipient.id","value":{"stringValue":"b\"ob"}},"#,
            r#"{"key":"room.recipients","value":{"intValue":"1"}},"#,
            r#"{"key":"error.type","value":{"stringValue":"1003"}}],"#,
            r#""status":{"code":2}}]}]}]}"#,
        ];
        assert_eq!(String::from_utf8(body("here", &[span])).expect("text"), expected.concat());
    }
}
