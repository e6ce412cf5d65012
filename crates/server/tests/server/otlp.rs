//! Spans of traced messages, as a collector gets them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use room_server::{ServerConfig, TraceExport};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    collector::{Collector, export_to},
    harness::{Client, Kind, Server, within},
    log::Log,
    traces::{PARENT, invoke, next_said},
};

const TEXT: &str = "the-rabbit-is-in-the-hat";
const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

#[tokio::test]
async fn a_traced_message_has_a_span_between_its_sender_and_our_client() {
    let mut collector = Collector::start().await;
    let server = Server::start_with(to(&collector)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;
    let before = nanoseconds();

    send(&mut ann, bob.id.as_str(), PARENT).await;

    let posted = collector.request().await;
    let after = nanoseconds();
    assert!(posted.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", posted.head);
    assert!(posted.head.contains("\r\ncontent-type: application/json\r\n"), "{}", posted.head);
    assert!(!posted.body.contains(TEXT), "{}", posted.body);
    let resource = &posted.json()["resourceSpans"][0]["resource"]["attributes"][0];
    assert_eq!(resource["value"]["stringValue"], "room-server");

    let spans = posted.spans();
    let [span] = spans.as_slice() else { panic!("one span, not {spans:?}") };
    assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span["parentSpanId"], "b7ad6b7169203331");
    assert_eq!((&span["name"], &span["kind"]), (&json!("room.send"), &json!(2)));
    let (start, end) = (time(&span["startTimeUnixNano"]), time(&span["endTimeUnixNano"]));
    assert!(before <= start && start <= end && end <= after, "{before} {start} {end} {after}");
    assert_eq!(
        attributes(span),
        json!({
            "room.name": "lobby", "room.participant.id": ann.id.as_str(),
            "room.recipient.id": bob.id.as_str(), "room.recipients": "1"
        })
    );
    assert!(span.get("status").is_none(), "{span}");

    let trace = next_said(&mut bob).await["__meshagent__"]["otel"].clone();
    let id = span["spanId"].as_str().unwrap();
    let parent = format!("00-0af7651916cd43dd8448eb211c80319c-{id}-01");
    assert_eq!(trace, json!({ "tracestate": "a=b", "traceparent": parent }));
}

#[tokio::test]
async fn a_broadcast_says_how_many_got_it_and_a_refusal_why() {
    let mut collector = Collector::start().await;
    let server = Server::start_with(to(&collector)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    let _bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;
    let _eve = Client::join(&server, Kind::Npm0_39_9, "lobby", "eve").await;

    broadcast(&mut ann, PARENT).await;
    send(&mut ann, TEXT, PARENT).await;

    let span = collector.span().await;
    assert_eq!(span["name"], "room.broadcast");
    assert_eq!(attributes(&span)["room.recipients"], "2");
    let span = collector.span().await;
    assert_eq!((&span["name"], &span["status"]["code"]), (&json!("room.send"), &json!(2)));
    assert_eq!(
        attributes(&span),
        json!({
            "room.name": "lobby", "room.participant.id": ann.id.as_str(),
            "room.recipients": "0", "error.type": "1003"
        })
    );
}

#[tokio::test]
async fn a_message_beyond_the_rate_has_a_span_too() {
    let mut collector = Collector::start().await;
    let export = collector.export();
    let server = Server::start_with(|config| {
        config.traces = Some(export);
        config.max_messages_per_second = 1;
    })
    .await;
    let (mut ann, _) = Client::connect(&server, Kind::Py0_56_0, "lobby", "ann").await;

    // At first there is room for two. All at once, so that there is not room for one more meanwhile.
    for _ in 0..3 {
        invoke(&mut ann, "broadcast", &message(None), PARENT).await;
    }

    for (name, error) in
        [("room.broadcast", None), ("room.broadcast", None), ("room.request", Some("1008"))]
    {
        let span = collector.span().await;
        assert_eq!(span["name"], name);
        assert_eq!(attributes(&span).get("error.type").and_then(Value::as_str), error);
    }
}

#[tokio::test]
async fn a_message_without_a_sampled_trace_has_no_span_and_stays_as_it_was() {
    let mut collector = Collector::start().await;
    let server = Server::start_with(to(&collector)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;

    for traceparent in [UNSAMPLED, "nonsense"] {
        broadcast(&mut ann, traceparent).await;
        let trace = next_said(&mut bob).await["__meshagent__"]["otel"].clone();
        assert_eq!(trace, json!({ "traceparent": traceparent, "tracestate": "a=b" }));
    }
    send(&mut ann, bob.id.as_str(), PARENT).await;

    assert_eq!(collector.span().await["name"], "room.send");
    let metrics = server.metrics_when("room_spans_exported_total", 1).await;
    assert_eq!(metrics.of("room_spans_dropped_total"), 0);
}

#[tokio::test]
async fn spans_go_together_when_there_are_enough_of_them() {
    let mut collector = Collector::start().await;
    let export = TraceExport { max_batch: 3, ..collector.export() };
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;

    for _ in 0..6 {
        broadcast(&mut ann, PARENT).await;
    }

    for _ in 0..2 {
        assert_eq!(collector.request().await.spans().len(), 3);
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_harms_nobody() {
    let log = Log::start();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let export = export_to(address);
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;

    for count in 1..=3 {
        broadcast(&mut ann, PARENT).await;
        next_said(&mut bob).await;
        server.metrics_when("room_spans_dropped_total", count).await;
    }

    log.one_line("dropping spans", &["WARN", "cannot connect"]);
}

#[tokio::test]
async fn a_collector_may_fail_and_come_back() {
    let log = Log::start();
    let refused = "500 Oops\r\nContent-Length: 0\r\n\r\n";
    // What no HTTP is, the end without an answer, and two refusals.
    let mut collector = Collector::answering(&["nonsense\r\n\r\n", "", refused, refused]).await;
    let server = Server::start_with(to(&collector)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;

    for count in 1..=4 {
        broadcast(&mut ann, PARENT).await;
        server.metrics_when("room_spans_dropped_total", count).await;
        collector.span().await;
    }
    broadcast(&mut ann, PARENT).await;
    let metrics = server.metrics_when("room_spans_exported_total", 1).await;

    assert_eq!(metrics.of("room_spans_dropped_total"), 4);
    log.one_line("dropping spans", &["WARN", "the request failed"]);
    log.one_line("takes spans again", &["INFO"]);
}

#[tokio::test]
async fn a_collector_without_time_gets_the_same_again() {
    let busy = "503 Later\r\nContent-Length: 0\r\n\r\n";
    let mut collector = Collector::answering(&[busy, busy]).await;
    let export = TraceExport { backoff: Duration::from_millis(1), ..collector.export() };
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;

    broadcast(&mut ann, PARENT).await;

    let first = collector.request().await.body;
    assert_eq!(collector.request().await.body, first);
    assert_eq!(collector.request().await.body, first);
    let metrics = server.metrics_when("room_spans_exported_total", 1).await;
    assert_eq!(metrics.of("room_spans_dropped_total"), 0);
}

#[tokio::test]
async fn what_a_collector_rejects_is_counted() {
    let body = r#"{"partialSuccess":{"rejectedSpans":"1"}}"#;
    let answer = format!("200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let collector = Collector::answering(&[answer.leak()]).await;
    let export = TraceExport { max_batch: 3, ..collector.export() };
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;

    for _ in 0..3 {
        broadcast(&mut ann, PARENT).await;
    }

    let metrics = server.metrics_when("room_spans_exported_total", 2).await;
    assert_eq!(metrics.of("room_spans_dropped_total"), 1);
}

#[tokio::test]
async fn when_the_queue_is_full_messages_go_on_and_say_what_they_said() {
    let log = Log::start();
    // It accepts, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let export = TraceExport { max_queued: 2, ..export_to(silent.local_addr().unwrap()) };
    let flush_time = Duration::from_millis(100);
    let export = TraceExport { flush_time, ..export };
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    let mut bob = Client::join(&server, Kind::Ours, "lobby", "bob").await;
    let mut parents = Vec::new();

    // One is on its way and two wait.
    broadcast(&mut ann, PARENT).await;
    let _open = within(silent.accept()).await.unwrap();
    for _ in 0..4 {
        broadcast(&mut ann, PARENT).await;
    }
    for _ in 0..5 {
        parents.push(next_said(&mut bob).await["__meshagent__"]["otel"]["traceparent"].clone());
    }

    assert_eq!(parents.iter().filter(|parent| **parent == PARENT).count(), 2, "{parents:?}");
    assert_eq!(server.metrics().await.of("room_spans_dropped_total"), 2);
    log.one_line("too many wait", &["WARN"]);

    // The end does not wait for the collector either.
    let metrics = server.counts();
    within(server.stop()).await.unwrap().unwrap();
    assert_eq!(metrics.total(room_server::Total::SpansDropped), 5);
    log.one_line("leaving spans", &["WARN"]);
}

#[tokio::test]
async fn the_end_of_the_server_sends_what_waits() {
    let mut collector = Collector::start().await;
    let export = TraceExport { max_batch: 100, ..collector.export() };
    let export = TraceExport { delay: Duration::from_secs(3600), ..export };
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    for _ in 0..3 {
        broadcast(&mut ann, PARENT).await;
    }

    within(server.stop()).await.unwrap().unwrap();

    assert_eq!(collector.request().await.spans().len(), 3);
}

/// A server that exports to this collector at once.
fn to(collector: &Collector) -> impl FnOnce(&mut ServerConfig) + use<> {
    let export = collector.export();
    |config| config.traces = Some(export)
}

/// Broadcasts within a trace, and waits until it is done.
async fn broadcast(client: &mut Client, traceparent: &str) {
    invoke(client, "broadcast", &message(None), traceparent).await;
    client.answer(room_proto::MessageId(1000)).await;
}

async fn send(client: &mut Client, to: &str, traceparent: &str) {
    invoke(client, "send", &message(Some(to)), traceparent).await;
    client.answer(room_proto::MessageId(1000)).await;
}

fn message(to: Option<&str>) -> Value {
    json!({
        "to_participant_id": to, "type": "traced", "attachment_base64": null,
        "message_json": json!({ "text": TEXT }).to_string()
    })
}

/// The attributes of a span as one object, all values as text.
fn attributes(span: &Value) -> Value {
    let attributes = span["attributes"].as_array().unwrap().iter();
    attributes
        .map(|attribute| {
            let values = attribute["value"].as_object().unwrap();
            (attribute["key"].as_str().unwrap().to_owned(), values.values().next().unwrap().clone())
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn time(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

fn nanoseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}
