//! What goes over a line: parcels of frames.
//!
//! ```text
//!  | line: u128 | sequence: u64 | kind: u8 | length: u32 | body | kind | length | body | ...
//! ```
//!
//! Integers are big-endian. The sequence counts the parcels of one direction of one line from 0.
//! A frame is what a WebSocket says, or a word between the two ends of the line.

use bytes::Bytes;

use crate::{error::ParcelError, ids::LineId};

/// How long the head of a parcel is.
pub const HEAD_BYTES: usize = 24;

/// How long the head of a frame is.
const FRAME_HEAD_BYTES: usize = 5;

/// The longest part of a message, and about the size at which a parcel is sent. Far below what NATS
/// carries at once, so that the members of a node share its connection fairly.
pub const PART_BYTES: usize = 60 * 1024;

/// Frames that travel together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parcel {
    /// The line they belong to.
    pub line: LineId,
    /// How many parcels came before, in this direction.
    pub sequence: u64,
    /// The frames, in order.
    pub frames: Vec<Frame>,
}

/// One thing said over a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// A part of a binary message; more follow.
    Part(Bytes),
    /// The last part of a binary message, or the whole.
    Data(Bytes),
    /// A text message. The protocol has none, so its text does not matter.
    Text,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A close, with its code and reason if it has them.
    Close(Option<(u16, String)>),
    /// Nothing more can be read from the client, but a close can be sent to it.
    Failed(Failure, String),
    /// So many bytes have been passed on since the beginning.
    Credit(u64),
    /// The line is over. Without a close before it, the connection is lost.
    End,
}

/// Why nothing more can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// A message was too large.
    TooLarge,
    /// The client broke the rules of WebSockets.
    Violation,
}

impl Frame {
    /// What the frame counts as under way. Words between the ends are free.
    #[must_use]
    pub fn cost(&self) -> u64 {
        match self {
            Self::Part(body) | Self::Data(body) => EACH_COSTS + body.len() as u64,
            Self::Text | Self::Ping | Self::Pong => EACH_COSTS,
            Self::Close(_) | Self::Failed(..) | Self::Credit(_) | Self::End => 0,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Part(_) => PART,
            Self::Data(_) => DATA,
            Self::Text => TEXT,
            Self::Ping => PING,
            Self::Pong => PONG,
            Self::Close(_) => CLOSE,
            Self::Failed(..) => FAILED,
            Self::Credit(_) => CREDIT,
            Self::End => END,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind());
        let length_at = out.len();
        out.extend([0; FRAME_HEAD_BYTES - 1]);
        match self {
            Self::Part(body) | Self::Data(body) => out.extend_from_slice(body),
            Self::Close(Some((code, reason))) => {
                out.extend(code.to_be_bytes());
                out.extend_from_slice(reason.as_bytes());
            }
            Self::Failed(failure, text) => {
                out.push(u8::from(*failure == Failure::Violation));
                out.extend_from_slice(text.as_bytes());
            }
            Self::Credit(passed) => out.extend(passed.to_be_bytes()),
            Self::Text | Self::Ping | Self::Pong | Self::Close(None) | Self::End => {}
        }
        // Parts are far smaller than this can say.
        let length = out.len() - length_at - (FRAME_HEAD_BYTES - 1);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        if let Some(place) = out.get_mut(length_at..length_at + FRAME_HEAD_BYTES - 1) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn decode(kind: u8, body: Bytes) -> Result<Self, ParcelError> {
        let wrong = ParcelError::Body(kind);
        let frame = match kind {
            PART => return Ok(Self::Part(body)),
            DATA => return Ok(Self::Data(body)),
            CLOSE => return close(&body).ok_or(wrong),
            FAILED => return failed(&body).ok_or(wrong),
            CREDIT => {
                let passed = body.as_ref().try_into().map_err(|_| wrong)?;
                return Ok(Self::Credit(u64::from_be_bytes(passed)));
            }
            TEXT => Self::Text,
            PING => Self::Ping,
            PONG => Self::Pong,
            END => Self::End,
            _ => return Err(ParcelError::UnknownKind(kind)),
        };
        if body.is_empty() { Ok(frame) } else { Err(wrong) }
    }
}

fn close(body: &[u8]) -> Option<Frame> {
    if body.is_empty() {
        return Some(Frame::Close(None));
    }
    let (code, reason) = body.split_first_chunk()?;
    let reason = str::from_utf8(reason).ok()?;
    Some(Frame::Close(Some((u16::from_be_bytes(*code), reason.to_owned()))))
}

fn failed(body: &[u8]) -> Option<Frame> {
    let (failure, text) = body.split_first()?;
    let failure = match failure {
        0 => Failure::TooLarge,
        1 => Failure::Violation,
        _ => return None,
    };
    Some(Frame::Failed(failure, str::from_utf8(text).ok()?.to_owned()))
}

impl Parcel {
    /// Writes the parcel.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let body: u64 = self.frames.iter().map(Frame::cost).sum();
        let mut out = Vec::with_capacity(HEAD_BYTES + usize::try_from(body).unwrap_or(0));
        out.extend(self.line.0.to_be_bytes());
        out.extend(self.sequence.to_be_bytes());
        for frame in &self.frames {
            frame.encode(&mut out);
        }
        Bytes::from(out)
    }

