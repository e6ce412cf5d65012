//! What each token allows, over real sockets: one table, and clients of every generation in it.

use std::collections::BTreeMap;

use jsonwebtoken::{EncodingKey, Header, encode};
use room_proto::{
    ClientFrame, Content, Delivered, JsonText, MessageId, ParticipantId, Request, ServerFrame,
    frame::system,
};
use room_server::{ApiKey, Keys, Secret};
use serde_json::{Value, json};

use crate::harness::{Client, Kind, SECRET, Server, outgoing};

/// What happens to the bearer of each token.
///
/// `ok`: answered without an error, and arrived. A number: answered with this error code, and
/// nothing arrived. `-`: nothing arrived, and nothing is answered.
///
/// * `listed`: how many of the one other participant the list has after enabling
/// * `hears`: whether others are announced to the bearer
/// * `seen`: the role under which the bearer is announced to others
/// * `gets`: whether others can send to the bearer
/// * `stream`: `stream.open` of a generation-1 stream; `duplex`: a call of `messaging.stream`
/// * `attrs`: whether others hear of changed attributes
const TABLE: &str = "
token                    | enable | listed | hears | seen  | gets | send | broadcast | stream | duplex | dismiss | attrs
messaging: {}            | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
messaging: all true      | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
send: false              | ok     | 1      | ok    | user  | ok   | 1001 | ok        | 1001   | 1001   | 1001    | ok
broadcast: false         | ok     | 1      | ok    | user  | ok   | ok   | 1001      | ok     | ok     | 1001    | ok
list: false              | ok     | 0      | -     | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
messaging: all false     | ok     | 0      | -     | user  | ok   | 1001 | 1001      | 1001   | 1001   | 1001    | ok
messaging: null          | 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
no messaging             | 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
no messaging, 0.5.3      | 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
no api                   | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
no api, 0.5.3            | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
no api, 0.6.0            | 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
no api, 0.36.3           | 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
no api, legacy off       | 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
no api, 0.5.3, legacy off| 1001   | -      | -     | -     | 1003 | 1001 | 1001      | 1001   | 1001   | 1001    | -
{}, legacy off           | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
role agent               | ok     | 1      | ok    | agent | ok   | ok   | ok        | ok     | ok     | ok      | ok
role tool                | ok     | 1      | ok    | tool  | ok   | ok   | ok        | ok     | ok     | ok      | ok
roles user, agent        | ok     | 1      | ok    | agent | ok   | ok   | ok        | ok     | ok     | ok      | ok
role agent, send: false  | ok     | 1      | ok    | agent | ok   | 1001 | ok        | 1001   | 1001   | 1001    | ok
camelCase, all allowed   | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
camelCase, send: false   | ok     | 1      | ok    | user  | ok   | 1001 | ok        | 1001   | 1001   | 1001    | ok
API key, {}              | ok     | 1      | ok    | user  | ok   | ok   | ok        | ok     | ok     | 1001    | ok
API key, broadcast: false| ok     | 1      | ok    | user  | ok   | ok   | 1001      | ok     | ok     | 1001    | ok
";

const ROOM: &str = "lobby";
const API_KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";

/// What a token of the table says besides its room and its bearer's name.
fn claims(token: &str) -> Value {
    let messaging = |section: Value| json!([api(json!({ "messaging": section }))]);
    let role = |role: &str, section: Value| json!([{ "name": "role", "scope": role }, api(json!({ "messaging": section }))]);
    let all = |value: bool| json!({ "broadcast": value, "list": value, "send": value });
    let grants = match token {
        "messaging: {}" | "{}, legacy off" | "API key, {}" => messaging(json!({})),
        "messaging: all true" => messaging(all(true)),
        "messaging: all false" => messaging(all(false)),
        "messaging: null" => messaging(Value::Null),
        "send: false" => messaging(json!({ "send": false })),
        "broadcast: false" | "API key, broadcast: false" => {
            messaging(json!({ "broadcast": false }))
        }
        "list: false" => messaging(json!({ "list": false })),
        "no messaging" | "no messaging, 0.5.3" => json!([api(json!({ "storage": {} }))]),
        "role agent" => role("agent", json!({})),
        "role tool" => role("tool", json!({})),
        "role agent, send: false" => role("agent", json!({ "send": false })),
        "roles user, agent" => json!([
            { "name": "role", "scope": "user" },
            { "name": "role", "scope": "agent" },
            api(json!({ "messaging": {} })),
        ]),
        "camelCase, all allowed" => json!([api(camel_case(all(true)))]),
        "camelCase, send: false" => json!([api(camel_case(json!({ "send": false })))]),
        "no api"
        | "no api, 0.5.3"
        | "no api, 0.6.0"
        | "no api, 0.36.3"
        | "no api, legacy off"
        | "no api, 0.5.3, legacy off" => json!([]),
        _ => panic!("the table has an unknown token: {token:?}"),
    };
    let mut claims = json!({ "grants": grants });
    if let Some(version) = ["0.5.3", "0.6.0", "0.36.3"].iter().find(|one| token.contains(*one)) {
        claims["version"] = json!(version);
    }
    claims
}

