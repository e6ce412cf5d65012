//! What is typed, line by line.

use std::{
    io::{self, BufRead, BufReader, Read as _},
    thread,
};

use anyhow::{Context as _, bail};
use tokio::sync::mpsc;

/// What a line means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Typed {
    Nothing,
    Quit,
    Who,
    All(String),
    One { name: String, text: String },
    Unknown(String),
}

impl Typed {
    /// Reads a line. Two slashes begin a text with one.
    pub(super) fn parse(line: &str) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Nothing;
        }
        let Some(order) = line.strip_prefix('/') else { return Self::All(line.to_owned()) };
        if order.starts_with('/') {
            return Self::All(order.to_owned());
        }
        let (word, rest) = order.split_once(char::is_whitespace).unwrap_or((order, ""));
        match (word, rest.trim().split_once(char::is_whitespace)) {
            ("quit", _) => Self::Quit,
            ("who", _) => Self::Who,
            ("msg", Some((name, text))) => {
                Self::One { name: name.to_owned(), text: text.trim().to_owned() }
            }
            _ => Self::Unknown(format!("/{word}")),
        }
    }
}

/// The lines of standard input. A thread of its own reads: one that waits for a terminal can be
/// left behind.
pub(super) fn lines() -> mpsc::Receiver<anyhow::Result<String>> {
    let (sender, receiver) = mpsc::channel(1);
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        while let Some(line) = next_line(&mut input).transpose() {
            let is_last = line.is_err();
            if sender.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

fn next_line(input: &mut impl BufRead) -> anyhow::Result<Option<String>> {
    let mut line = Vec::new();
    let read = input.take(LIMIT_BYTES).read_until(b'\n', &mut line);
    match read.context("cannot read standard input")? {
        0 => Ok(None),
        count if count as u64 == LIMIT_BYTES => bail!("a line of standard input is too long"),
        _ => Ok(Some(String::from_utf8_lossy(&line).into_owned())),
    }
}

/// More than anybody types.
const LIMIT_BYTES: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_begins_an_order_and_two_a_text() {
        let all = |text: &str| Typed::All(text.to_owned());
        for (line, typed) in [
            (" \n", Typed::Nothing),
            (" hi, all \r\n", all("hi, all")),
            ("//usr", all("/usr")),
            ("/quit", Typed::Quit),
            ("/who\n", Typed::Who),
            ("/msg bob", Typed::Unknown(String::from("/msg"))),
            ("/dance now", Typed::Unknown(String::from("/dance"))),
        ] {
            assert_eq!(Typed::parse(line), typed, "{line}");
        }
        let (name, text) = (String::from("bob"), String::from("hi  you"));
        assert_eq!(Typed::parse("/msg bob  hi  you\n"), Typed::One { name, text });
    }

    #[test]
    fn a_line_has_a_limit() {
        let long = vec![b'a'; usize::try_from(LIMIT_BYTES).unwrap_or_default() + 1];

        assert!(next_line(&mut long.as_slice()).is_err());
        assert_eq!(next_line(&mut &b"a\xff"[..]).ok().flatten().as_deref(), Some("a\u{fffd}"));
        assert!(matches!(next_line(&mut &b""[..]), Ok(None)));
    }
}
