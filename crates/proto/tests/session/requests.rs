//! Answers, errors and the lack of them.

use std::time::Duration;

use room_proto::{
    Config, Content, ErrorCode, Event, Input, MessageId, Output, RequestId, ServerFrame,
    SessionError, body::BodyForm,
};

use crate::bench::{Bench, Server, outgoing};

fn send(bench: &mut Bench) -> RequestId {
    bench.session.send(bench.now, &"ada".into(), outgoing("chat", "{}", b"")).unwrap()
}

/// Four requests one after the other, with what the first is called on the wire.
fn send_four(bench: &mut Bench) -> (MessageId, [RequestId; 4]) {
    let request = send(bench);
    let (first, _) = bench.asked();
    (first, [request, send(bench), send(bench), send(bench)])
}

fn failures(bench: &mut Bench) -> Vec<(RequestId, ErrorCode)> {
    let answered = bench.events().into_iter().filter_map(|event| match event {
        Event::Answered { request, result } => Some((request, result.unwrap_err().code)),
        _ => None,
    });
    answered.collect()
}

#[test]
fn error_answers_have_codes() {
    let cases = [
        (Some(1001), "no", ErrorCode::PermissionDenied),
        (Some(1002), "no", ErrorCode::InvalidRequest),
        (Some(1003), "gone", ErrorCode::ParticipantNotFound),
        (None, "the participant was not found", ErrorCode::ParticipantNotFound),
        (Some(1009), "no", ErrorCode::Timeout),
        (Some(2001), "no", ErrorCode::ServerError),
        (None, "no", ErrorCode::ServerError),
    ];
    for (code, text, expected) in cases {
        let mut bench = Bench::joined(Server::Ours);
        let request = send(&mut bench);

        let (id, _) = bench.asked();
        bench.answer(id, Content::Error { text: text.to_owned(), code });

        match bench.events().as_slice() {
            [Event::Answered { request: answered, result: Err(error) }] => {
                assert_eq!(*answered, request);
                assert_eq!((error.code, error.message.as_str()), (expected, text));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn answers_are_matched_by_id_in_any_order() {
    let mut bench = Bench::joined(Server::Ours);
    let first = send(&mut bench);
    let second = send(&mut bench);

    bench.answer(MessageId(9), Content::Empty);
    bench.answer(MessageId(2), Content::Empty);
    bench.fail(MessageId(1), 1008, "no");

    match bench.events().as_slice() {
        [
            Event::Answered { request: a, result: Ok(()) },
            Event::Answered { request: b, result: Err(_) },
        ] => assert_eq!((*a, *b), (second, first)),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.session.next_wakeup(), None);
}

#[test]
fn a_request_without_an_answer_times_out() {
    let mut bench = Bench::joined(Server::Ours);
    let request = send(&mut bench);
    bench.wait(Duration::from_secs(10));
    let second = send(&mut bench);

    bench.wait(Duration::from_millis(19_999));
    assert_eq!(bench.events(), []);

    bench.wait(Duration::from_millis(1));
    assert_eq!(failures(&mut bench), [(request, ErrorCode::Timeout)]);

    bench.wait(Duration::from_secs(10));
    assert_eq!(failures(&mut bench), [(second, ErrorCode::Timeout)]);
    bench.answer(MessageId(1), Content::Empty);
    assert_eq!(bench.events(), [], "a late answer concerns nobody");
}

#[test]
fn large_messages_have_time_to_get_through_a_slow_uplink() {
    let mut bench = Bench::joined(Server::Ours);
    let outgoing = outgoing("photo", "{}", &[0; 1024 * 1024]);
    let large = bench.session.broadcast(bench.now, outgoing).unwrap();
    let small = send(&mut bench);

    bench.wait(Duration::from_secs(60));
    assert_eq!(bench.events(), []);

    bench.wait(Duration::from_secs(60));
    assert_eq!(
        failures(&mut bench),
        [(large, ErrorCode::Timeout), (small, ErrorCode::Timeout)],
        "what waits behind it has the same time"
    );
}

#[test]
fn everything_is_answered_before_the_end() {
    let mut bench = Bench::joined(Server::Official);
    let first = send(&mut bench);
    let enabling = bench.session.enable(bench.now).unwrap();
    let second = send(&mut bench);

    bench.input(Input::Closed { code: None, reason: "" });

    let events = bench.events();
    let mut answered = Vec::new();
    for event in &events[..3] {
        match event {
            Event::Answered { request, result: Err(error) } => {
                assert_eq!(error.code, ErrorCode::ConnectionLost);
                answered.push(*request);
            }
            other => panic!("{other:?}"),
        }
    }
    answered.sort();
    assert_eq!(answered, [first, enabling, second]);
    assert!(matches!(&events[3..], [Event::Ended(_)]));
    let error = bench.session.broadcast(bench.now, outgoing("chat", "{}", b"")).unwrap_err();
    assert_eq!(error.code, ErrorCode::ConnectionLost, "commands fail with the ending's code");
}

#[test]
fn the_time_for_an_answer_is_a_setting() {
    let config = Config { request_timeout: Duration::from_secs(2), ..Config::default() };
    let mut bench = Bench::joined_with(Server::Ours, config);
    let request = send(&mut bench);

    bench.wait(Duration::from_secs(2));

    assert_eq!(failures(&mut bench), [(request, ErrorCode::Timeout)]);
}

#[test]
fn one_message_answers_requests_one_after_the_other() {
    let mut bench = Bench::joined(Server::Ours);
    let (first, requests) = send_four(&mut bench);

    bench.receive(ServerFrame::Responses { first, count: 3 });

    let done =
        requests[..3].iter().map(|request| Event::Answered { request: *request, result: Ok(()) });
    assert_eq!(bench.events(), done.collect::<Vec<_>>());
    // What is answered already, or was never asked, is nobody's.
    bench.receive(ServerFrame::Responses { first, count: ServerFrame::MAX_RESPONSES });
    let last = Event::Answered { request: requests[3], result: Ok(()) };
    assert_eq!(bench.events(), [last]);
}

#[test]
fn what_is_done_after_a_request_can_be_taken_at_once() {
    let mut bench = Bench::joined(Server::Ours);
    let (first, requests) = send_four(&mut bench);
    let refused = Content::Error { text: "no".into(), code: None };
    assert_eq!(bench.events(), []);

    let answers = [
        ServerFrame::Responses { first, count: 2 },
        ServerFrame::Response { id: MessageId(first.0 + 2), content: refused },
        ServerFrame::Response { id: MessageId(first.0 + 3), content: Content::Empty },
    ];
    for packet in
        answers.iter().flat_map(|answer| answer.encode(first, BodyForm::Packed).packets(1024))
    {
        bench.session.handle_input(bench.now, Input::Received(&packet));
    }

    let before = RequestId(requests[0].0 - 1);
    assert_eq!(bench.session.poll_done_after(before), requests[1]);
    // The failure is next, and is told as one.
    assert_eq!(bench.session.poll_done_after(requests[1]), requests[1]);
    let result = Err(SessionError::new(ErrorCode::ServerError, "no"));
    let failed = Output::Event(Event::Answered { request: requests[2], result });
    assert_eq!(bench.session.poll_output(), Some(failed));
    // What is done next is not what comes after that one.
    assert_eq!(bench.session.poll_done_after(requests[1]), requests[1]);
    assert_eq!(bench.session.poll_done_after(requests[2]), requests[3]);
    assert_eq!(bench.session.poll_output(), None);
}

#[test]
fn nobody_answers_more_requests_than_there_can_be() {
    let mut bench = Bench::joined(Server::Ours);
    let (first, count) = (MessageId(u64::MAX), ServerFrame::MAX_RESPONSES + 1);

    bench.receive(ServerFrame::Responses { first, count });

    let events = bench.events();
    let [Event::Ended(error)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(error.code, ErrorCode::ProtocolError);
}
