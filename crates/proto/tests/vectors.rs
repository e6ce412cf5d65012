//! The recorded frames of the official SDKs: each is read, and written again byte for byte.

#![expect(clippy::expect_used, reason = "a test may panic")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one variant")]

use bytes::Bytes;
use room_proto::{
    Assembler, ClientFrame, Delivered, JsonText, Limits, Message, MessageId, ServerFrame, Trace,
    body::{Body, BodyForm},
    frame::ClientDialect,
};
use serde_json::Value;

/// One recorded message.
struct Vector {
    name: String,
    is_from_client: bool,
    packets: Vec<Bytes>,
    recorded: Value,
    message: Message,
}

fn vectors(text: &str) -> Vec<Vector> {
    let file: Value = serde_json::from_str(text).expect("a vector file is JSON");
    let messages = file["messages"].as_array().expect("a vector file has messages");
    messages.iter().map(vector).collect()
}

fn vector(recorded: &Value) -> Vector {
    let frames = recorded["frames"].as_array().expect("frames");
    let packets: Vec<_> =
        frames.iter().map(|frame| unhex(frame.as_str().expect("hexadecimal"))).collect();
    let (last, before) = packets.split_last().expect("a message has packets");

    let mut assembler = Assembler::new(Limits::default());
    for packet in before {
        assert_eq!(assembler.push(packet, packet), Ok(None));
    }
    let message = assembler.push(last, last).expect("a packet").expect("the last packet completes");
    Vector {
        name: format!("{}: {}", recorded["step"], recorded["meaning"]),
        is_from_client: recorded["dir"] == "client->server",
        packets,
        recorded: recorded.clone(),
        message,
    }
}

fn unhex(text: &str) -> Bytes {
    let digit = |at: usize| (text.as_bytes()[at] as char).to_digit(16).expect("a digit") as u8;
    (0..text.len() / 2).map(|at| digit(2 * at) << 4 | digit(2 * at + 1)).collect()
}

/// The JSON and the payload of a message, whatever its form.
fn parts(message: &Message) -> (Value, Bytes) {
    let body = Body::parse(&message.body, &Limits::default()).expect("a body");
    (serde_json::from_slice(body.json).expect("JSON"), body.payload)
}

/// What the recording knows that the frame does not: names of calls that the SDK made up, and
/// whether an attachment of no bytes was given.
fn with_choices(mut dialect: ClientDialect, message: &Message) -> ClientDialect {
    let (json, _) = parts(message);
    dialect.tool_call_id = json["tool_call_id"].as_str().map(str::to_owned);
    dialect.empty_attachment = json["arguments"]["json"]["attachment_base64"] == "";
    dialect
}

/// Reads and writes all messages of one SDK; says how many there were in each direction.
fn check(text: &str, dialect: &ClientDialect, handshake: BodyForm) -> (usize, usize) {
    let vectors = vectors(text);
    for vector in &vectors {
        let Vector { name, recorded, message, .. } = vector;
        assert_eq!(&*message.kind, recorded["type"], "{name}");
        assert_eq!(MessageId(recorded["message_id"].as_u64().expect("an id")), message.id);
        assert_eq!(parts(message).1.len() as u64, recorded["payload_length"], "{name}");

        let again = if vector.is_from_client {
            let frame = ClientFrame::decode(message, &Limits::default())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            frame.encode(&with_choices(dialect.clone(), message))
        } else {
            let frame = ServerFrame::decode(message, &Limits::default())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!matches!(frame, ServerFrame::Unknown { .. }), "{name}");
            frame.encode(message.id, handshake)
        };
        let text = |message: &Message| {
            let body = message.body.clone();
            String::from_utf8_lossy(&body).into_owned()
        };
        assert_eq!(text(&again), text(message), "{name}");
        assert_eq!(again.packets(1024), vector.packets, "{name}");
    }
    let from_client = vectors.iter().filter(|vector| vector.is_from_client).count();
    (from_client, vectors.len() - from_client)
}

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../tests/vectors/", $name, ".json"))
    };
}

#[test]
fn python_0_0_21() {
    let counts = check(file!("py-0.0.21"), &ClientDialect::py_0_0_21(), BodyForm::Padded);
    assert_eq!(counts, (24, 39));
}

#[test]
fn npm_0_35_8() {
    let counts = check(file!("npm-0.35.8"), &ClientDialect::npm_0_35_8(), BodyForm::Packed);
    assert_eq!(counts, (16, 20));
}

#[test]
fn npm_0_39_9() {
    let counts = check(file!("npm-0.39.9"), &ClientDialect::npm_0_39_9(), BodyForm::Packed);
    assert_eq!(counts, (15, 20));
}

#[test]
fn python_0_56_0() {
    let counts = check(file!("py-0.56.0"), &ClientDialect::py_0_56_0(), BodyForm::Packed);
    assert_eq!(counts, (31, 44));
}

#[test]
fn what_a_frame_means_is_what_was_recorded() {
    let meant = vectors(file!("py-0.56.0")).into_iter().find_map(|vector| {
        let frame = ClientFrame::decode(&vector.message, &Limits::default()).ok()?;
        match frame {
            ClientFrame::SetAttributes { attributes, .. } if vector.is_from_client => {
                Some(attributes)
            }
            _ => None,
        }
    });

    let attributes = meant.expect("attributes were recorded");
    assert_eq!(attributes.as_str(), r#"{"mood":"\u0161\u0165astn\u00fd"}"#, "no __meshagent__");
}

#[test]
fn the_trace_of_a_python_client_is_read_where_it_writes_one() {
    const OTEL: &str =
        r#"{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#;
    let mut traced = 0;
    for vector in vectors(file!("py-0.56.0")) {
        let message = vector.message;
        let body = String::from_utf8_lossy(&message.body[8..]).into_owned();
        let is_message = ["\"tool\": \"send\"", "\"tool\": \"broadcast\""];
        if !vector.is_from_client || !is_message.iter().any(|tool| body.contains(tool)) {
            continue;
        }
        let limits = Limits::default();
        let (plain, trace) = ClientFrame::decode_traced(&message, &limits);
        assert_eq!(trace, None, "the recorded clients traced nothing");

        let json = body.replace(r#""otel": {}"#, &format!(r#""otel": {OTEL}"#));
        let bytes = [&(json.len() as u64).to_be_bytes()[..], json.as_bytes()].concat();
        let message = Message::new(message.id, message.kind.clone(), bytes.into());
        let (frame, trace) = ClientFrame::decode_traced(&message, &limits);
        assert_eq!(frame, plain);
        assert_eq!(trace.expect("a trace").otel().as_str(), OTEL);
        traced += 1;
    }
    assert!(traced > 5, "{traced}");
}

#[test]
fn a_message_with_a_trace_is_read_by_those_who_look_for_it() {
    let trace = Trace::read(r#"{"otel":{"traceparent":"00-1-2-01"}}"#);
    let message = JsonText::object(r#"{"text":"hi"}"#).expect("JSON");
    let (from, kind, attachment) = ("ann".into(), String::from("chat"), Bytes::new());
    let frame = ServerFrame::Message(Delivered { from, kind, message, attachment, trace });

    let written = frame.encode(MessageId(1), BodyForm::Packed);

    let (json, _) = parts(&written);
    assert_eq!(json["__meshagent__"]["otel"]["traceparent"], "00-1-2-01");
    assert_eq!(ServerFrame::decode(&written, &Limits::default()), Ok(frame));
}
