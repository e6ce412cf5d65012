//! In the browser's module, where the crate would take 9 kB: unrolled loops, and a text for each mistake.

#[cfg(target_feature = "simd128")]
use std::arch::wasm32::{
    i8x16, u8x16_add, u8x16_lt, u8x16_shuffle, u8x16_splat, u8x16_sub_sat, u8x16_swizzle, u32x4,
    u32x4_shl, u32x4_shr, u32x4_splat, u64x2_extract_lane, v128, v128_and, v128_or,
};

/// Appends bytes as text.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    let (groups, rest) = bytes.as_chunks();
    let (texts, text) = out[start..].as_chunks_mut();
    for (text, group) in texts.iter_mut().zip(groups) {
        *text = digits(group);
    }

    // What is left is less than a group, but its text may be a whole one.
    let text = texts.get_mut(groups.len()).map_or(text, |text| text);
    let mut group = [0; 12];
    group.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let digits = digits(&group).into_iter().take((rest.len() * 4).div_ceil(3));
    text.iter_mut().zip(digits).for_each(|(to, from)| *to = from);
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

#[cfg(not(target_feature = "simd128"))]
fn digits(bytes: &[u8; 12]) -> [u8; 16] {
    let mut text = [0; 16];
    let (quads, _) = text.as_chunks_mut::<4>();
    for (quad, triple) in quads.iter_mut().zip(bytes.as_chunks::<3>().0) {
        let [a, b, c] = *triple;
        let values = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c];
        *quad = values.map(|value| DIGITS[usize::from(value & 63)]);
    }
    text
}

/// The way of Wojciech Muła (<http://0x80.pl/notesen/2016-01-12-sse-base64-encoding.html>): three
/// bytes in each word of four, six bits in each byte, and what is to be added to each value.
#[cfg(target_feature = "simd128")]
fn digits(bytes: &[u8; 12]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *bytes;
    let word = u32::from_le_bytes;
    let all = u32x4(word([a, b, c, d]), word([e, f, g, h]), word([i, j, k, l]), 0);
    let words = u8x16_shuffle::<1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10>(all, all);
    let values = v128_or(
        v128_or(masked(u32x4_shr(words, 10), 0), masked(u32x4_shl(words, 4), 8)),
        v128_or(masked(u32x4_shr(words, 6), 16), masked(u32x4_shl(words, 8), 24)),
    );

    // 0 for a to z, 1 to 10 for digits, 11 and 12 for the two signs, and 13 for A to Z.
    let is_upper = u8x16_lt(values, u8x16_splat(26));
    let kind = u8x16_sub_sat(values, u8x16_splat(51));
    let kind = v128_or(kind, v128_and(is_upper, u8x16_splat(13)));
    let offsets = i8x16(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    let digits = u8x16_add(values, u8x16_swizzle(offsets, kind));
    let mut text = [0; 16];
    let (halves, _) = text.as_chunks_mut();
    halves[0] = u64x2_extract_lane::<0>(digits).to_le_bytes();
    halves[1] = u64x2_extract_lane::<1>(digits).to_le_bytes();
    text
}

/// Six bits of each word, from this one on.
#[cfg(target_feature = "simd128")]
fn masked(words: v128, from: u32) -> v128 {
    v128_and(words, u32x4_splat(63 << from))
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
