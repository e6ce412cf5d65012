//! The options of the messages that are sent.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use room_proto::{JsonText, Outgoing};

#[derive(Args, Debug)]
pub(super) struct Message {
    /// The message, a JSON object such as '{"text":"hi"}'
    #[arg(long, value_name = "JSON", value_parser = object)]
    data: JsonText,

    /// Send the bytes of this file with it
    #[arg(long, value_name = "FILE")]
    attachment: Option<PathBuf>,
}

impl Message {
    /// The message with its attachment.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub(super) fn outgoing(&self, kind: &str) -> anyhow::Result<Outgoing> {
        let attachment = match &self.attachment {
            Some(file) => {
                fs::read(file).with_context(|| format!("cannot read {}", file.display()))?
            }
            None => Vec::new(),
        };
        let attachment = Bytes::from(attachment);
        Ok(Outgoing { kind: kind.to_owned(), message: self.data.clone(), attachment })
    }
}

fn object(text: &str) -> Result<JsonText, String> {
    JsonText::object(text).map_err(|error| {
        format!(r#"{error}; quote the whole object for the shell, such as '{{"text":"hi"}}'"#)
    })
}
