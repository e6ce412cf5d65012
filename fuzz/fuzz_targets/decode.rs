//! Bytes from the wire, read by both ends: no input may do more than be refused.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use room_proto::{
    Assembler, ClientFrame, Control, Limits, Message, ServerFrame, body::BodyForm,
    frame::ClientDialect,
};

fuzz_target!(|messages: Vec<Vec<u8>>| {
    let limits = Limits { max_message_bytes: 64 * 1024, ..Limits::default() };
    let mut assembler = Assembler::new(limits);
    for bytes in messages.into_iter().map(Bytes::from) {
        let _ = Control::decode(&bytes);
        if let Ok(Some(message)) = assembler.push(&bytes, &bytes) {
            assert!(message.body.len() <= limits.max_message_bytes);
            read_client(&message, &limits);
            read_server(&message, &limits);
        }
    }
});

/// What was understood can be said again, and is understood the same.
fn read_client(message: &Message, limits: &Limits) {
    if let Ok(frame) = ClientFrame::decode(message, limits)
        && let Ok(again) = ClientFrame::decode(
            &sent(&frame.encode(&ClientDialect::ours_direct())),
            &Limits::default(),
        )
    {
        assert_eq!(again, frame);
    }
}

fn read_server(message: &Message, limits: &Limits) {
    if let Ok(frame) = ServerFrame::decode(message, limits)
        && !matches!(frame, ServerFrame::Unknown { .. })
    {
        let said = sent(&frame.encode(message.id, BodyForm::Packed));
        let again = ServerFrame::decode(&said, &Limits::default()).expect("our own words");
        assert_eq!(again, frame);
    }
}

/// A message as the other side gets it.
fn sent(message: &Message) -> Message {
    let mut assembler = Assembler::new(Limits::default());
    let packets = message.packets(usize::MAX);
    let read = |bytes: Bytes| assembler.push(&bytes, &bytes).expect("packets");
    let mut whole = packets.into_iter().filter_map(read);
    whole.next().expect("the last packet completes it")
}
