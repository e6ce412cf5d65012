//! The names that rooms may have.

use std::{borrow::Borrow, fmt};

use thiserror::Error;

/// A room's name: 1 to 63 of `a-z`, `0-9` and `-`, no dash at either end. So it is safe in URLs, and
/// in keys and subjects of NATS.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RoomName(Box<str>);

impl RoomName {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`RoomNameError`] with the rule.
    pub fn new(name: &str) -> Result<Self, RoomNameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let dash_at_end = name.starts_with('-') || name.ends_with('-');
        if (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !dash_at_end {
            Ok(Self(name.into()))
        } else {
            Err(RoomNameError)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RoomName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// No room can have this name.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a room name is 1 to 63 of a-z, 0-9 and -, and neither begins nor ends with -")]
pub struct RoomNameError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_rule() {
        for name in ["a", "lobby", "a-1", "0", &"x".repeat(63)] {
            assert!(RoomName::new(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a b", "a_b", "ä", "a/b", "..", &"x".repeat(64)] {
            assert_eq!(RoomName::new(name), Err(RoomNameError), "{name}");
        }
    }
}
