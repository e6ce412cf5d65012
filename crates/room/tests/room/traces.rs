//! To whom the trace of a message goes.

use room_proto::{ClientFrame, Delivered, MessageId, Request, ServerFrame, Trace};

use crate::bench::{Bench, DUPLEX, OLD, OURS, outgoing, send};

const VALUE: &str =
    r#"{"v":1,"otel":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}"#;

#[test]
fn only_our_own_clients_are_told_of_a_trace() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", DUPLEX), bench.enabled("bob", OURS));
    let (old, new) = (bench.enabled("old", OLD), bench.enabled("new", DUPLEX));
    for member in [ada, bob, old] {
        bench.told(member);
    }
    let trace = Trace::read(VALUE);
    assert!(trace.is_some());

    for request in [
        send("bob", "chat"),
        send("old", "chat"),
        send("new", "chat"),
        Request::Broadcast { outgoing: outgoing("chat") },
    ] {
        let frame = ClientFrame::Request { id: MessageId(1), request };
        bench.room.handle_traced(ada, Ok(frame), trace.clone());
        bench.drain();
    }

    assert_eq!(traces(bench.told(bob)), [trace.clone(), trace]);
    assert_eq!(traces(bench.told(old)), [None, None]);
    assert_eq!(traces(bench.told(new)), [None, None]);
}

#[test]
fn a_trace_goes_with_its_own_message_only() {
    let mut bench = Bench::new();
    let (ada, bob) = (bench.enabled("ada", OURS), bench.enabled("bob", OURS));
    bench.told(ada);

    // The first is refused, the second is nobody's, the third is not a message.
    let messages = [send("bob", "participant.enabled"), send("nobody", "chat"), Request::Enable];
    for request in messages {
        let frame = ClientFrame::Request { id: MessageId(1), request };
        bench.room.handle_traced(ada, Ok(frame), Trace::read(VALUE));
        bench.drain();
    }
    bench.told(bob);
    bench.ask(ada, send("bob", "chat"));

    assert_eq!(traces(bench.told(bob)), [None]);
}

fn traces(told: Vec<ServerFrame>) -> Vec<Option<Trace>> {
    let traces = told.into_iter().filter_map(|frame| match frame {
        ServerFrame::Message(Delivered { kind, trace, .. }) => (kind == "chat").then_some(trace),
        _ => None,
    });
    traces.collect()
}
