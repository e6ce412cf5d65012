//! The trace of a message, from its sender to those who may be told of it.

use room_proto::{Message, MessageId, body::Body};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use futures_util::SinkExt as _;

use crate::harness::{Client, Kind, Server};

pub(crate) const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn the_trace_of_an_official_sender_reaches_our_clients_and_no_others() {
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Py0_56_0, "lobby", "ann").await;
    for kind in Kind::ALL {
        let mut bob = Client::join(&server, kind, "lobby", "bob").await;

        say_traced(&mut ann, "send", Some(bob.id.as_str())).await;
        say_traced(&mut ann, "broadcast", None).await;

        for _ in 0..2 {
            let said = next_said(&mut bob).await;
            if kind == Kind::Ours {
                let trace = &said["__meshagent__"]["otel"];
                assert_eq!(trace, &json!({ "traceparent": PARENT, "tracestate": "a=b" }));
            } else {
                let names: Vec<_> = said.as_object().unwrap().keys().collect();
                assert_eq!(names, ["from_participant_id", "message", "type"], "{kind:?}");
            }
        }
    }
}

/// As Python 0.56.0 writes it where it traces.
async fn say_traced(client: &mut Client, tool: &str, to: Option<&str>) {
    let input = json!({
        "to_participant_id": to, "type": "traced", "message_json": "{}", "attachment_base64": null
    });
    invoke(client, tool, &input, PARENT).await;
}

/// Uses a tool within a trace.
pub(crate) async fn invoke(client: &mut Client, tool: &str, input: &Value, traceparent: &str) {
    let request = json!({
        "toolkit": "messaging", "tool": tool, "participant_id": null, "on_behalf_of_id": null,
        "arguments": { "type": "json", "json": input }, "tool_call_id": "x",
        "__meshagent__": { "v": 1, "otel": { "traceparent": traceparent, "tracestate": "a=b" } }
    })
    .to_string();
    let body = [&(request.len() as u64).to_be_bytes()[..], request.as_bytes()].concat();
    let message = Message::new(MessageId(1000), "room.invoke_tool", body.into());
    for packet in message.packets(1024) {
        client.socket.send(tungstenite::Message::Binary(packet)).await.unwrap();
    }
}

/// The JSON of the next traced message, as it came.
pub(crate) async fn next_said(client: &mut Client) -> Value {
    loop {
        let message = client.message().await;
        let body = Body::parse(&message.body, &room_proto::Limits::default()).unwrap();
        let json: Value = serde_json::from_slice(body.json).unwrap();
        if json["type"] == "traced" {
            return json;
        }
    }
}
