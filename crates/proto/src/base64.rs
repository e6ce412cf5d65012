//! Base64 of RFC 4648 with padding, and no other.
//!
//! The crate of that name does it in unrolled loops with a text for each mistake: 9 kB of the
//! browser's module, for which these two loops take half a kilobyte.

/// Appends bytes as text.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    let text = &mut out[start..];
    let (triples, rest) = bytes.as_chunks::<3>();
    let (quads, _) = text.as_chunks_mut::<4>();
    for (quad, [a, b, c]) in quads.iter_mut().zip(triples) {
        *quad = digits(*a, *b, *c);
    }
    if let Some(last) = quads.get_mut(triples.len()) {
        let at = |index: usize| rest.get(index).copied().unwrap_or_default();
        let all = digits(at(0), at(1), 0);
        last[..=rest.len()].copy_from_slice(&all[..=rest.len()]);
    }
}

/// Reads text; `None` if it is not what [`encode`] writes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (quads, []) = text.as_bytes().as_chunks::<4>() else { return None };
    let Some((last, quads)) = quads.split_last() else { return Some(Vec::new()) };
    let mut bytes = vec![0; quads.len() * 3];
    let (triples, _) = bytes.as_chunks_mut::<3>();
    let mut seen = 0;
    for (triple, quad) in triples.iter_mut().zip(quads) {
        let [a, b, c, d] = *quad;
        let values = [value(a), value(b), value(c), value(d)];
        seen |= values[0] | values[1] | values[2] | values[3];
        *triple = triple_of(values);
    }

    let padding = last.iter().rev().take_while(|digit| **digit == b'=').count();
    let values = last.map(|digit| if digit == b'=' { 0 } else { value(digit) });
    seen |= values[0] | values[1] | values[2] | values[3];
    let triple = triple_of(values);
    let len = 3_usize.checked_sub(padding).filter(|len| *len > 0)?;
    let is_padded_inside = last[..4 - padding].contains(&b'=');
    let has_rest = triple[len..].iter().any(|byte| *byte != 0);
    if seen & WRONG != 0 || is_padded_inside || has_rest {
        return None;
    }
    bytes.extend_from_slice(&triple[..len]);
    Some(bytes)
}

#[inline(always)]
fn digits(a: u8, b: u8, c: u8) -> [u8; 4] {
    // In plain words, because closures of array methods stay calls in a small build.
    let [a, b, c, d] = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c];
    [
        DIGITS[usize::from(a & 63)],
        DIGITS[usize::from(b & 63)],
        DIGITS[usize::from(c & 63)],
        DIGITS[usize::from(d & 63)],
    ]
}

#[inline(always)]
fn value(digit: u8) -> u8 {
    VALUES[usize::from(digit)]
}

#[inline(always)]
fn triple_of(values: [u8; 4]) -> [u8; 3] {
    let [a, b, c, d] = values;
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of a byte that is no digit.
const WRONG: u8 = 0x80;

static VALUES: [u8; 256] = {
    let mut values = [WRONG; 256];
    let mut value = 0;
    while value < 64 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::{decode, encode};

    proptest! {
        #[test]
        fn bytes_are_written_as_the_crate_does(bytes: Vec<u8>) {
            let mut text = b"before ".to_vec();
            encode(&bytes, &mut text);
            let expected = STANDARD.encode(&bytes);
            prop_assert_eq!(String::from_utf8(text), Ok(format!("before {expected}")));
            prop_assert_eq!(decode(&expected), Some(bytes));
        }

        #[test]
        fn what_is_base64_is_what_the_crate_says(text in "[AQgwZ+/=9_č]{0,13}") {
            prop_assert_eq!(decode(&text), STANDARD.decode(&text).ok());
        }
    }
}
