//! Streams: offers, chunks both as calls and as the browser's streams, and every ending.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{ReadableStream, WritableStream};

use crate::{
    page::{Chunk, ReadResult, elements, equal, is_pending, pattern, read_all, read_bytes, throws},
    world::{Page, World, ended, hears, option, settled},
};

const WINDOW_BYTES: u32 = 4096;

fn chunk(header: f64, data: &Uint8Array) -> JsValue {
    let chunk: Chunk = js_sys::Object::new().unchecked_into();
    chunk.set_header(&JsValue::from_f64(header));
    chunk.set_data(data);
    chunk.into()
}

async fn read(stream: &ReadableStream) -> ReadResult {
    let reader: web_sys::ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let result = settled(&reader.read(), "read").await;
    reader.release_lock();
    result.unchecked_into()
}

async fn is_waiting(promise: &js_sys::Promise) -> bool {
    settled(&is_pending(promise), "is it pending").await.as_bool().unwrap()
}

/// Two pages whose streams hold few bytes.
async fn narrow_pair(world: &World) -> (Page, Page) {
    world.pair_with(&option("streamWindowBytes", WINDOW_BYTES)).await
}

#[wasm_bindgen_test]
async fn chunks_arrive_in_order_with_their_headers_and_then_the_end() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (writer, reader) = ann.stream_to(&ben).await;

    for number in 0..20 {
        let written = writer.write(&number.to_string(), &pattern(number * 100));
        settled(&written, "write").await;
    }
    let closed = writer.close();
    let chunks = settled(&read_all(&reader.readable()), "read all").await;
    settled(&closed, "close").await;

    let chunks = elements(&chunks);
    assert_eq!(chunks.len(), 20);
    for (number, chunk) in chunks.into_iter().enumerate() {
        let chunk: Chunk = chunk.unchecked_into();
        assert_eq!(chunk.header().as_f64(), Some(number as f64));
        assert!(equal(&chunk.data(), &pattern(number * 100)));
    }
    hears(&ann, &format!("closed {} cleanly", writer.stream_id())).await;
    hears(&ben, &format!("closed {} cleanly", reader.stream_id())).await;
}

#[wasm_bindgen_test]
async fn bytes_are_cut_to_fit_and_arrive_whole() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (writer, reader) = ann.stream_to(&ben).await;
    let bytes = pattern(3_000_001);

    let into = writer.bytes().get_writer().unwrap();
    let sent = into.write_with_chunk(&bytes);
    let closed = into.close();
    let arrived = settled(&read_bytes(&reader.bytes()), "read bytes").await;
    settled(&sent, "write").await;
    settled(&closed, "close").await;

    assert!(equal(&bytes, &arrived.unchecked_into()));
}

#[wasm_bindgen_test]
async fn a_writer_waits_for_its_reader() {
    let world = World::new();
    let (ann, ben) = narrow_pair(&world).await;
    let (writer, reader) = ann.stream_to(&ben).await;
    let into = writer.writable().get_writer().unwrap();

    settled(&into.write_with_chunk(&chunk(0.0, &pattern(1000))), "there is room").await;
    let second = into.write_with_chunk(&chunk(1.0, &pattern(4000)));
    assert!(is_waiting(&second).await, "the window is full");
    assert_eq!(into.desired_size().unwrap(), Some(0.0));
    assert!(writer.desired_size() <= 0.0);

    let readable = reader.readable();
    read(&readable).await;
    assert!(is_waiting(&second).await, "less than half of the window has been read");
    read(&readable).await;
    settled(&second, "there is room again").await;
    assert!(writer.desired_size() > 0.0);
}

#[wasm_bindgen_test]
async fn a_full_socket_makes_writers_wait() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (writer, _reader) = ann.stream_to(&ben).await;

    ann.socket.set_buffered_amount(64 * 1024 * 1024);
    let written = writer.write("null", &pattern(10));
    assert!(is_waiting(&written).await);
    assert!(writer.desired_size() <= 0.0);

    ann.socket.set_buffered_amount(0);
    settled(&written, "the buffer is empty").await;
}

