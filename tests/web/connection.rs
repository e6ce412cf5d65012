//! How connections begin and end.

use js_sys::Promise;
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    page::{Recorder, is_pending, throws},
    world::{World, core, ended, hears, option, settled},
};

#[wasm_bindgen_test]
async fn connecting_tells_of_the_room() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);
    assert!(page.core.place().is_none());

    world.connect(&page).await;

    let place = page.core.place().unwrap();
    assert_eq!(place.participant_id(), "ann");
    assert_eq!(place.room_name(), "lobby");
    assert_eq!(place.session_id(), "run-1");
    assert!(page.core.local_attributes().contains(r#""name":"ann""#));
    assert!(!page.core.is_enabled());
}

#[wasm_bindgen_test]
async fn what_the_socket_says_before_there_is_an_engine_is_not_lost() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);

    page.core.hold(page.socket.as_ref());
    page.socket.open();
    world.seat(&page);
    let connected = page.core.connect(page.socket.as_ref());

    settled(&connected, "connect").await;
    assert_eq!(page.core.place().unwrap().participant_id(), "ann");
    settled(&page.core.enable(), "enable").await;
}

#[wasm_bindgen_test]
async fn a_socket_that_closes_before_there_is_an_engine_is_a_refusal_with_its_reason() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);

    page.core.hold(page.socket.as_ref());
    page.socket.open();
    page.socket.end(1000, "the token has expired");
    let connected = page.core.connect(page.socket.as_ref());

    let text = ended(&connected, "connect").await;
    assert!(text.starts_with("RoomError connection-refused"), "{text}");
    assert!(text.contains("the token has expired"), "{text}");
}

#[wasm_bindgen_test]
async fn a_refused_connection_rejects_and_ends() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);

    let connected = page.core.connect(page.socket.as_ref());
    page.socket.end(1006, "");

    let text = ended(&connected, "connect").await;
    assert!(text.starts_with("RoomError connection-refused"), "{text}");
    assert_eq!(page.ear.count("ended connection-refused"), 1);
}

#[wasm_bindgen_test]
async fn a_refusal_without_a_close_event_is_noticed() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);

    let connected = page.core.connect(page.socket.as_ref());
    page.socket.fail();

    let text = ended(&connected, "connect").await;
    assert!(text.starts_with("RoomError connection-refused"), "{text}");
}

#[wasm_bindgen_test]
async fn the_reason_of_a_refusal_is_in_the_message() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);

    let connected = page.core.connect(page.socket.as_ref());
    page.socket.open();
    page.socket.end(1000, "the token has expired");

    let text = ended(&connected, "connect").await;
    assert!(text.contains("the token has expired"), "{text}");
}

#[wasm_bindgen_test]
async fn a_socket_that_never_opens_is_given_up() {
    let world = World::new();
    let page = world.page("ann", &option("handshakeTimeoutMs", 20));

    let connected = page.core.connect(page.socket.as_ref());

    let text = ended(&connected, "connect").await;
    assert!(text.starts_with("RoomError timeout"), "{text}");
    assert!(page.socket.ready_state() >= 2, "the socket is closed");
}

#[wasm_bindgen_test]
async fn what_is_not_a_socket_is_refused() {
    let world = World::new();
    for value in [JsValue::UNDEFINED, JsValue::from(7), js_sys::Object::new().into()] {
        let page = world.page("ann", &JsValue::UNDEFINED);
        let text = ended(&page.core.connect(&value), "connect").await;
        assert!(text.starts_with("RoomError invalid-argument"), "{text}");
    }
}

#[wasm_bindgen_test]
async fn a_second_connect_is_refused_and_harms_nothing() {
    let world = World::new();
    let page = world.enabled_page("ann").await;

    let again = page.core.connect(page.socket.as_ref());

    let text = ended(&again, "connect").await;
    assert!(text.starts_with("RoomError invalid-argument"), "{text}");
    assert!(page.core.is_enabled());
}

#[wasm_bindgen_test]
async fn commands_before_the_room_is_ready_are_refused() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);

    let text = ended(&page.core.enable(), "enable").await;

    assert!(text.starts_with("RoomError not-connected"), "{text}");
}

#[wasm_bindgen_test]
async fn closing_is_heard_before_it_returns_and_only_once() {
    let world = World::new();
    let page = world.enabled_page("ann").await;

    page.core.close();
    assert_eq!(page.ear.count("ended closed"), 1);
    assert_eq!(page.socket.ready_state(), 2);

    page.core.close();
    let text = ended(&page.core.send(Some("ben"), "hi", "{}", None), "send").await;
    assert!(text.starts_with("RoomError closed"), "{text}");
    assert_eq!(page.ear.count("ended closed"), 1);
}