fn api(scope: Value) -> Value {
    json!({ "name": "api", "scope": scope })
}

/// The sections as npm 0.35.8 writes them.
fn camel_case(messaging: Value) -> Value {
    json!({
        "agents": { "registerAgent": true, "registerPublicToolkit": true },
        "containers": { "useContainers": true },
        "database": { "listTables": true },
        "messaging": messaging,
        "queues": { "listQueues": false, "send": ["a"] },
    })
}

#[tokio::test]
async fn the_table_holds_for_0_0_21_with_direct_requests() {
    check(Kind::Py0_0_21).await;
}

#[tokio::test]
async fn the_table_holds_for_our_client_with_direct_requests() {
    check(Kind::Ours).await;
}

#[tokio::test]
async fn the_table_holds_for_0_35_8_with_tool_calls() {
    check(Kind::Npm0_35_8).await;
}

#[tokio::test]
async fn the_table_holds_for_0_39_9_with_tool_calls() {
    check(Kind::Npm0_39_9).await;
}

#[tokio::test]
async fn the_table_holds_for_0_56_0_with_tool_calls() {
    check(Kind::Py0_56_0).await;
}

async fn check(kind: Kind) {
    let mut lines = TABLE.trim().lines();
    let columns: Vec<_> = cells(lines.next().unwrap());
    for line in lines {
        let expected = cells(line);
        let token = expected[0];
        let found = outcomes(kind, token).await;
        for (column, expected) in columns.iter().zip(&expected).skip(1) {
            assert_eq!(found[column], *expected, "{kind:?}, token {token:?}, {column}");
        }
        assert_eq!((columns.len(), found.len()), (expected.len(), expected.len() - 1), "{line}");
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

/// Does everything with a token in a room of its own. The witness is the other participant.
async fn outcomes(kind: Kind, token: &str) -> BTreeMap<&'static str, String> {
    let server = Server::start_with(|config| {
        let keys = Keys::from_secret(Secret::new(SECRET).unwrap());
        config.keys = keys.with_api_key(ApiKey::parse(API_KEY).unwrap());
        config.legacy_grants = !token.contains("legacy off");
    })
    .await;
    let mut witness = Client::join(&server, Kind::Py0_56_0, ROOM, "witness").await;
    let (bearer, _) = Client::connect_with(&server, kind, ROOM, &sign(token)).await;
    let mut scene = Scene { bearer, witness: &mut witness };

    let mut found = scene.enable().await;
    let _late = Client::join(&server, Kind::Ours, ROOM, "late").await;
    found.insert("hears", scene.hears().await);
    found.insert("gets", scene.gets().await);
    found.insert("send", scene.send("note").await);
    found.insert("broadcast", scene.broadcast().await);
    found.insert("stream", scene.send("stream.open").await);
    found.insert("dismiss", scene.send(system::DISMISS).await);
    found.insert("attrs", scene.attributes().await);
    found.insert("duplex", scene.duplex().await);
    found
}

fn sign(token: &str) -> String {
    let mut claims = claims(token);
    claims["name"] = json!("bearer");
    let room = json!({ "name": "room", "scope": ROOM });
    claims["grants"].as_array_mut().unwrap().insert(0, room);
    let mut secret = SECRET.to_owned();
    if token.starts_with("API key") {
        claims["kid"] = json!(ApiKey::parse(API_KEY).unwrap().id.to_string());
        secret = String::from("s3cret-with-dashes");
    }
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

struct Scene<'a> {
    bearer: Client,
    witness: &'a mut Client,
}

impl Scene<'_> {
    async fn enable(&mut self) -> BTreeMap<&'static str, String> {
        let answer = ask(&mut self.bearer, Request::Enable).await;
        let list = messages(heard(&mut self.bearer).await, system::ENABLED).pop();
        let announced = self.seen(system::PARTICIPANT_ENABLED).await.pop();

        let listed = list.as_ref().map(|list| json(list)["participants"].as_array().unwrap().len());
        let role = announced.map(|entry| json(&entry)["role"].as_str().unwrap().to_owned());
        BTreeMap::from([
            ("enable", outcome(&answer, list.is_some())),
            ("listed", listed.map_or_else(nothing, |count| count.to_string())),
            ("seen", role.unwrap_or_else(nothing)),
        ])
    }

    /// Of the newcomer.
    async fn hears(&mut self) -> String {
        let announced = messages(heard(&mut self.bearer).await, system::PARTICIPANT_ENABLED);
        if announced.is_empty() { nothing() } else { String::from("ok") }
    }

    async fn gets(&mut self) -> String {
        let to = self.bearer.id.clone();
        let answer = ask(self.witness, send(&to, "for you")).await;
        let got = messages(heard(&mut self.bearer).await, "for you");
        outcome(&answer, !got.is_empty())
    }

    async fn send(&mut self, kind: &str) -> String {
        let to = self.witness.id.clone();
        let answer = ask(&mut self.bearer, send(&to, kind)).await;
        outcome(&answer, !self.seen(kind).await.is_empty())
    }

    async fn broadcast(&mut self) -> String {
        let request = Request::Broadcast { outgoing: outgoing("to all", "{}", 3) };
        let answer = ask(&mut self.bearer, request).await;
        outcome(&answer, !self.seen("to all").await.is_empty())
    }

    async fn attributes(&mut self) -> String {
        let attributes = JsonText::object(r#"{"mood":"fine"}"#).unwrap();
        let id = self.bearer.next_id();
        self.bearer.tell(ClientFrame::SetAttributes { id, attributes }).await;
        heard(&mut self.bearer).await;
        match self.seen(system::PARTICIPANT_ATTRIBUTES).await.pop() {
            Some(changed) => {
                assert_eq!(json(&changed)["attributes"]["mood"], "fine");
                String::from("ok")
            }
            None => nothing(),
        }
    }

    /// Calls the witness, who accepts if it is called.
    async fn duplex(&mut self) -> String {
        let tool_call_id = String::from("call-1");
        let first = json!({
            "kind": "start",
            "to_participant_id": self.witness.id.as_str(),
            "type": "t",
            "message": {},
        });
        let chunk = Content::Json(JsonText::object(&first.to_string()).unwrap());
        let open = Request::OpenCall { tool_call_id: tool_call_id.clone() };
        let opened = self.bearer.say(open).await;
        self.bearer.say(Request::CallChunk { tool_call_id, chunk }).await;
        let mut answers = heard(&mut self.bearer).await;

        let call = heard(self.witness).await.into_iter().find_map(|frame| match frame {
            ServerFrame::ToolCall { call, caller_id, .. } => {
                (caller_id == self.bearer.id).then_some(call)
            }
            _ => None,
        });
        if let Some(call) = call {
            let content = Content::Open;
            self.witness.tell(ClientFrame::ToolCallResponse { call, content }).await;
            heard(self.witness).await;
            answers = heard(&mut self.bearer).await;
        }
        outcome(&response(&answers, opened).expect("the call is answered"), call.is_some())
    }

    /// What the witness has got from the bearer.
    async fn seen(&mut self, kind: &str) -> Vec<Delivered> {
        let mut seen = messages(heard(self.witness).await, kind);
        seen.retain(|message| message.from == self.bearer.id);
        seen
    }
}

