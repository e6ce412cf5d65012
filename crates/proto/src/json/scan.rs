//! Walking over JSON text without decoding it. Nesting takes memory, but no stack.

use super::JsonError;

/// A place in JSON text.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Walks over one value of any kind; gives its text without the space around it.
    pub(super) fn value(&mut self) -> Result<&'a [u8], JsonError> {
        self.skip_space();
        let start = self.at;
        // What ends the arrays and objects that the place is in.
        let mut ends = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    if self.opens(b'}') {
                        ends.push(b'}');
                        self.name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    if self.opens(b']') {
                        ends.push(b']');
                        continue;
                    }
                }
                Some(b'"') => drop(self.string()?),
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                _ => return Err(self.fault("a value is wanted")),
            }
            loop {
                let Some(end) = ends.last().copied() else {
                    return Ok(&self.text[start..self.at]);
                };
                if self.has_more(end)? {
                    break;
                }
                ends.pop();
            }
            if ends.last() == Some(&b'}') {
                self.name()?;
            }
        }
    }

    /// Takes the bracket that opens an object or array. Whether something is in it; if not, its
    /// end is taken too.
    pub(super) fn opens(&mut self, end: u8) -> bool {
        self.at += 1;
        !self.take(end)
    }

    /// Takes the comma after a value, or the `end` of what it is in.
    pub(super) fn has_more(&mut self, end: u8) -> Result<bool, JsonError> {
        if self.take(b',') {
            self.skip_space();
            return Ok(true);
        }
        if self.take(end) { Ok(false) } else { Err(self.fault("a comma or the end is wanted")) }
    }

    /// Takes the name of a member, and the colon; gives the name with its quotes.
    pub(super) fn name(&mut self) -> Result<&'a [u8], JsonError> {
        let name = self.string()?;
        if !self.take(b':') {
            return Err(self.fault("a colon is wanted"));
        }
        self.skip_space();
        Ok(name)
    }

    /// Nothing but space may follow.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("the end is wanted")),
        }
    }

    /// The first byte after the space here.
    #[inline(always)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.at).copied()
    }

    pub(super) fn fault(&self, wanted: &str) -> JsonError {
        JsonError::new(wanted, self.at)
    }

    #[inline(always)]
    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.fault("a value is wanted"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Escapes are checked but for surrogates: lone ones are legal.
    fn string(&mut self) -> Result<&'a [u8], JsonError> {
        let start = self.at;
        if !self.take(b'"') {
            return Err(self.fault("a string is wanted"));
        }
        loop {
            self.at += plain_len(&self.text[self.at..]);
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at]);
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.fault("the end of a string is wanted")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.at + 1..];
        let len = match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'u', digits @ ..] if digits.len() >= 4 && is_hex(&digits[..4]) => 6,
            _ => return Err(self.fault("an escape is wanted")),
        };
        self.at += len;
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.at += usize::from(self.text.get(self.at) == Some(&b'-'));
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.text.get(self.at) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault("a digit is wanted")) } else { Ok(()) }
    }
}

fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// How many bytes of a string from here on stand for themselves: no quote, backslash or control.
pub(super) fn plain_len(text: &[u8]) -> usize {
    let mut len = 0;
    // Loops in plain words: closures of iterators stay calls in a small build.
    while let Some(word) = text[len..].first_chunk() {
        let special = special_in(u64::from_le_bytes(*word));
        if special != 0 {
            return len + special.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    while let Some(b' '..=b'!' | b'#'..=b'[' | b']'..) = text.get(len) {
        len += 1;
    }
    len
}

/// Looks at eight bytes at once: the lowest bit that is set is the highest of the first byte that
/// is special.
#[inline(always)]
fn special_in(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES * 0x80;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    // The highest bit of a byte, if the byte is below what is taken away.
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    (controls | quotes | backslashes) & HIGHS
}
