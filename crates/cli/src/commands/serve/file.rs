//! The configuration file of `room serve`.
//!
//! Every flag is a key of the same name, so that each has one meaning, one type and one range: a
//! value is read by the flag's own parser, and then takes the place of the flag's default.

use std::{any::TypeId, collections::BTreeMap, error::Error as _, fs, path::Path};

use anyhow::{Context as _, anyhow, bail};
use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue},
};
use toml::Value;

/// A file that was read and found good.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    /// By key, as they would stand on the command line.
    values: BTreeMap<String, Vec<String>>,
}

impl ConfigFile {
    /// Reads the settings of this command.
    ///
    /// # Errors
    ///
    /// Names the file, and the key or the line that is wrong.
    pub(crate) fn read(file: &Path, command: &Command) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read the configuration {}", file.display()))?;
        Self::parse(&text, command).with_context(|| format!("in {}", file.display()))
    }

    fn parse(text: &str, command: &Command) -> anyhow::Result<Self> {
        let table: toml::Table = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let arg = find(command, &key)?;
            let words = words(arg, &value).with_context(|| key.clone())?;
            check(arg, &words).with_context(|| key.clone())?;
            values.insert(key, words);
        }
        Ok(Self { values })
    }

    /// The command with these values for defaults.
    pub(crate) fn beneath(&self, command: Command) -> Command {
        self.values.iter().fold(command, |command, (key, values)| {
            let id = find(&command, key).map(|arg| arg.get_id().clone());
            match id {
                Ok(id) => command.mut_arg(id, |arg| arg.default_values(values.clone())),
                Err(_) => command,
            }
        })
    }

    /// Whether the file says something about this.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }
}

/// The flags that are settings.
pub(crate) fn settings(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    let named = command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg)));
    named.filter(|(key, _)| !["config", "print-config", "help", "version"].contains(key))
}

fn find<'a>(command: &'a Command, key: &str) -> anyhow::Result<&'a Arg> {
    let known = |key: &str| settings(command).find(|(known, _)| *known == key);
    if let Some((_, arg)) = known(key) {
        return Ok(arg);
    }
    match known(&key.replace('_', "-")) {
        Some((near, _)) => bail!("unknown key {key}; it is written {near}"),
        None => {
            bail!("unknown key {key}; the keys are the flags of room serve, without the dashes")
        }
    }
}

/// What is wrong with the whole, without quoting any of it.
fn syntax(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    anyhow!("line {line} is not TOML: {}", error.message())
}

/// What a flag would be followed by.
fn words(arg: &Arg, value: &Value) -> anyhow::Result<Vec<String>> {
    if !matches!(arg.get_action(), ArgAction::Append) {
        return Ok(vec![word(arg, value)?]);
    }
    let Value::Array(values) = value else {
        bail!("must be an array, not {}", type_name(value));
    };
    values.iter().map(|value| word(arg, value)).collect()
}

fn word(arg: &Arg, value: &Value) -> anyhow::Result<String> {
    let expected = Kind::of(arg);
    match (expected, value) {
        (Kind::Text, Value::String(text)) => Ok(text.clone()),
        (Kind::Integer, Value::Integer(number)) => Ok(number.to_string()),
        (Kind::Boolean, Value::Boolean(yes)) => Ok(yes.to_string()),
        (_, other) => bail!("must be {}, not {}", expected.name(), type_name(other)),
    }
}

/// What a flag takes, in the words of TOML.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    Text,
}

impl Kind {
    pub(crate) fn of(arg: &Arg) -> Self {
        let id = arg.get_value_parser().type_id();
        if id == TypeId::of::<bool>() {
            Self::Boolean
        } else if id == TypeId::of::<u32>() {
            Self::Integer
        } else {
            Self::Text
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Integer => "an integer",
            Self::Text => "a string",
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a float",
        Value::Boolean(_) => "a boolean",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "an array",
        Value::Table(_) => "a table",
    }
}

/// Lets the flag's own parser look at the words.
fn check(arg: &Arg, words: &[String]) -> anyhow::Result<()> {
    let name = arg.get_long().unwrap_or_default();
    let line = words.iter().map(|word| format!("--{name}={word}"));
    let alone = Command::new("file").no_binary_name(true).disable_help_flag(true).arg(arg.clone());
    alone.try_get_matches_from(line).map(drop).map_err(|error| reason(&error))
}

/// What the parser says, without the flag's name and the hints for a command line.
fn reason(error: &clap::Error) -> anyhow::Error {
    let context = |kind| error.get(kind);
    match (error.source(), context(ContextKind::ValidValue)) {
        (Some(source), _) => anyhow!("{source}"),
        (None, Some(ContextValue::Strings(known))) if !known.is_empty() => {
            anyhow!("must be one of {}", known.join(", "))
        }
        (None, _) => anyhow!("must not be empty"),
    }
}
