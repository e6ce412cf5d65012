//! `room bench`

use serde_json::Value;

use crate::{
    process::room,
    stage::{Listener, SECRET, failed, messaging, start, succeeded, url},
};

#[test]
fn three_things_are_measured_and_nobody_else_hears_of_it() {
    let server = start();
    let listener = Listener::start(&server, "Bob", &["--count", "1"]);
    let mut command = room(&["bench", "--url", &url(&server), "--name", "Ann", "--json"]);
    command.args(["--seconds", "0.2", "--size", "10"]).env("ROOM_SECRET", SECRET);

    let printed = succeeded(&command.output().unwrap());

    let lines: Vec<Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [round_trip, messages, bulk] = lines.as_slice() else { panic!("{printed}") };
    let number = |line: &Value, key: &str| line[key].as_f64().unwrap();
    assert_eq!(round_trip["measure"], "round_trip");
    assert!(number(round_trip, "p50_ms") > 0.0, "{printed}");
    assert!(number(round_trip, "p50_ms") <= number(round_trip, "p99_ms"), "{printed}");
    assert_eq!(messages["measure"], "messages");
    assert!(number(messages, "per_second") > 0.0, "{printed}");
    assert_eq!(bulk["measure"], "bulk");
    assert!(number(bulk, "megabytes_per_second") > 0.0, "{printed}");

    succeeded(&messaging(&server, "Ann", "broadcast").args(["--data", "{}"]).output().unwrap());
    let heard = succeeded(&listener.finish());
    assert!(heard.contains("chat.broadcast"), "{heard}");
}

#[test]
fn a_server_that_refuses_is_not_measured() {
    let server = start();
    let mut command = room(&["bench", "--url", &url(&server), "--token", "no.such.token"]);

    failed(&command.output().unwrap(), 4, "the token cannot be read");
}
