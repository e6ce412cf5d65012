//! The forms that clients of different generations write their messages in.

use crate::{Family, JsonStyle};

/// How one kind of client writes what it says. Every server reads all of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientDialect {
    /// The words of requests.
    pub family: Family,
    /// The layout of JSON.
    pub style: JsonStyle,
    /// `set_attributes` is the JSON alone, as in generation 1a.
    pub plain_attributes: bool,
    /// Tool calls as Python writes them: `participant_id` and `on_behalf_of_id` are null, the
    /// recipient comes first, a missing attachment is null.
    pub null_fields: bool,
    /// Names the tool call that is written next.
    pub tool_call_id: Option<String>,
    /// Only `enable` and `disable` are named.
    pub names_presence_only: bool,
    /// Adds the (empty) trace context `__meshagent__`.
    pub trace: bool,
    /// An attachment of zero bytes is written, not left out. Readers cannot tell the difference.
    pub empty_attachment: bool,
}

impl ClientDialect {
    const TOOLKIT: Self = Self {
        family: Family::Toolkit,
        style: JsonStyle::Compact,
        plain_attributes: false,
        null_fields: false,
        tool_call_id: None,
        names_presence_only: false,
        trace: false,
        empty_attachment: false,
    };

    /// Python 0.0.21: generation 1a.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub const fn py_0_0_21() -> Self {
        Self {
            family: Family::Direct,
            style: JsonStyle::Spaced,
            plain_attributes: true,
            ..Self::TOOLKIT
        }
    }

    /// TypeScript 0.35.8: generation 2.
    #[must_use]
    pub const fn npm_0_35_8() -> Self {
        Self::TOOLKIT
    }

    /// TypeScript 0.39.9: generation 2; enabling and disabling have names.
    #[must_use]
    pub const fn npm_0_39_9() -> Self {
        Self { names_presence_only: true, ..Self::TOOLKIT }
    }

    /// Python 0.56.0: generation 3.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub const fn py_0_56_0() -> Self {
        Self { style: JsonStyle::Spaced, null_fields: true, trace: true, ..Self::TOOLKIT }
    }

    /// Ours, towards a server that takes direct requests.
    #[must_use]
    pub const fn ours_direct() -> Self {
        Self { family: Family::Direct, ..Self::TOOLKIT }
    }

    /// Ours, towards a server that may know only tool calls: the fields of Python 0.56.0.
    #[must_use]
    pub const fn ours_toolkit() -> Self {
        Self { null_fields: true, ..Self::TOOLKIT }
    }

    // What only other clients do is not in a browser's module: no page imitates them.

    pub(super) const fn traces(&self) -> bool {
        cfg!(not(target_arch = "wasm32")) && self.trace
    }

    pub(super) const fn names_only_presence(&self) -> bool {
        cfg!(not(target_arch = "wasm32")) && self.names_presence_only
    }

    pub(super) const fn writes_empty_attachments(&self) -> bool {
        cfg!(not(target_arch = "wasm32")) && self.empty_attachment
    }
}
