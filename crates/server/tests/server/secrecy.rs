//! What must not be in a log, at whatever level.

use bytes::Bytes;
use futures_util::SinkExt as _;
use room_proto::{Message, MessageId, Outgoing, Request};
use serde_json::json;
use tokio_tungstenite::tungstenite;

use crate::{
    collector::Collector,
    harness::{Client, Kind, Server, outgoing},
    limits::{refused, until},
    log::Log,
    traces::{PARENT, invoke},
};

const SECRET: &str = "the-rabbit-is-in-the-hat";

#[tokio::test]
async fn neither_messages_nor_attachments_nor_tokens_are_logged() {
    nothing_secret_is_in(Log::start()).await;
}

#[tokio::test]
async fn nor_are_they_where_the_log_is_json() {
    let log = nothing_secret_is_in(Log::start_json()).await;

    for line in log.text().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{line}");
        }
    }
    let joined: serde_json::Value =
        serde_json::from_str(&log.lines("a member has joined")[0]).unwrap();
    assert_eq!((&joined["room"], &joined["name"]), (&"lobby".into(), &"ann".into()));
}

/// Spans go to others than messages, and are kept longer.
#[tokio::test]
async fn nor_do_they_go_to_a_collector_of_traces() {
    let log = Log::start();
    let mut collector = Collector::start().await;
    let export = collector.export();
    let server = Server::start_with(|config| config.traces = Some(export)).await;
    let token = server.token("lobby", "ann");
    let (mut ann, _) = Client::connect_with(&server, Kind::Py0_56_0, "lobby", &token).await;
    let id = ann.id.as_str().to_owned();

    // Delivered, to nobody, without meaning, and in a stream's name; the type is secret too.
    let text = format!(r#"{{"text":"{SECRET}"}}"#);
    let said = |to: &str| {
        json!({
            "to_participant_id": to, "type": SECRET, "message_json": text,
            "attachment_base64": "dGhlLXJhYmJpdC1pcy1pbi10aGUtaGF0"
        })
    };
    let inputs = [
        ("broadcast", said("")),
        ("send", said(&id)),
        ("send", said(SECRET)),
        ("send", json!({ "to_participant_id": [SECRET] })),
        ("stream", json!({ SECRET: SECRET })),
        (SECRET, json!({ SECRET: SECRET })),
    ];
    for (tool, input) in &inputs {
        invoke(&mut ann, tool, input, PARENT).await;
    }

    let mut bodies = String::new();
    for _ in &inputs {
        bodies += &collector.request().await.body;
    }
    let signature = token.rsplit('.').next().unwrap();
    for text in [bodies, log.text()] {
        assert!(!text.contains("rabbit") && !text.contains("dGhlLXJhYm"), "{text}");
        assert!(!text.contains(signature), "{text}");
        // What else the sender says about its trace.
        assert!(!text.contains("a=b"), "{text}");
    }
}

/// Says secrets in every way.
async fn nothing_secret_is_in(log: Log) -> Log {
    let server = Server::start_with(|config| {
        config.dev = true;
        config.max_messages_per_second = 1;
        config.limits.max_message_bytes = 64 * 1024;
    })
    .await;
    let token = server.token("lobby", "ann");
    let (mut ann, _) = Client::connect_with(&server, Kind::Npm0_39_9, "lobby", &token).await;

    // Delivered, refused for its rate, without meaning, and too large.
    let message = format!(r#"{{"text":"{SECRET}"}}"#);
    let attachment = Bytes::from_static(SECRET.as_bytes());
    for _ in 0..20 {
        let outgoing = Outgoing { attachment: attachment.clone(), ..outgoing("n", &message, 0) };
        ann.say(Request::Broadcast { outgoing }).await;
    }
    let said = [
        ("set_attributes", format!(r#""{SECRET}""#)),
        ("room.tool_call_response", format!(r#"{{"type":{{"{SECRET}":1}}}}"#)),
        ("messaging.send", format!(r#"{{"to_participant_id":["{SECRET}"]}}"#)),
        (SECRET, String::from("{}")),
    ];
    for (kind, json) in said {
        let body = [&(json.len() as u64).to_be_bytes()[..], json.as_bytes()].concat();
        let message = Message::new(MessageId(99), kind, body.into());
        for packet in message.packets(1024) {
            ann.socket.send(tungstenite::Message::Binary(packet)).await.unwrap();
        }
    }
    until(|| log.lines("makes no sense").len() == 2).await;
    let large = format!(r#"{{"text":"{}"}}"#, SECRET.repeat(4000));
    ann.say(Request::Broadcast { outgoing: outgoing("n", &large, 0) }).await;
    assert_eq!(ann.ending().await.unwrap().0, 4002);

    // Refused before they are in.
    for request in [
        Kind::Npm0_39_9.upgrade(&server, "lobby", SECRET),
        Kind::Npm0_39_9.upgrade(&server, "other", &token),
    ] {
        refused(request).await;
    }
    let body = format!(r#"{{"room":"{SECRET}!","name":"Ann"}}"#);
    assert_eq!(server.post_json("/dev/token", &body).await.status, 400);

    let text = log.text();
    assert!(text.contains("a member has joined") && text.contains("rate-limited"), "{text}");
    assert!(text.contains("message-too-large") && text.contains("invalid-argument"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    assert!(!text.contains(token.rsplit('.').next().unwrap()), "{text}");
    log
}
