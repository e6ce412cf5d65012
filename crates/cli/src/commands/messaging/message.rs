//! The options of the messages that are sent.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::PathBuf,
    str::FromStr,
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use room_proto::{JsonText, Outgoing};

#[derive(Args, Debug)]
pub(super) struct Message {
    /// The message, a JSON object such as '{"text":"hi"}'; @FILE reads it from a file, - from
    /// standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    data: Data,

    /// Send the bytes of this file with it
    #[arg(long, value_name = "FILE")]
    attachment: Option<PathBuf>,
}

impl Message {
    /// The message with its attachment.
    ///
    /// # Errors
    ///
    /// If a file or standard input cannot be read, or holds no JSON object.
    pub(super) fn outgoing(&self, kind: &str) -> anyhow::Result<Outgoing> {
        let message = self.data.read()?;
        let attachment = match &self.attachment {
            Some(file) => {
                fs::read(file).with_context(|| format!("cannot read {}", file.display()))?
            }
            None => Vec::new(),
        };
        let attachment = Bytes::from(attachment);
        Ok(Outgoing { kind: kind.to_owned(), message, attachment })
    }
}

/// Where a JSON object is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Data {
    Here(JsonText),
    File(PathBuf),
    StandardInput,
}

impl FromStr for Data {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::StandardInput);
        }
        if let Some(file) = text.strip_prefix('@') {
            return Ok(Self::File(file.into()));
        }
        JsonText::object(text).map(Self::Here).map_err(|error| {
            format!(r#"{error}; quote the whole object for the shell, such as '{{"text":"hi"}}'"#)
        })
    }
}

impl Data {
    /// The object.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is none.
    pub(super) fn read(&self) -> anyhow::Result<JsonText> {
        match self {
            Self::Here(object) => Ok(object.clone()),
            Self::File(file) => {
                let file = file.as_path();
                let opened =
                    File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
                object(opened).with_context(|| format!("in {}", file.display()))
            }
            Self::StandardInput => object(io::stdin().lock()).context("on standard input"),
        }
    }
}

fn object(source: impl Read) -> anyhow::Result<JsonText> {
    let mut text = String::new();
    let read = source.take(LIMIT_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > LIMIT_BYTES {
        bail!("a message of more than {LIMIT_BYTES} bytes is too large");
    }
    Ok(JsonText::object(text.trim())?)
}

/// No server of ours takes more at once; what has no end should not fill the memory.
const LIMIT_BYTES: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_here_in_a_file_or_on_standard_input() {
        let object =
            JsonText::object("{\"a\":1}").map(Data::Here).map_err(|error| error.to_string());

        assert_eq!("{\"a\":1}".parse(), object);
        assert_eq!("@dir/a.json".parse(), Ok(Data::File(PathBuf::from("dir/a.json"))));
        assert_eq!("-".parse(), Ok(Data::StandardInput));
        assert!("[]".parse::<Data>().is_err());
    }

    #[test]
    fn what_is_read_may_end_with_a_line_break() {
        assert!(object(&b" {\"a\":1}\r\n"[..]).is_ok());
        assert!(object(&b"{} {}"[..]).is_err());
        assert!(object(&b"\xff"[..]).is_err());
    }
}