    /// The line that the bytes are for, if they are a parcel.
    ///
    /// # Errors
    ///
    /// [`ParcelError::Truncated`] if there is no head.
    pub fn line_of(bytes: &[u8]) -> Result<LineId, ParcelError> {
        let (line, _) = bytes.split_first_chunk().ok_or_else(|| truncated(HEAD_BYTES, bytes))?;
        Ok(LineId(u128::from_be_bytes(*line)))
    }

    /// Reads a parcel; bodies are not copied.
    ///
    /// # Errors
    ///
    /// [`ParcelError`] if it is cut short, or has a frame that cannot be read.
    pub fn decode(bytes: &Bytes) -> Result<Self, ParcelError> {
        let line = Self::line_of(bytes)?;
        let head = bytes.get(16..).and_then(<[u8]>::split_first_chunk);
        let (sequence, _) = head.ok_or_else(|| truncated(HEAD_BYTES, bytes))?;
        let sequence = u64::from_be_bytes(*sequence);

        let mut frames = Vec::new();
        let mut rest = bytes.slice(HEAD_BYTES..);
        while let Some((kind, after)) = rest.split_first() {
            let (length, _) =
                after.split_first_chunk().ok_or_else(|| truncated(FRAME_HEAD_BYTES, &rest))?;
            let length = u32::from_be_bytes(*length) as usize;
            let end = FRAME_HEAD_BYTES + length;
            if end > rest.len() {
                return Err(truncated(end, &rest));
            }
            frames.push(Frame::decode(*kind, rest.slice(FRAME_HEAD_BYTES..end))?);
            rest = rest.slice(end..);
        }
        Ok(Self { line, sequence, frames })
    }
}

fn truncated(need: usize, bytes: &[u8]) -> ParcelError {
    ParcelError::Truncated { need, have: bytes.len() }
}

/// What a frame costs beyond its body, so that many small ones are not free.
const EACH_COSTS: u64 = 64;

const PART: u8 = 1;
const DATA: u8 = 2;
const TEXT: u8 = 3;
const PING: u8 = 4;
const PONG: u8 = 5;
const CLOSE: u8 = 6;
const FAILED: u8 = 7;
const CREDIT: u8 = 8;
const END: u8 = 9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_frame_is_read_as_it_was_written() {
        let parcel = Parcel {
            line: LineId(u128::MAX - 5),
            sequence: 77,
            frames: vec![
                Frame::Part(Bytes::from_static(b"first")),
                Frame::Data(Bytes::new()),
                Frame::Text,
                Frame::Ping,
                Frame::Pong,
                Frame::Close(None),
                Frame::Close(Some((4000, String::from("zu langsam: ä")))),
                Frame::Failed(Failure::TooLarge, String::from("large")),
                Frame::Failed(Failure::Violation, String::new()),
                Frame::Credit(u64::MAX),
                Frame::End,
            ],
        };

        let bytes = parcel.encode();

        assert_eq!(Parcel::decode(&bytes), Ok(parcel.clone()));
        assert_eq!(Parcel::line_of(&bytes), Ok(parcel.line));
    }

    #[test]
    fn the_bytes_are_as_they_are_drawn() {
        let frames = vec![Frame::Data(Bytes::from_static(b"hi")), Frame::Credit(258)];
        let parcel = Parcel { line: LineId(1), sequence: 2, frames };

        let mut expected = vec![0; 15];
        expected.extend([1, 0, 0, 0, 0, 0, 0, 0, 2]);
        expected.extend([2, 0, 0, 0, 2, b'h', b'i']);
        expected.extend([8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2]);

        assert_eq!(parcel.encode(), expected);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let parcel = |rest: &[u8]| {
            let bytes = [[0; HEAD_BYTES].as_slice(), rest].concat();
            Parcel::decode(&Bytes::from(bytes))
        };

        assert_eq!(
            Parcel::decode(&Bytes::from_static(b"short")),
            Err(ParcelError::Truncated { need: HEAD_BYTES, have: 5 })
        );
        assert_eq!(
            Parcel::decode(&Bytes::from_static(&[0; 23])),
            Err(ParcelError::Truncated { need: HEAD_BYTES, have: 23 })
        );
        assert_eq!(parcel(&[2, 0, 0]), Err(ParcelError::Truncated { need: 5, have: 3 }));
        assert_eq!(
            parcel(&[2, 255, 255, 255, 255, 1]),
            Err(ParcelError::Truncated { need: 5 + 0xffff_ffff, have: 6 })
        );
        assert_eq!(parcel(&[0, 0, 0, 0, 0]), Err(ParcelError::UnknownKind(0)));
        assert_eq!(parcel(&[4, 0, 0, 0, 1, 9]), Err(ParcelError::Body(4)));
        assert_eq!(parcel(&[6, 0, 0, 0, 1, 9]), Err(ParcelError::Body(6)));
        assert_eq!(parcel(&[6, 0, 0, 0, 3, 1, 1, 0xff]), Err(ParcelError::Body(6)));
        assert_eq!(parcel(&[7, 0, 0, 0, 1, 9]), Err(ParcelError::Body(7)));
        assert_eq!(parcel(&[8, 0, 0, 0, 1, 9]), Err(ParcelError::Body(8)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_what_is_read_can_be_written(bytes: Vec<u8>) {
            if let Ok(parcel) = Parcel::decode(&Bytes::from(bytes)) {
                prop_assert_eq!(Parcel::decode(&parcel.encode()), Ok(parcel));
            }
        }
    }
}