/// Asks and waits for the answer, forgetting what comes before it.
async fn ask(client: &mut Client, request: Request) -> Content {
    let asked = client.say(request).await;
    loop {
        if let Some(content) = response(&[client.frame().await], asked) {
            return content;
        }
    }
}

/// All that the room has said to a client until now: a room says things in order, and answers
/// everyone, if only to say that nobody has this name.
async fn heard(client: &mut Client) -> Vec<ServerFrame> {
    let asked = client.say(send(&ParticipantId::new("nobody"), "fence")).await;
    let mut frames = Vec::new();
    loop {
        frames.push(client.frame().await);
        if response(&frames[frames.len() - 1..], asked).is_some() {
            return frames;
        }
    }
}

fn response(frames: &[ServerFrame], asked: MessageId) -> Option<Content> {
    frames.iter().find_map(|frame| match frame {
        ServerFrame::Response { id, content } => (*id == asked).then(|| content.clone()),
        _ => None,
    })
}

fn messages(frames: Vec<ServerFrame>, kind: &str) -> Vec<Delivered> {
    let messages = frames.into_iter().filter_map(|frame| match frame {
        ServerFrame::Message(delivered) => Some(delivered),
        _ => None,
    });
    messages.filter(|message| message.kind == kind).collect()
}

fn send(to: &ParticipantId, kind: &str) -> Request {
    let message = r#"{"stream_id":"s","header":{}}"#;
    Request::Send { to: to.clone(), outgoing: outgoing(kind, message, 3) }
}

/// The cell of the table. An answer that does not fit what arrived is in no cell.
fn outcome(answer: &Content, arrived: bool) -> String {
    match (answer, arrived) {
        (Content::Error { code: Some(code), .. }, false) => code.to_string(),
        (Content::Empty | Content::Open, true) => String::from("ok"),
        _ => format!("answered {answer:?}, arrived: {arrived}"),
    }
}

fn nothing() -> String {
    String::from("-")
}

fn json(message: &Delivered) -> Value {
    serde_json::from_str(message.message.as_str()).unwrap()
}
