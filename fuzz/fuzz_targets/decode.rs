//! Bytes from the wire, read by both ends: no input may do more than be refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use room_proto::{
    Assembler, ClientFrame, Control, Limits, Message, ServerFrame, body::BodyForm,
    frame::ClientDialect,
};

fuzz_target!(|messages: Vec<Vec<u8>>| {
    let limits = Limits { max_message_bytes: 64 * 1024, ..Limits::default() };
    let mut assembler = Assembler::new(limits);
    for bytes in &messages {
        let _ = Control::decode(bytes);
        if let Ok(Some(message)) = assembler.push(bytes) {
            assert!(message.body.len() <= limits.max_message_bytes);
            read_client(&message, &limits);
            read_server(&message, &limits);
        }
    }
});

/// What was understood can be said again, and is understood the same.
fn read_client(message: &Message, limits: &Limits) {
    if let Ok(frame) = ClientFrame::decode(message, limits)
        && let Ok(again) =
            ClientFrame::decode(&frame.encode(&ClientDialect::ours_direct()), &Limits::default())
    {
        assert_eq!(again, frame);
    }
}

fn read_server(message: &Message, limits: &Limits) {
    if let Ok(frame) = ServerFrame::decode(message, limits)
        && !matches!(frame, ServerFrame::Unknown { .. })
    {
        let said = frame.encode(message.id, BodyForm::Packed);
        let again = ServerFrame::decode(&said, &Limits::default()).expect("our own words");
        assert_eq!(again, frame);
    }
}
