//! JSON strings with their quotes, and the text in them.

use super::scan::plain_len;

/// The text of a valid JSON string: UTF-8, but for lone surrogates, which are encoded like other
/// characters. `None` if it is another value.
pub(super) fn decode(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut rest = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut text = Vec::with_capacity(rest.len());
    loop {
        let (plain, special) = rest.split_at(plain_len(rest));
        text.extend_from_slice(plain);
        // Nothing else is special in a valid string.
        let Some(escape) = special.strip_prefix(b"\\") else { return Some(text) };
        rest = unescape(escape, &mut text)?;
    }
}

/// Makes UTF-8 of what [`decode`] gave, in the same place. Nothing else in it begins like a surrogate.
pub(super) fn replace_lone_surrogates(text: &mut [u8]) {
    for at in 0..text.len().saturating_sub(2) {
        if text[at] == 0xed && text[at + 1] >= 0xa0 {
            text[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// Whether a valid JSON string is `text`.
pub(super) fn is(quoted: &[u8], text: &str) -> bool {
    let plain = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    plain == Some(text.as_bytes())
        || quoted.contains(&b'\\') && decode(quoted).is_some_and(|found| found == text.as_bytes())
}

/// Decodes one escape, or the two of a pair; gives what follows.
fn unescape<'a>(escape: &'a [u8], text: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (kind, rest) = escape.split_first()?;
    text.push(match kind {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unescape_units(rest, text),
        other => *other,
    });
    Some(rest)
}

fn unescape_units<'a>(digits: &'a [u8], text: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (first, rest) = unit(digits)?;
    let second = rest.strip_prefix(b"\\u").and_then(unit);
    let (character, rest) = match second {
        Some((second, rest)) if is_pair(first, second) => {
            (0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff), rest)
        }
        _ => (first, rest),
    };
    if let Some(character) = char::from_u32(character) {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let bits = |shift: u32| 0x80 | (character >> shift & 0x3f) as u8;
        text.extend_from_slice(&[0xed, bits(6), bits(0)]);
    }
    Some(rest)
}

fn is_pair(first: u32, second: u32) -> bool {
    (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second)
}

fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = digits.split_first_chunk::<4>()?;
    let digits = str::from_utf8(digits).ok()?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

/// Writes a string with its quotes; only what must be escaped is.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_len(rest));
        out.extend_from_slice(plain);
        let Some((special, after)) = special.split_first() else { break };
        escape(*special, out);
        rest = after;
    }
    out.push(b'"');
}

/// Of a quote, a backslash or a control character.
fn escape(special: u8, out: &mut Vec<u8>) {
    let short = match special {
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        b'"' | b'\\' => special,
        _ => {
            out.extend_from_slice(b"\\u00");
            for shift in [4, 0] {
                out.push(b"0123456789abcdef"[usize::from(special >> shift & 0xf)]);
            }
            return;
        }
    };
    out.push(b'\\');
    out.push(short);
}
