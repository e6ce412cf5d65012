//! Duplex streams: requests, messages both ways, and the endings.

use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    page::{Heard, JsCall, equal, is_pending, pattern, throws},
    world::{Page, World, ended, hears, settled},
};

/// A call of the one page to the other, open at both ends.
async fn open(from: &Page, to: &Page) -> (JsCall, JsCall) {
    let ours = from.core.open_call(&to.id, "ask", "{}", None).unwrap();
    hears(to, "call ask").await;
    let theirs = to.ear.calls().pop().unwrap();
    theirs.accept().unwrap();
    settled(&ours.opened(), "opened").await;
    (ours, theirs)
}

async fn next(call: &JsCall) -> JsValue {
    settled(&call.next(), "next").await
}

#[wasm_bindgen_test]
async fn messages_go_both_ways_and_then_comes_the_end() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (ours, theirs) = open(&ann, &ben).await;
    assert_eq!(ours.stream_id(), theirs.stream_id());

    let waiting = theirs.next();
    assert!(settled(&is_pending(&waiting), "pending").await.is_truthy());
    let bytes = pattern(70_000);
    settled(&ours.send("there", r#"{"n":1}"#, Some(bytes.clone())), "send").await;
    let heard: Heard = settled(&waiting, "next").await.unchecked_into();
    assert_eq!(heard.kind(), "there");
    assert!(equal(&heard.attachment().unwrap(), &bytes));

    settled(&theirs.send("back", "{}", None), "send").await;
    theirs.close();
    let heard: Heard = next(&ours).await.unchecked_into();
    assert_eq!(heard.kind(), "back");
    assert!(next(&ours).await.is_undefined());
    assert!(next(&theirs).await.is_undefined());
    settled(&ours.closed(), "closed").await;
    let text = ended(&ours.send("late", "{}", None), "send").await;
    assert!(text.starts_with("RoomError stream-closed"), "{text}");
}

#[wasm_bindgen_test]
async fn a_refusal_is_passed_on() {
    let world = World::new();
    let (ann, ben) = world.pair().await;

    let call = ann.core.open_call("ben", "one", "{}", None).unwrap();
    hears(&ben, "call one").await;
    ben.ear.calls().pop().unwrap().reject("not now");
    assert_eq!(ended(&call.opened(), "opened").await, "RoomError stream-rejected: not now");
}

#[wasm_bindgen_test]
async fn a_request_that_is_withdrawn_cannot_be_accepted() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let call = ann.core.open_call("ben", "ask", "{}", None).unwrap();
    hears(&ben, "call ask").await;
    let theirs = ben.ear.calls().pop().unwrap();

    call.close();

    let text = ended(&theirs.closed(), "closed").await;
    assert!(text.starts_with("RoomError stream-aborted"), "{text}");
    let accept = Closure::new(move || theirs.accept());
    assert_eq!(throws(&accept), "RoomError stream-aborted");
    let text = ended(&call.opened(), "opened").await;
    assert!(text.starts_with("RoomError aborted"), "{text}");
}

#[wasm_bindgen_test]
async fn whoever_vanishes_is_an_error_at_the_other_end() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let (ours, theirs) = open(&ann, &ben).await;
    let (waiting, own) = (theirs.next(), ours.next());

    ann.lose_connection(&world);

    let text = ended(&waiting, "next").await;
    assert!(text.starts_with("RoomError peer-left"), "{text}");
    let text = ended(&own, "next").await;
    assert!(text.starts_with("RoomError connection-lost"), "{text}");
    hears(&ben, &format!("closed {} peer-left", theirs.stream_id())).await;
}
