//! Messages, participants and attributes.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::{Closure, JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    page::{JsCore, elements, equal, pattern, throws},
    world::{World, ended, hears, settled},
};

#[wasm_bindgen_test]
async fn messages_go_both_ways_with_attachments_of_any_size() {
    let world = World::new();
    let (ann, ben) = world.pair().await;

    for (from, to) in [(&ann, &ben), (&ben, &ann)] {
        for len in [0, 1, 1023, 1024, 1025, 70_000, 1_048_576] {
            let kind = format!("of {len}");
            let attachment = pattern(len);
            let sent = from.core.send(
                Some(&to.id),
                &kind,
                r#"{"text":"hé 🦀"}"#,
                Some(attachment.clone()),
            );
            settled(&sent, "send").await;
            hears(to, &format!("message {kind}")).await;

            let heard = to.ear.messages().pop().unwrap();
            assert_eq!((heard.from(), heard.kind()), (from.id.clone(), kind));
            let text = js_sys::JSON::stringify(&heard.message()).unwrap();
            assert_eq!(String::from(text), r#"{"text":"hé 🦀"}"#);
            let arrived = heard.attachment().unwrap_or_else(|| Uint8Array::new_with_length(0));
            assert!(equal(&attachment, &arrived), "{len} bytes");
            assert_eq!(heard.attachment().is_none(), len == 0);
        }
    }
}

#[wasm_bindgen_test]
async fn broadcasts_reach_everybody_else() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let cid = world.enabled_page("cid").await;

    settled(&cid.core.send(None, "news", "{}", None), "broadcast").await;

    hears(&ann, "message news").await;
    hears(&ben, "message news").await;
    assert_eq!(cid.ear.count("message news"), 0);
}

#[wasm_bindgen_test]
async fn participants_come_change_and_go() {
    let world = World::new();
    let (ann, ben) = world.pair().await;

    let added = ann.ear.added();
    let known = elements(&added[0]).iter().filter_map(JsValue::as_string).collect::<Vec<_>>();
    let [id, role, attributes] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((id.as_str(), role.as_str(), added.len()), ("ben", "user", 1));
    assert!(attributes.contains(r#""name":"ben""#));

    ben.core.set_attributes(r#"{"mood":"fine"}"#).unwrap();
    hears(&ann, r#"updated ben {"mood":"fine"}"#).await;
    assert!(ben.core.local_attributes().contains(r#""mood":"fine""#));

    ben.core.close();
    hears(&ann, "removed ben").await;
}

#[wasm_bindgen_test]
async fn an_unknown_recipient_is_named() {
    let world = World::new();
    let page = world.enabled_page("ann").await;

    let text = ended(&page.core.send(Some("nobody"), "hi", "{}", None), "send").await;

    assert!(text.starts_with("RoomError participant-not-found"), "{text}");
}

#[wasm_bindgen_test]
async fn arguments_that_are_no_json_object_are_refused_and_the_session_goes_on() {
    let world = World::new();
    let (ann, ben) = world.pair().await;

    for message in ["", "{", "[]", "7", "undefined", "{\"a\":NaN}"] {
        let text = ended(&ann.core.send(Some("ben"), "hi", message, None), "send").await;
        assert!(text.starts_with("RoomError invalid-argument"), "{message}: {text}");
        let core = ann.core.clone();
        let call = Closure::new(move || core.set_attributes(message));
        assert_eq!(throws(&call), "RoomError invalid-argument", "{message}");
        let core = ann.core.clone();
        if message != "[]" && message != "7" {
            let call = Closure::new(move || core.open_stream("ben", "s", message).map(drop));
            assert_eq!(throws(&call), "RoomError invalid-argument", "{message}");
        }
    }

    settled(&ann.core.send(Some("ben"), "fine", "{}", None), "send").await;
    hears(&ben, "message fine").await;
}

#[wasm_bindgen_test]
async fn a_listener_may_call_back_into_the_core() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let core: JsCore = ben.core.clone().unchecked_into();
    let callback = Closure::new(move |from: String, kind: String| {
        if kind == "ping" {
            // Both at once, in the middle of the driver's work.
            let _ = core.send(Some(&from), "pong", "{}", None);
            let _ = core.send(None, "pong to all", "{}", None);
            let _ = core.set_attributes(r#"{"pinged":true}"#);
        }
    });
    ben.ear.set_on_message(&callback);

    for _ in 0..10 {
        settled(&ann.core.send(Some("ben"), "ping", "{}", None), "send").await;
    }
    settled(&ann.core.send(Some("ben"), "last", "{}", None), "send").await;

    hears(&ben, "message last").await;
    hears(&ann, "updated ben {\"pinged\":true}").await;
    assert_eq!(ben.ear.count("message ping"), 10);
    assert_eq!(ann.ear.count("message pong"), 10);
    assert_eq!(ann.ear.count("message pong to all"), 10);
}

#[wasm_bindgen_test]
async fn a_listener_may_close_the_core() {
    let world = World::new();
    let (ann, ben) = world.pair().await;
    let core = ben.core.clone();
    let callback = Closure::new(move |_: String, _: String| core.close());
    ben.ear.set_on_message(&callback);

    settled(&ann.core.send(Some("ben"), "stop", "{}", None), "send").await;

    hears(&ben, "ended closed").await;
    hears(&ann, "removed ben").await;
    assert_eq!(ben.ear.count("message stop"), 1);
}

#[wasm_bindgen_test]
async fn lone_surrogates_pass_untouched() {
    let world = World::new();
    let (ann, ben) = world.pair().await;

    settled(&ann.core.send(Some("ben"), "odd", r#"{"text":"\ud800"}"#, None), "send").await;

    hears(&ben, "message odd").await;
    let text = js_sys::JSON::stringify(&ben.ear.messages()[0].message()).unwrap();
    assert_eq!(JsValue::from(text).as_string().unwrap(), r#"{"text":"\ud800"}"#);
}
