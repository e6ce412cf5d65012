//! Duplex streams between a caller and a callee.

use room::{MemberId, RoomLimits};
use room_proto::{ClientFrame, Content, MessageId, Request, ServerFrame};

use crate::bench::{Bench, DUPLEX, OURS, code, json};

const FIRST: &str = r#"{"to_participant_id":"bob","type":"chat","message_json":"{}"}"#;

/// A caller `ada`, a callee `bob`, and a call under way.
struct Line {
    bench: Bench,
    ada: MemberId,
    bob: MemberId,
    /// The request that opened the call.
    opened: MessageId,
    /// The server's id of the call.
    call: MessageId,
    /// The callee's name for the call.
    callee_name: String,
}

fn chunk(text: &str) -> Request {
    Request::CallChunk { tool_call_id: String::from("t"), chunk: Content::Json(json(text)) }
}

fn close() -> Content {
    Content::Close { status_code: 1000, message: None }
}

fn close_chunk() -> Request {
    Request::CallChunk { tool_call_id: String::from("t"), chunk: close() }
}

fn open() -> Request {
    Request::OpenCall { tool_call_id: String::from("t") }
}

impl Line {
    fn ringing() -> Self {
        Self::ringing_with(RoomLimits::default())
    }

    fn ringing_with(limits: RoomLimits) -> Self {
        let mut bench = Bench::with_limits(limits);
        let (ada, bob) = (bench.enabled("ada", DUPLEX), bench.enabled("bob", DUPLEX));
        bench.told(ada);

        let opened = bench.ask(ada, open());
        assert_eq!(bench.told(ada), [], "held until the callee is known");
        let asked = bench.ask(ada, chunk(FIRST));
        assert_eq!(bench.answer(ada, asked), Content::Empty);

        let told = bench.told(bob);
        let (call, callee_name) = match told.as_slice() {
            [
                ServerFrame::ToolCall { call, tool_call_id, caller_id },
                ServerFrame::CallChunk { tool_call_id: same, chunk: Content::Json(first) },
            ] => {
                assert_eq!((caller_id.as_str(), same), ("ada", tool_call_id));
                let expected =
                    json(r#"{"type":"chat","message_json":"{}","from_participant_id":"ada"}"#);
                assert_eq!(first, &expected);
                (*call, tool_call_id.clone())
            }
            other => panic!("a call, not {other:?}"),
        };
        Self { bench, ada, bob, opened, call, callee_name }
    }

    fn accepted() -> Self {
        let mut line = Self::ringing();
        line.accept();
        let accepted = format!(r#"{{"kind":"accepted","stream_id":"{}"}}"#, line.callee_name);
        let expected = [
            ServerFrame::Response { id: line.opened, content: Content::Open },
            line.to_caller(Content::Json(json(&accepted))),
        ];
        assert_eq!(line.bench.told(line.ada), expected);
        line
    }

    fn accept(&mut self) {
        self.callee_answers(Content::Open);
    }

    fn callee_answers(&mut self, content: Content) {
        let call = self.call;
        self.bench.say(self.bob, ClientFrame::ToolCallResponse { call, content });
    }

    fn callee_says(&mut self, chunk: Content) {
        let (call, tool_call_id) = (self.call, self.callee_name.clone());
        let frame = ClientFrame::ToolCallResponseChunk { call, tool_call_id, chunk };
        self.bench.say(self.bob, frame);
    }

    fn to_caller(&self, chunk: Content) -> ServerFrame {
        ServerFrame::ResponseChunk { tool_call_id: String::from("t"), chunk }
    }

    fn to_callee(&self, chunk: Content) -> ServerFrame {
        ServerFrame::CallChunk { tool_call_id: self.callee_name.clone(), chunk }
    }

    /// The call is over for both: chunks are answered and go nowhere.
    fn assert_over(&mut self) {
        let asked = self.bench.ask(self.ada, chunk("{}"));
        assert_eq!(self.bench.answer(self.ada, asked), Content::Empty);
        self.callee_answers(Content::Open);
        self.callee_says(close());
        assert_eq!(self.bench.told(self.ada), []);
        assert_eq!(self.bench.told(self.bob), []);
    }
}

#[test]
fn an_accepted_call_carries_chunks_both_ways() {
    let mut line = Line::accepted();

    let asked = line.bench.ask(line.ada, chunk(r#"{"type":"a","message_json":"{}"}"#));
    assert_eq!(line.bench.answer(line.ada, asked), Content::Empty);
    let relayed = line.to_callee(Content::Json(json(r#"{"type":"a","message_json":"{}"}"#)));
    assert_eq!(line.bench.told(line.bob), [relayed]);

    let reply = Content::Json(json(r#"{"kind":"message","type":"b","message":{}}"#));
    line.callee_says(reply.clone());
    assert_eq!(line.bench.told(line.ada), [line.to_caller(reply)]);
    assert_eq!(line.bench.told(line.bob), [], "chunks of the callee are never answered");
}

#[test]
fn what_comes_before_acceptance_is_held_back() {
    let mut line = Line::ringing();
    line.bench.ask(line.ada, chunk(r#"{"n":1}"#));
    line.bench.ask(line.ada, chunk(r#"{"n":2}"#));
    assert_eq!(line.bench.told(line.bob), []);

    line.accept();

    let expected =
        [r#"{"n":1}"#, r#"{"n":2}"#].map(|text| line.to_callee(Content::Json(json(text))));
    assert_eq!(line.bench.told(line.bob), expected);
}

#[test]
fn what_is_held_back_is_bounded() {
    let mut line = Line::ringing_with(RoomLimits { max_held_bytes: 10, ..RoomLimits::default() });

    line.bench.ask(line.ada, chunk(r#"{"n":"0123456789"}"#));

    let told = line.bench.told(line.ada);
    let is_refusal = |frame: &ServerFrame| match frame {
        ServerFrame::Response { id, content } => *id == line.opened && code(content) == Some(1008),
        _ => false,
    };
    assert!(told.iter().any(is_refusal), "{told:?}");
    assert_eq!(line.bench.told(line.bob), [line.to_callee(close())]);
    line.assert_over();
}

#[test]
fn a_refusal_is_passed_on() {
    let mut line = Line::ringing();
    let refusal = Content::Error { text: String::from("not now"), code: None };

    line.callee_answers(refusal.clone());

    assert_eq!(line.bench.answer(line.ada, line.opened), refusal);
    line.assert_over();
}

#[test]
fn the_caller_closes() {
    let mut line = Line::accepted();
    line.bench.ask(line.ada, close_chunk());
    line.bench.told(line.ada);
    assert_eq!(line.bench.told(line.bob), [line.to_callee(close())]);
    line.assert_over();
}

#[test]
fn the_caller_closes_before_acceptance() {
    let mut line = Line::ringing();
    line.bench.ask(line.ada, close_chunk());
    assert_eq!(line.bench.told(line.bob), [line.to_callee(close())]);
    let answers = line.bench.told(line.ada).len();
    assert_eq!(answers, 2, "to the chunk, and to the request");
    line.assert_over();
}

#[test]
fn the_callee_closes() {
    let mut line = Line::accepted();
    line.callee_says(close());
    assert_eq!(line.bench.told(line.ada), [line.to_caller(close())]);
    line.assert_over();
}

#[test]
fn the_caller_is_lost() {
    for line in [Line::ringing(), Line::accepted()] {
        let mut line = line;
        line.bench.leave(line.ada);
        let told = line.bench.told(line.bob);
        assert_eq!(told.last(), Some(&line.to_callee(close())), "after the news that ada left");
    }
}

#[test]
fn who_calls_itself_and_leaves_is_told_nothing() {
    let mut bench = Bench::new();
    let bob = bench.enabled("bob", DUPLEX);
    bench.ask(bob, open());
    bench.ask(bob, chunk(FIRST));
    assert!(matches!(bench.told(bob).first(), Some(ServerFrame::ToolCall { .. })));

    bench.leave(bob);

    assert_eq!(bench.told(bob), []);
}

#[test]
fn the_callee_is_lost() {
    let mut line = Line::ringing();
    line.bench.leave(line.bob);
    let told = line.bench.told(line.ada);
    let text = String::from("the participant was not found");
    let content = Content::Error { text, code: Some(1003) };
    assert_eq!(told.last(), Some(&ServerFrame::Response { id: line.opened, content }));

    let mut line = Line::accepted();
    line.bench.leave(line.bob);
    assert_eq!(line.bench.told(line.ada).last(), Some(&line.to_caller(close())));
}

#[test]
fn who_cannot_be_called_is_refused_at_once() {
    let to =
        |to: &str| format!(r#"{{"to_participant_id":"{to}","type":"x","message_json":"{{}}"}}"#);
    let cases = [
        (chunk(&to("nobody")), 1003),
        (chunk(&to("guest")), 1003),
        (chunk(&to("ours")), 1008),
        (chunk(r#"{"type":"x"}"#), 1002),
        (close_chunk(), 1002),
    ];
    for (first, expected) in cases {
        let mut bench = Bench::new();
        let (ada, ours) = (bench.enabled("ada", DUPLEX), bench.enabled("ours", OURS));
        bench.join("guest", DUPLEX);
        bench.told(ada);
        let opened = bench.ask(ada, open());

        bench.ask(ada, first.clone());

        let told = bench.told(ada);
        let ServerFrame::Response { id, content } = &told[0] else { panic!("{told:?}") };
        assert_eq!((*id, code(content)), (opened, Some(expected)), "{first:?}");
        assert_eq!(bench.told(ours), []);
    }
}

#[test]
fn two_calls_of_one_name_and_too_many_calls_are_refused() {
    let mut bench = Bench::with_limits(RoomLimits { max_calls: 2, ..RoomLimits::default() });
    let ada = bench.enabled("ada", DUPLEX);
    bench.ask(ada, open());

    let again = bench.ask(ada, open());
    assert_eq!(code(&bench.answer(ada, again)), Some(1006));

    bench.ask(ada, Request::OpenCall { tool_call_id: String::from("u") });
    let third = bench.ask(ada, Request::OpenCall { tool_call_id: String::from("v") });
    assert_eq!(code(&bench.answer(ada, third)), Some(1008));
}

#[test]
fn nobody_else_speaks_for_the_callee() {
    let mut line = Line::ringing();
    let eve = line.bench.enabled("eve", DUPLEX);
    line.bench.told(line.ada);
    let call = line.call;

    line.bench.say(eve, ClientFrame::ToolCallResponse { call, content: Content::Open });
    assert_eq!(line.bench.told(line.ada), []);

    line.accept();
    line.bench.told(line.ada);
    let tool_call_id = line.callee_name.clone();
    let frame = ClientFrame::ToolCallResponseChunk { call, tool_call_id, chunk: close() };
    line.bench.say(eve, frame);
    assert_eq!(line.bench.told(line.ada), []);
}
