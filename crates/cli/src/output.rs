//! Standard output: one result, or one line, at a time.

use std::io::Write as _;

use anyhow::Context as _;
use room_proto::JsonText;
use serde::Serialize;

use crate::json_layout::compact;

/// Prints a line of the result at once.
pub(crate) fn print(line: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}

/// Prints a text that has its line breaks.
pub(crate) fn print_all(text: &[u8]) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text).and_then(|()| output.flush()).context("cannot write to standard output")
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    // The JSON of others may have line breaks between its words.
    print(&compact(JsonText::from_value(value).as_str()))
}

/// Prints a line whose colours are left out where nobody would see them.
pub(crate) fn print_styled(line: &str) -> anyhow::Result<()> {
    let mut output = anstream::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}

/// Text of others, without what a terminal obeys.
pub(crate) fn harmless(text: &str) -> String {
    text.replace(char::is_control, " ")
}
