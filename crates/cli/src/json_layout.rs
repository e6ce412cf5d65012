//! Lays JSON text out anew without decoding it: messages may hold what no Rust string can.

/// Valid JSON on one line, without spaces.
pub(crate) fn compact(json: &str) -> String {
    let mut output = String::with_capacity(json.len());
    for token in tokens(json) {
        output.push_str(token);
    }
    output
}

/// Valid JSON with two spaces for each level, as `JSON.stringify(value, null, 2)` lays it out.
pub(crate) fn indented(json: &str) -> String {
    let mut output = String::new();
    let mut depth = 0;
    let mut before = "";
    for token in tokens(json) {
        match token {
            "}" | "]" => {
                depth -= 1;
                if !is_opening(before) {
                    break_line(&mut output, depth);
                }
            }
            "," | ":" => {}
            _ if is_opening(before) || before == "," => break_line(&mut output, depth),
            _ => {}
        }
        output.push_str(if token == ":" { ": " } else { token });
        depth += usize::from(is_opening(token));
        before = token;
    }
    output
}

fn is_opening(token: &str) -> bool {
    matches!(token, "{" | "[")
}

fn break_line(output: &mut String, depth: usize) {
    output.push('\n');
    output.extend(std::iter::repeat_n("  ", depth));
}

/// The words of valid JSON, without the white space between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let (token, after) = rest.split_at(token_bytes(rest));
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

fn token_bytes(text: &str) -> usize {
    match text.as_bytes().first() {
        None => 0,
        Some(b'"') => string_bytes(text),
        Some(b'{' | b'}' | b'[' | b']' | b',' | b':') => 1,
        Some(_) => text.find(WORD_ENDS).unwrap_or(text.len()),
    }
}

/// What follows a number, `true`, `false` or `null`.
const WORD_ENDS: [char; 8] = ['}', ']', ',', ':', ' ', '\t', '\r', '\n'];

fn string_bytes(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |index| index + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_except_in_strings() {
        let json =
            "{ \"a b\" : [ 1 ,\n\t-2.5e3, true ], \"c\\\\\" : \"\\\" , \\ud800\" , \"d\":{ } }";

        let expected = r#"{"a b":[1,-2.5e3,true],"c\\":"\" , \ud800","d":{}}"#;
        assert_eq!(compact(json), expected);
        assert_eq!(compact(" null "), "null");
        assert_eq!(compact(""), "");
    }

    #[test]
    fn every_level_has_two_spaces() {
        assert_eq!(indented("[]"), "[]");
        assert_eq!(indented("[ ]"), "[]");
        assert_eq!(
            indented(r#"[{"a":{},"b":[1,"é"]},null]"#),
            "[\n  {\n    \"a\": {},\n    \"b\": [\n      1,\n      \"é\"\n    ]\n  },\n  null\n]"
        );
    }
}