#[wasm_bindgen_test]
async fn a_refusal_is_passed_on() {
    let world = World::new();
    let (ann, ben) = world.pair().await;

    let writer = ann.core.open_stream("ben", "refused", "{}").unwrap();
    hears(&ben, "offer refused").await;
    ben.ear.offers().pop().unwrap().reject("not now");
    let text = ended(&writer.opened(), "opened").await;
    assert_eq!(text, "RoomError stream-rejected: not now");
}

#[wasm_bindgen_test]
async fn an_offer_that_was_withdrawn_cannot_be_accepted() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let writer = ann.core.open_stream("ben", "withdrawn", "{}").unwrap();
    hears(&ben, "offer withdrawn").await;

    writer.abort("changed my mind");
    let text = ended(&writer.opened(), "opened").await;
    assert!(text.starts_with("RoomError aborted"), "{text}");

    let reader = ben.ear.offers().pop().unwrap();
    let text = ended(&reader.closed(), "closed").await;
    assert_eq!(text, "RoomError stream-aborted: changed my mind");
    let call = Closure::new(move || reader.accept());
    assert_eq!(throws(&call), "RoomError stream-aborted");
}

#[wasm_bindgen_test]
async fn an_abort_is_an_error_for_the_reader_and_never_an_end() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (writer, reader) = ann.stream_to(&ben).await;
    let reading = read_bytes(&reader.bytes());

    settled(&writer.write("null", &pattern(10)), "write").await;
    let into: WritableStream = writer.writable();
    let reason = JsValue::from_str("the disk is full");
    settled(&into.abort_with_reason(&reason), "abort").await;

    let text = ended(&reading, "reading").await;
    assert_eq!(text, "RoomError stream-aborted: the disk is full");
}

#[wasm_bindgen_test]
async fn a_cancel_is_an_error_for_the_writer() {
    let world = World::new();
    let (ann, ben) = narrow_pair(&world).await;
    let (writer, reader) = ann.stream_to(&ben).await;
    let written = writer.write("null", &pattern(WINDOW_BYTES as usize));

    let reason = JsValue::from_str("enough");
    settled(&reader.readable().cancel_with_reason(&reason), "cancel").await;

    let text = ended(&written, "write").await;
    assert_eq!(text, "RoomError stream-aborted: enough");
    let text = ended(&writer.write("null", &pattern(1)), "write").await;
    assert_eq!(text, "RoomError stream-aborted: enough", "later writes hear the same");
}

#[wasm_bindgen_test]
async fn a_peer_that_leaves_is_an_error_at_the_other_end() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (_writer, reader) = ann.stream_to(&ben).await;
    let reading = read_bytes(&reader.bytes());
    ann.lose_connection(&world);
    let text = ended(&reading, "reading").await;
    assert!(text.starts_with("RoomError peer-left"), "{text}");

    let (ann, ben) = World::new().pair().await;
    let (writer, _reader) = ann.stream_to(&ben).await;
    ben.core.close();
    hears(&ann, &format!("closed {} peer-left", writer.stream_id())).await;
    let text = ended(&writer.write("null", &pattern(1)), "write").await;
    assert!(text.starts_with("RoomError peer-left"), "{text}");
}

#[wasm_bindgen_test]
async fn what_is_no_chunk_fails_the_write_and_the_stream() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    for wrong in [JsValue::NULL, JsValue::from_str("text"), JsValue::from_f64(1.0)] {
        let (writer, reader) = ann.stream_to(&ben).await;
        let reading = read_bytes(&reader.bytes());
        let into = writer.writable().get_writer().unwrap();

        let text = ended(&into.write_with_chunk(&wrong), "write").await;

        assert!(text.starts_with("RoomError invalid-argument"), "{wrong:?}: {text}");
        let text = ended(&reading, "reading").await;
        assert!(text.starts_with("RoomError stream-aborted"), "{wrong:?}: {text}");
        let closed = JsFuture::from(into.closed()).await;
        assert!(closed.is_err());
    }
}
