//! What is found, and what to think of it.

use anstyle::{AnsiColor, Style};
use room_proto::SessionError;
use serde::Serialize;

use crate::{
    failure::hint,
    output::{harmless, print_json, print_styled},
};

/// What to think of a finding; the later the worse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    fn style(self) -> Style {
        let color = match self {
            Self::Ok => AnsiColor::Green,
            Self::Warn => AnsiColor::Yellow,
            Self::Fail => AnsiColor::Red,
        };
        color.on_default()
    }
}

/// Prints each finding at once, and remembers the worst.
pub(super) struct Findings {
    is_json: bool,
    worst: Verdict,
}

#[derive(Serialize)]
struct Finding<'a> {
    check: &'static str,
    verdict: Verdict,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl Findings {
    pub(super) fn new(is_json: bool) -> Self {
        Self { is_json, worst: Verdict::Ok }
    }

    pub(super) fn worst(&self) -> Verdict {
        self.worst
    }

    /// All is well.
    pub(super) fn ok(&mut self, check: &'static str, detail: &str) -> anyhow::Result<()> {
        self.add(Finding { check, verdict: Verdict::Ok, detail, hint: None })
    }

    /// It works, but not as well as it could.
    pub(super) fn warn(
        &mut self,
        check: &'static str,
        detail: &str,
        hint: &str,
    ) -> anyhow::Result<()> {
        self.add(Finding { check, verdict: Verdict::Warn, detail, hint: Some(hint) })
    }

    /// It does not work.
    pub(super) fn fail(
        &mut self,
        check: &'static str,
        detail: &str,
        hint: &str,
    ) -> anyhow::Result<()> {
        self.add(Finding { check, verdict: Verdict::Fail, detail, hint: Some(hint) })
    }

    /// It does not work, for a reason that has a code.
    pub(super) fn failed(
        &mut self,
        check: &'static str,
        error: &SessionError,
    ) -> anyhow::Result<()> {
        let detail = format!("{}: {}", error.code.as_str(), error.message);
        self.fail(check, &detail, hint(error.code))
    }

    fn add(&mut self, finding: Finding<'_>) -> anyhow::Result<()> {
        self.worst = self.worst.max(finding.verdict);
        if self.is_json {
            return print_json(&finding);
        }
        let Finding { check, verdict, detail, hint } = finding;
        let (style, word, detail) = (verdict.style(), verdict.word(), harmless(detail));
        print_styled(&format!("{style}{word:<4}{style:#}  {check:<13}{detail}"))?;
        hint.map_or(Ok(()), |hint| print_styled(&format!("{:19}{hint}", "")))
    }
}
