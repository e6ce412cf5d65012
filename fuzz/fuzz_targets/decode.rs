//! Bytes from the wire, read by both ends: no input may do more than be refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use room_proto::{Assembler, ClientFrame, Control, Limits, ServerFrame};

fuzz_target!(|messages: Vec<Vec<u8>>| {
    let limits = Limits { max_message_bytes: 64 * 1024, ..Limits::default() };
    let mut assembler = Assembler::new(limits);
    for bytes in &messages {
        let _ = Control::decode(bytes);
        if let Ok(Some(message)) = assembler.push(bytes) {
            assert!(message.body.len() <= limits.max_message_bytes);
            let _ = ClientFrame::decode(&message, &limits);
            let _ = ServerFrame::decode(&message, &limits);
        }
    }
});
