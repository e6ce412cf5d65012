//! Names of nodes and lines.

use std::{fmt, str::FromStr};

use crate::error::NameError;

/// A running server. Chosen at random when it starts, so that it is never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeId(pub u128);

/// A line between two nodes. Chosen at random.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LineId(pub u128);

/// Who has a room: a node, in one of its lives. A node that could not be sure to be the owner any
/// more gives up everything and begins another life.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Owner {
    /// The node.
    pub node: NodeId,
    /// Which of its lives.
    pub life: u32,
}

/// 32 hexadecimal digits, which are safe in subjects and keys.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for NodeId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        digits(text).map(Self)
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for LineId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        digits(text).map(Self)
    }
}

fn digits(text: &str) -> Result<u128, NameError> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).map_err(|_| NameError)?;
    if is_hex { Ok(number) } else { Err(NameError) }
}

/// `NODE.LIFE`
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.node, self.life)
    }
}

impl FromStr for Owner {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (node, life) = text.split_once('.').ok_or(NameError)?;
        Ok(Self { node: node.parse()?, life: life.parse().map_err(|_| NameError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_can_be_written_down_and_read_again() {
        let owner = Owner { node: NodeId(0xab), life: 7 };

        let text = owner.to_string();

        assert_eq!(text, "000000000000000000000000000000ab.7");
        assert_eq!(text.parse(), Ok(owner));
    }

    #[test]
    fn what_is_no_owner_is_an_error() {
        let digits = "0".repeat(32);
        for text in ["", ".", "ab.1", &digits, &format!("{digits}."), &format!("{digits}.x")] {
            assert_eq!(text.parse::<Owner>(), Err(NameError), "{text:?}");
        }
        assert_eq!(format!("+{}", &digits[1..]).parse::<NodeId>(), Err(NameError));
    }
}
