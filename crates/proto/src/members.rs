//! Merging and comparing JSON objects member by member, without decoding the values.
//!
//! Attributes are merged by both ends of a connection, and values may hold what no Rust string can.

use crate::{
    JsonText,
    json::{self, Raw},
};

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
    let quoted = quote(name);
    let found = members(text).into_iter().find(|(known, _)| *known == quoted);
    found.map(|(_, value)| value.to_owned())
}

/// `text` without the member `name`, or as it is if there is none.
#[must_use]
pub fn without(text: &JsonText, name: &str) -> JsonText {
    let quoted = quote(name);
    let mut rest = members(text);
    let before = rest.len();
    rest.retain(|(known, _)| *known != quoted);
    if rest.len() == before { text.clone() } else { object(&rest) }
}

/// `text` with one more member at its end.
#[must_use]
pub fn with(text: &JsonText, name: &str, value: &JsonText) -> JsonText {
    let mut all = members(text);
    all.push((quote(name), value.as_str()));
    object(&all)
}

/// A name, quoted and in one spelling, and a value as it stands in the text.
type Member<'a> = (String, &'a str);

/// The members of an object in their order; none if it is not an object.
fn members(text: &JsonText) -> Vec<Member<'_>> {
    let mut members = Vec::new();
    // It is valid JSON, so nothing is wrong but that it may be no object.
    let _ = json::members(text.as_str().as_bytes(), &mut |name, value| {
        let (Some(name), Some(value)) = (as_str(name), as_str(value)) else { return Ok(()) };
        members.push((one_spelling(name), value));
        Ok(())
    });
    members
}

fn as_str(raw: Raw<'_>) -> Option<&str> {
    str::from_utf8(raw.bytes()).ok()
}

fn object(members: &[Member<'_>]) -> JsonText {
    let mut text = String::from("{");
    for (name, value) in members {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(name);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    JsonText::from_valid(&text)
}

/// The same name may be written with escapes or without. One with a lone surrogate, which no
/// string can hold, stays as it is.
fn one_spelling(quoted: &str) -> String {
    if !quoted.contains('\\') {
        return quoted.to_owned();
    }
    let name = Raw::parse(quoted.as_bytes()).ok().and_then(Raw::string);
    name.map_or_else(|| quoted.to_owned(), |name| quote(&name))
}

fn quote(name: &str) -> String {
    JsonText::from_string(name).as_str().to_owned()
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
