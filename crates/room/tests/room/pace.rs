//! How fast a member may speak.

use std::time::Duration;

use room::{Pace, Verdict};
use room_proto::{ClientFrame, Content, MessageId, Request, content::codes, frame::FrameError};

use crate::bench::{Bench, OURS, json, outgoing, send};

type Said = Result<ClientFrame, FrameError>;

fn request(request: Request) -> Said {
    Ok(ClientFrame::Request { id: MessageId(7), request })
}

fn chunk() -> Request {
    Request::CallChunk { tool_call_id: String::from("t"), chunk: Content::Empty }
}

fn passes(pace: &mut Pace, now: Duration, said: &Said) -> bool {
    pace.judge(now, said) == Verdict::Pass
}

const START: Duration = Duration::from_secs(1000);

#[test]
fn after_silence_twice_as_many_messages_pass_at_once() {
    let mut pace = Pace::new(10);
    let said = request(send("bob", "chat"));

    let passed = (0..100).filter(|_| passes(&mut pace, START, &said)).count();
    assert_eq!(passed, 20);
}

#[test]
fn in_the_long_run_so_many_pass_in_a_second() {
    let mut pace = Pace::new(10);
    let said = request(send("bob", "chat"));

    let mut passed = 0;
    for millisecond in 0..100_000 {
        let now = START + Duration::from_millis(millisecond);
        passed += usize::from(passes(&mut pace, now, &said));
    }
    assert_eq!(passed, 20 + 999, "the burst, and ten for every second after it");
}

#[test]
fn who_is_refused_may_speak_again_when_a_token_has_come() {
    let mut pace = Pace::new(10);
    let said = request(Request::Broadcast { outgoing: outgoing("news") });
    while passes(&mut pace, START, &said) {}

    assert!(!passes(&mut pace, START + Duration::from_millis(99), &said));
    assert!(passes(&mut pace, START + Duration::from_millis(100), &said));
    assert!(!passes(&mut pace, START + Duration::from_millis(100), &said));
}

#[test]
fn a_refusal_is_the_answer_to_what_was_asked_and_nothing_is_delivered() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    bench.told(ada);
    let mut pace = Pace::new(1);
    let said = request(send("bob", "chat"));
    while passes(&mut pace, START, &said) {}

    let Verdict::Refuse(error) = pace.judge(START, &said) else { panic!("it passes") };
    bench.room.handle(ada, Err(error));
    bench.drain();

    let text = String::from("too many messages: 1 a second are allowed");
    let refusal = Content::Error { text, code: Some(codes::OPERATION_FAILED) };
    assert_eq!(bench.answer(ada, MessageId(7)), refusal);
    assert_eq!(bench.told(bob), []);
}

#[test]
fn everything_that_is_answered_counts_and_no_part_of_a_stream_does() {
    let nonsense = |answerable| {
        let text = String::from("nonsense");
        Err(FrameError { id: MessageId(7), answerable, code: codes::INVALID_REQUEST, text })
    };
    let attributes = ClientFrame::SetAttributes { id: MessageId(7), attributes: json("{}") };
    let open_call = Request::OpenCall { tool_call_id: String::from("t") };

    for (said, counts) in [
        (request(Request::Enable), true),
        (request(Request::Disable), true),
        (request(open_call), true),
        (request(send("bob", "chat")), true),
        (request(Request::Broadcast { outgoing: outgoing("stream.chunk") }), true),
        (nonsense(true), true),
        (request(send("bob", "stream.chunk")), false),
        (request(chunk()), false),
        (Ok(attributes), false),
        (nonsense(false), false),
    ] {
        let mut pace = Pace::new(1);
        let refused = (0..100).any(|_| matches!(pace.judge(START, &said), Verdict::Refuse(_)));
        assert_eq!(refused, counts, "{said:?}");
    }
}

#[test]
fn chunks_are_slowed_to_eight_times_the_rate_and_leave_messages_alone() {
    let mut pace = Pace::new(1);
    let said = request(chunk());
    let mut now = START;

    for _ in 0..16 {
        assert!(passes(&mut pace, now, &said), "the burst");
    }
    for _ in 0..80 {
        let Verdict::Pause(pause) = pace.judge(now, &said) else { panic!("it does not pause") };
        now += pause;
    }
    assert_eq!(now - START, Duration::from_secs(10));
    assert!(passes(&mut pace, now, &request(send("bob", "chat"))));
}

#[test]
fn no_limit_is_none() {
    let mut pace = Pace::new(0);

    for said in [request(send("bob", "chat")), request(chunk())] {
        assert!((0..100_000).all(|_| passes(&mut pace, START, &said)));
    }
}
