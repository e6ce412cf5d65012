//! Payloads that a driver does not read in.

use bytes::Bytes;
use proptest::prelude::*;
use room_proto::{
    Batch, Content, Delivered, Event, Input, MessageId, ServerFrame, batch::payload_start,
    body::BodyForm,
};

use crate::bench::{Bench, Server, json};

fn message(text: &str, attachment: usize) -> ServerFrame {
    ServerFrame::Message(Delivered {
        from: "ada".into(),
        kind: String::from("photo"),
        message: json(&format!(r#"{{"text":"{text}"}}"#)),
        attachment: Bytes::from(vec![7; attachment]),
        trace: None,
    })
}

fn together<'a>(frames: impl IntoIterator<Item = &'a ServerFrame>) -> Bytes {
    let mut batch = Batch::default();
    for (id, frame) in frames.into_iter().enumerate() {
        let message = frame.encode(MessageId(id as u64), BodyForm::Packed);
        message.packets(usize::MAX).into_iter().for_each(|packet| batch.push(packet));
    }
    batch.take().unwrap()
}

fn start_in(bytes: &Bytes, head: usize) -> Option<usize> {
    payload_start(&bytes[..head.min(bytes.len())], bytes.len())
}

proptest! {
    #[test]
    fn the_last_payload_is_counted_and_given_out_and_not_read(
        before in prop::collection::vec(0_usize..200, 0..8),
        payload in 5000_usize..40_000,
        anything: u8,
    ) {
        let before: Vec<_> = before.into_iter().map(|bytes| message("small", bytes)).collect();
        let large = message("large", payload);
        let bytes = together(before.iter().chain([&large]));

        let start = start_in(&bytes, 4096).unwrap();
        prop_assert_eq!(start, bytes.len() - payload);
        let mut unread = bytes.to_vec();
        unread[start..].fill(anything);
        let unread = Bytes::from(unread);
        let mut bench = Bench::joined(Server::Ours);
        bench.input(Input::Received(&unread));

        let mut events = bench.events();
        let Some(Event::Message(last)) = events.pop() else { panic!("it is a message") };
        prop_assert_eq!(last.attachment.as_ptr_range(), unread[start..].as_ptr_range());
        let small: Vec<_> = before
            .into_iter()
            .map(|frame| match frame {
                ServerFrame::Message(delivered) => Event::Message(delivered),
                _ => panic!("they are messages"),
            })
            .collect();
        prop_assert_eq!(events, small);
    }

    #[test]
    fn nothing_that_comes_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..100), more: u16) {
        let head = [[0xff; 8].as_slice(), &[0, 0, 0, 5], &bytes].concat();
        let start = payload_start(&head, head.len() + usize::from(more));
        prop_assert!(start.is_none_or(|start| start <= head.len()));
    }
}

#[test]
fn what_the_session_looks_at_is_read() {
    let large = message("large", 10_000);
    let content = Content::Text("x".repeat(10_000));
    let answer = ServerFrame::Response { id: MessageId(1), content };
    let alone: Bytes =
        large.encode(MessageId(1), BodyForm::Packed).packets(usize::MAX).pop().unwrap();

    assert_eq!(start_in(&together([&message(&"long".repeat(2000), 10_000)]), 4096), None);
    assert_eq!(start_in(&together([&large, &message("small", 1)]), 4096), None);
    assert_eq!(start_in(&together([&answer]), 4096), None);
    assert_eq!(start_in(&alone, 4096), None);
    let whole = together([&large]);
    assert_eq!(start_in(&whole.slice(..whole.len() - 1), 4096), None, "it is cut short");
}

#[test]
fn a_large_packet_is_the_last_of_its_batch() {
    let mut batch = Batch::default();
    batch.push(Bytes::from(vec![0; 1000]));
    assert!(!batch.is_full());
    batch.push(Bytes::from(vec![0; 20_000]));
    assert!(batch.is_full());
}
