//! Merging and comparing JSON objects member by member, without decoding the values.
//!
//! Attributes are merged by both ends of a connection, and values may hold what no Rust string can.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::JsonText;

/// `base` with the members of `changed` over it.
#[must_use]
pub fn merge(base: &JsonText, changed: &JsonText) -> JsonText {
    let mut merged = members(base);
    for (name, value) in members(changed) {
        match merged.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => merged.push((name, value)),
        }
    }
    object(&merged)
}

/// The members of `new` that `old` does not have, or has with another value.
#[must_use]
pub fn difference(old: &JsonText, new: &JsonText) -> JsonText {
    let old = members(old);
    let mut changed = members(new);
    changed.retain(|member| !old.contains(member));
    object(&changed)
}

/// The value of a member as it stands in the text.
#[must_use]
pub fn get(text: &JsonText, name: &str) -> Option<String> {
    let quoted = JsonText::from_value(&name);
    let found = members(text).into_iter().find(|(known, _)| known == quoted.as_str());
    found.map(|(_, value)| value.to_owned())
}

/// `text` without the member `name`, or as it is if there is none.
#[must_use]
pub fn without(text: &JsonText, name: &str) -> JsonText {
    let quoted = JsonText::from_value(&name);
    let mut rest = members(text);
    let before = rest.len();
    rest.retain(|(known, _)| known != quoted.as_str());
    if rest.len() == before { text.clone() } else { object(&rest) }
}

/// `text` with one more member at its end.
#[must_use]
pub fn with(text: &JsonText, name: &str, value: &JsonText) -> JsonText {
    let mut all = members(text);
    all.push((JsonText::from_value(&name).as_str().to_owned(), value.as_str()));
    object(&all)
}

/// A name, quoted and in one spelling, and a value as it stands in the text.
type Member<'a> = (String, &'a str);

/// The members of an object in their order; none if it is not an object.
fn members(text: &JsonText) -> Vec<Member<'_>> {
    serde_json::Deserializer::from_str(text.as_str()).deserialize_map(Members).unwrap_or_default()
}

fn object(members: &[Member<'_>]) -> JsonText {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    let text = format!("{{{}}}", members.join(","));
    JsonText::object(&text).unwrap_or_else(|_| JsonText::empty_object())
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.push((one_spelling(name.get()), value.get()));
        }
        Ok(members)
    }
}

/// The same name may be written with escapes or without. One with a lone surrogate, which no
/// string can hold, stays as it is.
fn one_spelling(quoted: &str) -> String {
    let name = serde_json::from_str::<String>(quoted);
    name.and_then(|name| serde_json::to_string(&name)).unwrap_or_else(|_| quoted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> JsonText {
        JsonText::object(text).expect("a test writes objects")
    }

    #[test]
    fn changed_members_replace_and_others_stay() {
        let merged = merge(&text(r#"{"a":1,"b":{"c":2}}"#), &text(r#"{ "b" : null, "d" : [3] }"#));

        assert_eq!(merged.as_str(), r#"{"a":1,"b":null,"d":[3]}"#);
    }

    #[test]
    fn a_name_written_with_escapes_is_the_same_name() {
        let merged = merge(&text(r#"{"š":1}"#), &text(r#"{"\u0161":2}"#));

        assert_eq!(merged.as_str(), r#"{"š":2}"#);
    }

    #[test]
    fn lone_surrogates_survive_in_names_and_values() {
        let merged = merge(&text(r#"{"\ud800":1}"#), &text(r#"{"a":"\udfff","\ud800":2}"#));

        assert_eq!(merged.as_str(), r#"{"\ud800":2,"a":"\udfff"}"#);
    }

    #[test]
    fn a_member_is_found_by_its_name() {
        assert_eq!(get(&text(r#"{"\u0061": [1, 2]}"#), "a").as_deref(), Some("[1, 2]"));
        assert_eq!(get(&text("{}"), "a"), None);
    }

    #[test]
    fn a_member_is_taken_out_and_put_in() {
        let whole = with(&text(r#"{"a":1}"#), "b", &JsonText::empty_object());

        assert_eq!(whole.as_str(), r#"{"a":1,"b":{}}"#);
        assert_eq!(without(&whole, "a").as_str(), r#"{"b":{}}"#);
        assert_eq!(without(&whole, "c"), whole);
    }

    #[test]
    fn the_difference_is_what_is_new_or_other() {
        let changed = difference(&text(r#"{"a":1,"b":2}"#), &text(r#"{"a":1,"b":3,"c":4}"#));

        assert_eq!(changed.as_str(), r#"{"b":3,"c":4}"#);
    }
}
