//! `room token`: tokens are made, shown and checked.

use serde_json::{Value, json};

use crate::{
    process::{room, text},
    stage::{Listener, SECRET, failed, file, start, succeeded, url},
};

const KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";

#[test]
fn a_token_shows_what_it_says() {
    let token = mint(&["--role", "agent", "--expires", "15m", "--allow", "send,list"]);

    let shown = succeeded(&inspect(&token, &[]));

    let rows: Vec<_> = shown.lines().collect();
    assert_eq!(
        rows[..4],
        ["name      Ann", "role      agent", "rooms     lobby", "may       send, list"]
    );
    assert!(rows[4].contains("GMT, in 14 min"), "{shown}");
    assert_eq!(rows[5], "key       the server's secret");
    assert!(!shown.contains(token.rsplit('.').next().unwrap()), "{shown}");
}

#[test]
fn with_json_the_claims_are_there_too() {
    let shown: Value =
        serde_json::from_str(&succeeded(&inspect(&mint(&["--expires", "never"]), &["--json"])))
            .unwrap();

    assert_eq!(shown["rooms"], json!(["lobby"]));
    assert_eq!(shown["allowed"], json!(["send", "broadcast", "list"]));
    assert_eq!(shown["expired"], false);
    let grants = json!([
        { "name": "room", "scope": "lobby" },
        { "name": "role", "scope": "user" },
        { "name": "api", "scope": { "messaging": {} } },
    ]);
    assert_eq!(shown["claims"], json!({ "name": "Ann", "grants": grants }));
}

#[test]
fn a_token_of_an_api_key_names_it() {
    let key = file("key", KEY.as_bytes());
    let token = mint(&["--api-key-file", &key]);

    let shown: Value = serde_json::from_str(&succeeded(&inspect(&token, &["--json"]))).unwrap();
    assert_eq!(shown["claims"]["kid"], "fbefbe00-1122-4334-8556-6778899aabff");
    assert_eq!(shown["claims"]["sub"], "00112233-4455-6677-8899-aabbccddeeff");

    let mut command = room(&["token", "verify", "--room", "lobby", "--api-key-file", &key]);
    succeeded(&command.env("ROOM_TOKEN", &token).output().unwrap());
}

#[test]
fn a_token_is_read_from_a_file_or_from_standard_input() {
    let token = mint(&[]);
    let in_file = file("token", format!("{token}\n").as_bytes());
    let shown = room(&["token", "inspect", "--token-file", &in_file]).output().unwrap();
    assert!(succeeded(&shown).contains("Ann"));

    let mut command = room(&["token", "inspect", "--token-file", "-"]);
    let input = std::fs::File::open(&in_file).unwrap();
    assert!(succeeded(&command.stdin(input).output().unwrap()).contains("Ann"));
}

#[test]
fn a_good_token_is_verified() {
    let output = verify(&mint(&[]), "lobby", SECRET);
    assert_eq!(succeeded(&output), "The token opens lobby for \"Ann\".\n");
}

#[test]
fn a_token_that_is_not_good_is_a_failure_with_its_reason() {
    let good = mint(&[]);
    failed(&verify(&good, "elsewhere", SECRET), 1, "the token is not for this room");
    failed(&verify(&good, "lobby", "another secret"), 1, "the token's signature is not valid");
    failed(&verify("no.such.token", "lobby", SECRET), 1, "the token cannot be read");
    let late = mint(&["--expires", "0s"]);
    let mut command = room(&["token", "verify", "--room", "lobby", "--clock-skew", "0", "--json"]);
    // It expires with the second in which it was made.
    let output = loop {
        let output = command.env("ROOM_TOKEN", &late).env("ROOM_SECRET", SECRET).output().unwrap();
        if !output.status.success() {
            break output;
        }
    };
    assert_eq!(output.status.code(), Some(1));
    let error: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(error["error"]["message"], "the token has expired");
    assert!(succeeded(&inspect(&late, &[])).contains(" ago"));
}

#[test]
fn what_is_missing_is_named() {
    failed(&room(&["token"]).output().unwrap(), 2, "--room <ROOM>");
    failed(&room(&["token", "--room", "lobby"]).output().unwrap(), 2, "--name <NAME>");
    failed(&room(&["token", "inspect"]).output().unwrap(), 2, "set ROOM_TOKEN or give");
    let mut command = room(&["token", "verify", "--room", "lobby"]);
    failed(&command.output().unwrap(), 2, "set ROOM_SECRET or ROOM_API_KEYS");
    let mut command = room(&["token", "mint", "--room", "lobby", "--name", "Ann"]);
    command.args(["--allow", "read"]).env("ROOM_SECRET", SECRET);
    failed(&command.output().unwrap(), 2, "\"read\" is none of send, broadcast, list");
}

#[test]
fn a_token_without_a_right_is_not_let_do_it() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &[]);
    let token = mint(&["--allow", "list,broadcast"]);
    let with_token = |what| {
        let mut command = room(&["messaging", what, "--url", &url(&server)]);
        command.env("ROOM_TOKEN", &token);
        command
    };

    let mut command = with_token("send");
    command.args(["--to-participant-id", &listener.id, "--type", "x", "--data", "{}"]);
    failed(&command.output().unwrap(), 6, "permission-denied: ");
    let mut command = with_token("broadcast");
    succeeded(&command.args(["--data", "{}"]).output().unwrap());
}

fn mint(options: &[&str]) -> String {
    let mut command = room(&["token", "mint", "--room", "lobby", "--name", "Ann"]);
    let output = command.args(options).env("ROOM_SECRET", SECRET).output().unwrap();
    succeeded(&output).trim().to_owned()
}

fn inspect(token: &str, options: &[&str]) -> std::process::Output {
    room(&["token", "inspect"]).args(options).env("ROOM_TOKEN", token).output().unwrap()
}

fn verify(token: &str, room_name: &str, secret: &str) -> std::process::Output {
    let mut command = room(&["token", "verify", "--room", room_name]);
    command.env("ROOM_TOKEN", token).env("ROOM_SECRET", secret).output().unwrap()
}
