//! The reader and the writer against serde_json, which knows JSON.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use serde_json::{Value, value::RawValue};

use super::{Fields, JsonText, Raw, members};

/// Text in which what matters is frequent.
fn soup() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\\"", "\\n", "a",
        "č", "😀", "\u{0}", "\u{1f}", "\u{7f}", " ", "\n", "0", "12", "-", ".", "e", "E+", "true",
        "false", "null", "nul", "\"a\"", "\"a\":", "1.5", "[]", "{}", "eight by",
    ];
    let piece = prop::sample::select(PIECES);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn check(text: &str) {
    let theirs = serde_json::from_str::<&RawValue>(text);
    let ours = JsonText::parse(text);
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{text:?}: {ours:?}, {theirs:?}");
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return };
    assert_eq!(ours.as_str(), theirs.get(), "{text:?}");
    let raw = Raw::parse(text.as_bytes()).unwrap();
    assert_eq!(raw.string(), serde_json::from_str(text).ok(), "{text:?}");
    assert_eq!(raw.flag(), serde_json::from_str(text).ok(), "{text:?}");
    assert_eq!(raw.unsigned(), serde_json::from_str(text).ok(), "{text:?}");
    let elements = raw.elements().map(|all| all.iter().map(|raw| raw.bytes().to_vec()).collect());
    let expected = serde_json::from_str::<Vec<&RawValue>>(text).ok();
    let expected =
        expected.map(|all| all.iter().map(|raw| raw.get().as_bytes().to_vec()).collect::<Vec<_>>());
    assert_eq!(elements, expected, "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_json_is_what_serde_json_says(text in soup()) {
        check(&text);
        check(&format!("[{text}]"));
        check(&format!("\"{text}\""));
    }

    #[test]
    fn all_that_serde_json_writes_is_read(value in value()) {
        check(&value.to_string());
        check(&format!("{value:#}"));
    }

    #[test]
    fn strings_are_written_as_serde_json_does(text in any::<String>(), pieces in soup()) {
        for text in [text, pieces] {
            let ours = JsonText::from_string(&text);
            prop_assert_eq!(ours.as_str(), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn the_reader_does_not_trip_over_bytes(bytes: Vec<u8>) {
        let _ = Raw::parse(&bytes).map(|raw| (raw.string(), raw.lossy(), raw.text(), raw.elements()));
        let _ = members(&bytes, &mut |_, _| Ok(()));
    }
}

#[test]
fn nesting_takes_no_stack() {
    let deep = 1_000_000;
    let text = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    assert!(JsonText::parse(&text).is_ok());
    assert!(JsonText::parse(&text[1..]).is_err());
}

#[test]
fn fields_are_found_by_name_however_it_is_written() {
    let fields =
        Fields::read(br#" { "\u0061" : "x", "c": null, "d": {"a": 1} } "#, &["a", "b", "c"]);
    let fields = fields.unwrap();

    assert_eq!(fields.need("a", Raw::string).unwrap(), "x");
    assert_eq!(fields.maybe("b", Raw::string).unwrap(), None);
    assert_eq!(fields.maybe("c", Raw::string).unwrap(), None);
    assert!(fields.maybe("a", Raw::flag).is_err(), "of another type");
    assert!(fields.need("c", Raw::string).is_err(), "null is no string");
    assert!(fields.need("b", Some).is_err());
    assert!(Fields::read(br#"{"a":1,"a":2}"#, &["a"]).is_err(), "which one?");
    assert!(Fields::read(br#"{"a":1,"a":2}"#, &["b"]).is_ok());
    assert!(Fields::read(b"[]", &["a"]).is_err());
    assert!(Fields::read(b"{} {}", &["a"]).is_err());
}

#[test]
fn a_lone_surrogate_is_replaced_only_where_that_is_wanted() {
    let raw = Raw::parse(br#""a\ud800b\udc00""#).unwrap();

    assert_eq!(raw.string(), None);
    assert_eq!(raw.text().unwrap().as_str(), r#""a\ud800b\udc00""#);
    assert_eq!(raw.lossy().unwrap(), "a\u{fffd}b\u{fffd}");
    assert_eq!(Raw::parse(br#""\ud83d\ude00""#).unwrap().string().unwrap(), "😀");
}
