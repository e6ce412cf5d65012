//! Bytes that came in a buffer of JavaScript's, and go back without a copy.
//!
//! To copy 64 KiB into our memory takes a microsecond; to copy them out takes forty, most of them for
//! the new buffer. So the buffer in which they came is kept as long as our copy, and whoever is
//! given a large part of it gets it in there.

use std::{cell::RefCell, ops::Range};

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use room_proto::SessionError;

use crate::engine::copy_in;

thread_local! {
    /// Where our copies are, and the buffers that they were made of.
    static LENT: RefCell<Vec<(Range<usize>, ArrayBuffer)>> = const { RefCell::new(Vec::new()) };
}

/// Our copy of a buffer.
struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let range = addresses(&self.0);
        LENT.with_borrow_mut(|lent| lent.retain(|(place, _)| *place != range));
    }
}

/// Takes in what came.
///
/// # Errors
///
/// `too-large` if it does not fit into our memory.
pub(crate) fn take(buffer: ArrayBuffer) -> Result<Bytes, SessionError> {
    let copy = copy_in(&Uint8Array::new(&buffer))?;
    if copy.len() < WORTH_BYTES {
        return Ok(Bytes::from(copy));
    }
    LENT.with_borrow_mut(|lent| lent.push((addresses(&copy), buffer)));
    Ok(Bytes::from_owner(Lent(copy)))
}

/// Gives bytes to JavaScript: in the buffer in which they came, or in a new one.
pub(crate) fn give(bytes: &[u8]) -> Uint8Array {
    let range = addresses(bytes);
    let is_in = |place: &Range<usize>| place.start <= range.start && range.end <= place.end;
    let lent = LENT.with_borrow(|lent| lent.iter().find(|(place, _)| is_in(place)).cloned());
    match lent {
        // Whoever was given a part may have given the whole buffer away.
        Some((place, buffer)) if bytes.len() >= WORTH_BYTES && buffer.byte_length() > 0 => {
            let (from, len) = ((range.start - place.start) as u32, bytes.len() as u32);
            Uint8Array::new_with_byte_offset_and_length(&buffer, from, len)
        }
        Some(_) | None => Uint8Array::from(bytes),
    }
}

fn addresses(bytes: &[u8]) -> Range<usize> {
    let Range { start, end } = bytes.as_ptr_range();
    start.addr()..end.addr()
}

/// From here on a buffer is worth the trouble.
const WORTH_BYTES: usize = 4096;
