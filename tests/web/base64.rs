//! What official servers read: base64, written with vectors, beside the browser's own.

use bytes::Bytes;
use room_proto::{ClientFrame, JsonText, MessageId, Outgoing, Request, frame::ClientDialect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen]
extern "C" {
    fn btoa(bytes: &str) -> String;
}

#[wasm_bindgen_test]
fn attachments_of_every_length_are_written_as_the_browser_does() {
    let bytes: Vec<u8> = (0..512_u32).map(|n| ((n * 167) >> (n >> 8)) as u8).collect();
    for len in (1..100).chain([bytes.len()]) {
        let attachment = &bytes[bytes.len() - len..];
        let characters: String = attachment.iter().copied().map(char::from).collect();
        let expected = format!(r#""attachment_base64":"{}""#, btoa(&characters));
        assert!(broadcast(attachment).contains(&expected), "{len} bytes");
    }
}

/// The JSON of a message in the words of official clients.
fn broadcast(attachment: &[u8]) -> String {
    let message = JsonText::empty_object();
    let attachment = Bytes::copy_from_slice(attachment);
    let outgoing = Outgoing { kind: "x".into(), message, attachment };
    let request = Request::Broadcast { outgoing };
    let frame = ClientFrame::Request { id: MessageId(1), request };
    let message = frame.encode(&ClientDialect::ours_toolkit());
    String::from_utf8(message.body[8..].to_vec()).unwrap()
}
