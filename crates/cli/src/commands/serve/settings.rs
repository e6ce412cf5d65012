//! What a server runs with, and who said so.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};
use toml::Value;

use super::file::{ConfigFile, Kind, settings};

/// Every setting, in the order of `--help`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(Vec<Setting>);

#[derive(Clone, Debug)]
struct Setting {
    key: String,
    /// `None` if nobody has said anything.
    value: Option<Value>,
    origin: Origin,
}

/// Who has said what holds. Of several the first wins.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Origin {
    Flag,
    Environment,
    File,
    Default,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

impl Settings {
    /// Of what was read with the file's values for defaults.
    pub(crate) fn of(command: &Command, read: &ArgMatches, file: Option<&ConfigFile>) -> Self {
        let setting = |(key, arg): (&str, &Arg)| {
            let is_in_file = file.is_some_and(|file| file.has(key));
            let origin = match read.value_source(arg.get_id().as_str()) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                Some(ValueSource::EnvVariable) => Origin::Environment,
                _ if is_in_file => Origin::File,
                _ => Origin::Default,
            };
            Setting { key: key.to_owned(), value: value(arg, read), origin }
        };
        Self(settings(command).map(setting).collect())
    }

    /// Who has said what this is.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        let setting = self.0.iter().find(|setting| setting.key == key);
        setting.map_or(Origin::Default, |setting| setting.origin)
    }

    /// As a configuration file, which says the same when it is read.
    pub(crate) fn to_toml(&self) -> String {
        let mut text = String::new();
        for Setting { key, value, origin } in &self.0 {
            let line = match value {
                // It would be another one without it, so it is not for reading back.
                Some(value) if has_password(key, value) => {
                    format!("# {key} is set, with a password  # {}", origin.name())
                }
                Some(value) => format!("{key} = {value}  # {}", origin.name()),
                None => format!("# {key} is not set"),
            };
            // Text takes whatever is written to it.
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

/// Of all settings only the addresses of NATS can have one.
fn has_password(key: &str, value: &Value) -> bool {
    key == "cluster" && value.as_str().is_some_and(|urls| urls.contains('@'))
}

fn value(arg: &Arg, read: &ArgMatches) -> Option<Value> {
    let words = read.get_raw(arg.get_id().as_str())?;
    let mut values = words.map(|word| typed(Kind::of(arg), &word.to_string_lossy()));
    if matches!(arg.get_action(), ArgAction::Append) {
        Some(Value::Array(values.collect()))
    } else {
        values.next_back()
    }
}

fn typed(kind: Kind, word: &str) -> Value {
    let text = || Value::String(word.to_owned());
    match kind {
        Kind::Boolean => word.parse().map_or_else(|_| text(), Value::Boolean),
        Kind::Integer => word.parse().map_or_else(|_| text(), Value::Integer),
        Kind::Text => text(),
    }
}
