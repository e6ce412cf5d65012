//! Bytes that came in a buffer of JavaScript's, and go back without a copy.
//!
//! Large payloads stay in the buffer in which they came: what is before them is copied into our memory,
//! where the session reads it, and for the payload there is only a place, so that the session can count
//! its bytes and pass them on. Whoever is given that place gets the part of the buffer.

use std::{cell::RefCell, ops::Range};

use bytes::Bytes;
use js_sys::{ArrayBuffer, Uint8Array};
use room_proto::{SessionError, batch::payload_start};

use crate::engine::{copy_in, reserve};

thread_local! {
    static LENDING: RefCell<Lending> = const {
        RefCell::new(Lending { loans: Vec::new(), spare: Vec::new() })
    };
}

struct Lending {
    loans: Vec<Loan>,
    /// Places that nobody uses. What is in them does not matter; to fill new ones takes as long as a copy.
    spare: Vec<Vec<u8>>,
}

impl Lending {
    fn take_spare(&mut self, len: usize) -> Option<Vec<u8>> {
        match self.spare.iter().position(|place| place.len() >= len) {
            Some(found) => Some(self.spare.swap_remove(found)),
            None => {
                // Those that are too small for what comes now make room.
                self.spare.pop();
                None
            }
        }
    }
}

/// A part of a buffer, for which we have a place.
#[derive(Clone)]
struct Loan {
    place: Range<usize>,
    buffer: ArrayBuffer,
    /// Where the part begins in the buffer: at 0 if the whole was copied in, else it is only there.
    start: usize,
}

/// The place of a WebSocket message, which may be shorter.
struct Place {
    bytes: Vec<u8>,
    len: usize,
    /// Whether it was made for a payload that stays elsewhere: then the next one can have it.
    is_reusable: bool,
}

impl AsRef<[u8]> for Place {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let place = addresses(&self.bytes);
        let bytes = std::mem::take(&mut self.bytes);
        LENDING.with_borrow_mut(|Lending { loans, spare }| {
            loans.retain(|loan| !place.contains(&loan.place.start));
            if self.is_reusable
                && bytes.len() + spare.iter().map(Vec::len).sum::<usize>() <= SPARE_BYTES
            {
                spare.push(bytes);
            }
        });
    }
}

/// Takes in what came.
///
/// # Errors
///
/// `too-large` if it does not fit into our memory.
pub(crate) fn take(buffer: ArrayBuffer) -> Result<Bytes, SessionError> {
    let view = Uint8Array::new(&buffer);
    let len = view.length() as usize;
    if len < WORTH_BYTES {
        return Ok(Bytes::from(copy_in(&view)?));
    }

    let head = copy_in(&part(&buffer, 0, WORTH_BYTES))?;
    let start = payload_start(&head, len).filter(|start| len - start >= WORTH_BYTES);
    let bytes = match start {
        Some(start) => {
            let mut bytes = empty_place(len)?;
            bytes[..start].copy_from_slice(&head[..start]);
            bytes
        }
        None => copy_in(&view)?,
    };
    let place = Place { bytes, len, is_reusable: start.is_some() };
    let start = start.unwrap_or_default();
    let loan = Loan { place: addresses(&place.as_ref()[start..]), buffer, start };
    LENDING.with_borrow_mut(|lending| lending.loans.push(loan));
    Ok(Bytes::from_owner(place))
}

fn empty_place(len: usize) -> Result<Vec<u8>, SessionError> {
    match LENDING.with_borrow_mut(|lending| lending.take_spare(len)) {
        Some(place) => Ok(place),
        None => {
            let len = len.next_multiple_of(ROUND_BYTES);
            let mut place = reserve(len)?;
            place.resize(len, 0);
            Ok(place)
        }
    }
}

/// Gives bytes to JavaScript: in the buffer in which they came, or in a new one.
pub(crate) fn give(bytes: &[u8]) -> Uint8Array {
    let range = addresses(bytes);
    let has = |loan: &&Loan| loan.place.start <= range.start && range.end <= loan.place.end;
    let loan = LENDING.with_borrow(|lending| lending.loans.iter().find(has).cloned());
    match loan {
        // Whoever was given a part may have given the whole buffer away. Then a part that was copied in is
        // copied out; of one that was not there is nothing else, and to make a view of it throws.
        Some(Loan { place, buffer, start })
            if bytes.len() >= WORTH_BYTES && (start > 0 || buffer.byte_length() > 0) =>
        {
            let from = start + (range.start - place.start);
            part(&buffer, from, bytes.len())
        }
        Some(_) | None => Uint8Array::from(bytes),
    }
}

fn part(buffer: &ArrayBuffer, start: usize, len: usize) -> Uint8Array {
    Uint8Array::new_with_byte_offset_and_length(buffer, start as u32, len as u32)
}

fn addresses(bytes: &[u8]) -> Range<usize> {
    let Range { start, end } = bytes.as_ptr_range();
    start.addr()..end.addr()
}

/// From here on a buffer is worth the trouble. It is also how much of a message is looked at to see where
/// its payload begins.
const WORTH_BYTES: usize = 4096;
/// Places have sizes that others can use.
const ROUND_BYTES: usize = 16 * 1024;
/// How large the places are together that are kept: the pieces of a file are 512 KiB each.
const SPARE_BYTES: usize = 4 * 1024 * 1024;
