//! What the binary says about itself.

use std::{fs, path::PathBuf};

use crate::{process::room, stage::succeeded};

/// Every command of this tool but the server, as it is typed.
const COMMANDS: &[&str] = &[
    "",
    "token",
    "token mint",
    "token inspect",
    "token verify",
    "messaging",
    "messaging list",
    "messaging send",
    "messaging broadcast",
    "messaging listen",
    "messaging chat",
    "messaging stream",
    "messaging stream send",
    "messaging stream receive",
    "doctor",
    "bench",
    "completions",
    "man",
];

#[test]
fn every_command_has_an_example() {
    for command in COMMANDS {
        let help = help(command);
        assert!(help.contains("Example:\n  "), "{command}: {help}");
        assert!(!help.contains('\u{1b}'), "{command}");
    }
}

#[test]
fn no_command_is_forgotten() {
    for command in COMMANDS {
        let prefix = if command.is_empty() { String::new() } else { format!("{command} ") };
        for word in subcommands(&help(command)) {
            let path = format!("{prefix}{word}");
            assert!(path == "serve" || COMMANDS.contains(&path.as_str()), "{path}");
        }
    }
}

#[test]
fn every_shell_has_completions() {
    for (shell, words) in [
        ("bash", "complete -F _room"),
        ("zsh", "#compdef room"),
        ("fish", "complete -c room"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let script = succeeded(&room(&["completions", shell]).output().unwrap());
        assert!(script.contains(words), "{shell}");
        assert!(script.contains("to-participant-id"), "{shell}");
    }
    assert_eq!(room(&["completions", "cmd"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let page = succeeded(&room(&["man"]).output().unwrap());
    assert!(page.contains(".TH room 1"), "{page}");

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("man/pages");
    succeeded(&room(&["man", "--out", folder.to_str().unwrap()]).output().unwrap());
    for command in COMMANDS {
        let name = format!("room-{}", command.replace(' ', "-"));
        let path = folder.join(format!("{}.1", name.trim_end_matches('-')));
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.contains("Example:"), "{}", path.display());
    }
}

fn help(command: &str) -> String {
    let words: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
    succeeded(&room(&words).output().unwrap())
}

/// The words under "Commands:".
fn subcommands(help: &str) -> Vec<&str> {
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let words = lines.filter_map(|line| line.split_whitespace().next());
    words.filter(|word| *word != "help").collect()
}