#[wasm_bindgen_test]
async fn connecting_after_close_is_refused_and_closes_the_socket() {
    let world = World::new();
    let page = world.page("ann", &JsValue::UNDEFINED);
    page.core.close();

    let connected = page.core.connect(page.socket.as_ref());

    let text = ended(&connected, "connect").await;
    assert!(text.starts_with("RoomError closed"), "{text}");
    assert!(page.socket.ready_state() >= 2, "the socket is closed");
}

#[wasm_bindgen_test]
async fn losing_the_connection_settles_everything() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (writer, _) = ann.stream_to(&ben).await;
    let (_, reader) = ben.stream_to(&ann).await;
    world.ignore();
    let data = crate::page::pattern(6 * 1024 * 1024);
    let stream_reader = web_sys::ReadableStreamDefaultReader::new(&reader.readable()).unwrap();
    let opening = ann.core.open_stream("ben", "late", "{}").unwrap();
    let promises: Vec<(&str, Promise)> = vec![
        ("send", ann.core.send(Some("ben"), "hi", "{}", None)),
        ("broadcast", ann.core.send(None, "hi", "{}", None)),
        ("opened", opening.opened()),
        ("write", writer.write("{}", &data)),
        ("close", writer.close()),
        ("read", stream_reader.read()),
    ];

    ann.lose_connection(&world);

    for (what, promise) in promises {
        let text = ended(&promise, what).await;
        assert!(text.starts_with("RoomError connection-lost"), "{what}: {text}");
    }
    assert_eq!(ann.ear.count("ended connection-lost"), 1);
    assert_eq!(ann.ear.heard().last().unwrap(), "ended connection-lost");
}

#[wasm_bindgen_test]
async fn freeing_the_core_closes_the_connection_and_settles_everything() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (writer, _) = ann.stream_to(&ben).await;
    world.ignore();
    let sent = ann.core.send(Some("ben"), "hi", "{}", None);

    ann.core.free();

    assert!(ended(&sent, "send").await.starts_with("RoomError closed"));
    assert!(ended(&writer.close(), "close").await.starts_with("RoomError closed"));
    assert_eq!(ann.socket.ready_state(), 2);
    world.listen();
    hears(&ben, "removed ann").await;
}

#[wasm_bindgen_test]
async fn a_socket_that_throws_ends_the_session() {
    let world = World::new();
    let page = world.enabled_page("ann").await;
    page.socket.set_broken(true);

    let text = ended(&page.core.send(Some("ann"), "hi", "{}", None), "send").await;

    assert!(text.starts_with("RoomError connection-lost"), "{text}");
    assert!(page.socket.ready_state() >= 2, "the socket is closed");
}

#[wasm_bindgen_test]
async fn rubbish_from_the_server_ends_the_session_in_words() {
    let world = World::new();
    let page = world.enabled_page("ann").await;

    page.socket.deliver_text("text is not of the protocol");
    page.socket.deliver(&[1, 2, 3]);

    hears(&page, "ended protocol-error").await;
    assert_eq!(page.socket.ready_state(), 2);
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_breaks_nothing() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    ben.ear.set_angry(true);

    for _ in 0..3 {
        settled(&ann.core.send(Some("ben"), "hi", "{}", None), "send").await;
    }

    settled(&ben.core.send(Some("ann"), "fine", "{}", None), "send").await;
    hears(&ann, "message fine").await;
    assert_eq!(ben.ear.count("message hi"), 3);
}

#[wasm_bindgen_test]
fn options_of_the_wrong_kind_are_refused() {
    for options in [
        option("requestTimeoutMs", "soon"),
        option("requestTimeoutMs", -1),
        option("requestTimeoutMs", f64::NAN),
        option("requestTimeoutMs", f64::INFINITY),
        option("streamWindowBytes", 0),
        option("maxMessageBytes", 1e18),
        option("handshakeTimeoutMs", cyclic()),
    ] {
        let shown = format!("{options:?}");
        let call = Closure::new(move || core(&options, &Recorder::new()).map(drop));
        assert_eq!(throws(&call), "RoomError invalid-argument", "{shown}");
    }
}

#[wasm_bindgen_test]
fn options_that_are_not_ours_do_not_matter() {
    for options in [JsValue::NULL, option("somethingElse", cyclic()), cyclic()] {
        assert!(core(&options, &Recorder::new()).is_ok(), "{options:?}");
    }
}

#[wasm_bindgen_test]
async fn an_unanswered_request_times_out_by_the_timer() {
    let world = World::new();
    let page = world.enabled_page_with("ann", &option("requestTimeoutMs", 50)).await;
    world.ignore();

    let sent = page.core.send(Some("ben"), "hi", "{}", None);
    let pending = settled(&is_pending(&sent), "is_pending").await;

    assert!(pending.is_truthy());
    assert!(ended(&sent, "send").await.starts_with("RoomError timeout"));
}

/// An object that holds itself.
fn cyclic() -> JsValue {
    let object = js_sys::Object::new();
    js_sys::Reflect::set(&object, &JsValue::from_str("self"), &object).unwrap();
    object.into()
}
