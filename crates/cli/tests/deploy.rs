//! What is in `deploy/` fits the binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod process;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use process::{Server, room, text};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_sample_configuration_is_good_and_so_is_what_it_comments_out() {
    let sample = deploy("server.toml");
    let lines = sample.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) => rest,
        _ => line,
    });
    // Secrets of this test run instead of this machine's.
    let here = [("/etc/room/secret", SECRET), ("/etc/room/api-keys", "")];
    let whole = here
        .into_iter()
        .fold(lines.map(|line| format!("{line}\n")).collect::<String>(), |whole, (path, text)| {
            whole.replace(path, &file(&path.replace('/', "-"), text))
        });
    let said = printed(&["--config", &file("whole.toml", &whole)]);
    let defaults = printed(&[]);

    for line in sample.lines() {
        let commented_out = line.strip_prefix("# ").filter(|rest| is_setting(rest));
        let setting = commented_out.unwrap_or(line).split("  #").next().unwrap().trim();
        if is_setting(setting) && !setting.contains("/etc/") {
            assert!(said.contains(&format!("{setting}  # file\n")), "{setting}\n{said}");
        }
        let is_number = |setting: &&str| setting.ends_with(|last: char| last.is_ascii_digit());
        if commented_out.is_some() && is_number(&setting) {
            assert!(defaults.contains(&format!("{setting}  # default\n")), "{setting}");
        }
    }
}

#[test]
fn the_example_in_the_documentation_is_good() {
    let page = fs::read_to_string(project("docs/server.md")).unwrap();
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let example = example.replace("/etc/room/secret", &file("example-secret", SECRET));

    let said = printed(&["--config", &file("example.toml", &example)]);

    assert!(said.contains("max-message = 8  # file\n"), "{said}");
}

#[test]
fn a_server_starts_with_the_sample_configuration() {
    let sample = project("deploy/server.toml").display().to_string();
    let secret = file("sample-secret", SECRET);

    let free = ["--admin-listen", "127.0.0.1:0", "--secret-file", &secret];
    let server = Server::start(&[&["--config", &sample][..], &free].concat());

    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
}

#[test]
fn the_arguments_of_the_unit_and_of_the_image_are_understood() {
    let unit = deploy("room.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let arguments = start.strip_prefix("/usr/local/bin/room serve ").unwrap();
    let sample = project("deploy/server.toml").display().to_string();
    let secret = file("unit-secret", SECRET);
    let arguments =
        arguments.replace("/etc/room/server.toml", &sample).replace("%d/secret", &secret);
    let said = printed(&arguments.split(' ').collect::<Vec<_>>());
    assert!(said.contains("drain-time = 30  # file\n"), "{said}");
    assert!(said.contains(&format!("# secret: in {secret}\n")), "{said}");

    let image = deploy("Dockerfile");
    let command = image.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
    let words: Vec<String> = serde_json::from_str(command).unwrap();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    assert_eq!(words[0], "serve");
    assert!(printed(&words[1..]).contains("drain-time = 30  # flag\n"));
}

#[test]
fn a_stop_takes_no_longer_than_systemd_waits() {
    let number = |text: &str, key: &str| -> u32 {
        text.lines().find_map(|line| line.strip_prefix(key)).unwrap().parse().unwrap()
    };
    let patience = number(&deploy("room.service"), "TimeoutStopSec=");
    let drain = number(&deploy("server.toml"), "drain-time = ");

    assert!(patience > drain + 5, "{patience} and {drain}");
}

#[test]
#[cfg(target_os = "linux")]
fn systemd_finds_nothing_wrong_with_the_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return;
    }
    let unit = deploy("room.service").replace("/usr/local/bin/room", env!("CARGO_BIN_EXE_room"));
    let file = file("room.service", &unit);

    let output = Command::new("systemd-analyze").args(["verify", "--man=no", &file]).output();

    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Of other units of this machine it may say what it likes.
    assert!(!said.lines().any(|line| line.contains("room.service")), "{said}");
}

fn is_setting(line: &str) -> bool {
    let key = line.split(" = ").next().unwrap_or_default();
    key.len() < line.len() && key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')
}

fn deploy(name: &str) -> String {
    fs::read_to_string(project("deploy").join(name)).unwrap()
}

fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let output = room(&["serve", "--print-config"]).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A file of this test run.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{name}"));
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
