//! Where the settings of a server come from, and which win.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod process;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Output},
};

use process::{Server, room, text};

#[test]
fn flags_win_over_the_environment_and_this_over_the_file_and_this_over_the_defaults() {
    let file = file("layers.toml", "log = \"error\"\nmax-rooms = 5\nmax-queue = 6\n");

    let said = printed(serve(&["--config", &file, "--max-rooms", "7"]).env("RUST_LOG", "warn"));

    assert_line(&said, "max-rooms = 7  # flag");
    assert_line(&said, "log = \"warn\"  # environment");
    assert_line(&said, "max-queue = 6  # file");
    assert_line(&said, "max-members = 1000  # default");

    let said = printed(&mut serve(&["--log", "debug", "--config", &file]));
    assert_line(&said, "log = \"debug\"  # flag");
    assert_line(&said, "max-rooms = 5  # file");
}

#[test]
fn a_switch_of_the_file_can_be_turned_off() {
    let file = file("switch.toml", "dev = true\nend-expired = true\n");

    let said = printed(&mut serve(&["--config", &file, "--dev=false", "--trust-forwarded"]));

    assert_line(&said, "dev = false  # flag");
    assert_line(&said, "end-expired = true  # file");
    assert_line(&said, "trust-forwarded = true  # flag");
    assert_line(&said, "no-legacy-grants = false  # default");
}

#[test]
fn the_password_of_a_cluster_is_not_printed() {
    let mut command = serve(&["--cluster-lease", "9"]);
    let said = printed(command.env("ROOM_CLUSTER", "nats://node:geheim@10.0.0.5"));

    assert!(!said.contains("geheim"), "{said}");
    assert_line(&said, "# cluster is set, with a password  # environment");
    assert_line(&said, "cluster-lease = 9  # flag");

    let file = file("cluster.toml", "cluster = \"nats://10.0.0.5\"\n");
    let said = printed(&mut serve(&["--config", &file]));
    assert_line(&said, "cluster = \"nats://10.0.0.5\"  # file");
}

#[test]
fn lists_are_replaced_as_a_whole() {
    let file =
        file("lists.toml", "allow-origin = [\"https://a.example\", \"https://b.example\"]\n");

    let said = printed(&mut serve(&["--config", &file]));
    assert_line(&said, r#"allow-origin = ["https://a.example", "https://b.example"]  # file"#);

    let said = printed(&mut serve(&["--config", &file, "--allow-origin", "https://c.example"]));
    assert_line(&said, r#"allow-origin = ["https://c.example"]  # flag"#);
}

#[test]
fn the_environment_can_name_the_file_and_a_flag_another() {
    let one = file("one.toml", "max-rooms = 1\n");
    let two = file("two.toml", "max-rooms = 2\n");

    assert_line(&printed(serve(&[]).env("ROOM_CONFIG", &one)), "max-rooms = 1  # file");
    let said = printed(serve(&["--config", &two]).env("ROOM_CONFIG", &one));
    assert_line(&said, "max-rooms = 2  # file");
}

#[test]
fn what_is_printed_is_a_configuration_that_says_the_same() {
    let before = printed(&mut serve(&[
        "--listen",
        "[::1]:9",
        "--mount",
        "/a=it's \"here\"",
        "--max-rooms",
        "7",
        "--dev",
    ]));
    let file = file("again.toml", &before);
    let after = printed(&mut serve(&["--config", &file]));

    let settings = |text: &str| -> toml::Table { text.parse().unwrap() };
    assert_eq!(settings(&before), settings(&after));
    assert_eq!(settings(&after)["mount"][0].as_str(), Some("/a=it's \"here\""));
    assert!(!after.contains("# default"), "{after}");
}

#[test]
fn a_secret_is_never_printed_but_where_it_is_from() {
    const SECRET: &str = "hush-0123456789abcdef0123456789abcdef";
    const KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";
    let secret = file("secret", SECRET);
    let keys = file("keys", KEY);
    let config = file("secrets.toml", &format!("secret-file = '{secret}'\n"));

    let said = printed(&mut serve(&["--config", &config, "--api-key-file", &keys]));
    assert_line(&said, &format!("# secret: in {secret}"));
    assert_line(&said, &format!("# API keys: 1, in {keys}"));
    assert!(!said.contains("hush") && !said.contains("s3cret"), "{said}");

    let mut command = serve(&["--config", &config]);
    let said = printed(command.env("ROOM_SECRET", SECRET).env("ROOM_API_KEYS", KEY));
    assert_line(&said, "# secret: in ROOM_SECRET");
    assert_line(&said, "# API keys: 1, in ROOM_API_KEYS");
    assert!(!said.contains("hush") && !said.contains("s3cret"), "{said}");

    let said = printed(serve(&["--secret-file", &secret]).env("ROOM_SECRET", "another"));
    assert_line(&said, &format!("# secret: in {secret}"));
    let said = printed(&mut serve(&[]));
    assert_line(&said, "# secret: none");
    assert_line(&said, "# API keys: none");
    assert_line(&printed(&mut serve(&["--dev"])), "# secret: made anew by each run");
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_the_file() {
    for (number, (line, words)) in [
        ("max-room = 1", "unknown key max-room"),
        ("max_rooms = 1", "unknown key max_rooms; it is written max-rooms"),
        ("config = 'x'", "unknown key config"),
        ("print-config = true", "unknown key print-config"),
        ("[limits]\nmax-rooms = 1", "unknown key limits"),
        ("max-rooms = 0", "max-rooms: 0 is not in 1..=1000000"),
        ("max-rooms = -1", "max-rooms: -1 is not in 1..=1000000"),
        ("max-rooms = 9223372036854775807", "is not in 1..=1000000"),
        ("clock-skew = 86401", "clock-skew: 86401 is not in 0..=86400"),
        ("max-rooms = \"1\"", "max-rooms: must be an integer, not a string"),
        ("max-rooms = 1.0", "max-rooms: must be an integer, not a float"),
        ("dev = 1", "dev: must be true or false, not an integer"),
        ("dev = \"true\"", "dev: must be true or false, not a string"),
        ("listen = 8787", "listen: must be a string, not an integer"),
        ("listen = 'nowhere'", "listen: invalid socket address syntax"),
        ("mount = '/a=b'", "mount: must be an array, not a string"),
        ("mount = ['/a=b', 1]", "mount: must be a string, not an integer"),
        ("mount = ['/a=b', 'c']", "mount: a mount is written /prefix=DIR"),
        ("allow-origin = ['example.org']", "allow-origin: an origin is written"),
        ("log-format = 'xml'", "log-format: must be one of text, json"),
        ("otlp-endpoint = 'https://h'", "otlp-endpoint: https needs TLS"),
        ("otlp-traces-endpoint = 'hush'", "otlp-traces-endpoint: a collector is written"),
        ("www = ''", "www: must not be empty"),
        ("www = 1979-05-27", "www: must be a string, not a date"),
        ("dev = true\ndev = false", "line 2 is not TOML"),
        ("\nmax-rooms =", "line 2 is not TOML"),
        ("log = 'hush", "line 1 is not TOML"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = file(&format!("wrong-{number}.toml"), line);

        let output = serve(&["--config", &name]).output().unwrap();

        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(words), "{line}: {said}");
        assert!(said.contains(&name), "{line}: {said}");
        assert!(!said.contains("hush"), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_collector_of_traces_is_named_by_flag_variable_or_file() {
    let file = file("otlp.toml", "otlp-endpoint = \"http://file:4318\"\n");

    let said = printed(&mut serve(&["--config", &file]));
    assert_line(&said, "otlp-endpoint = \"http://file:4318\"  # file");
    assert_line(&said, "# otlp-traces-endpoint is not set");
    assert_line(&said, "otlp-service-name = \"room-server\"  # default");

    let said = printed(
        serve(&["--config", &file])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://variable:4318")
            .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
            .env("OTEL_SERVICE_NAME", "rooms"),
    );
    assert_line(&said, "otlp-endpoint = \"http://variable:4318\"  # environment");
    assert_line(&said, "otlp-traces-endpoint = \"\"  # environment");
    assert_line(&said, "otlp-service-name = \"rooms\"  # environment");

    let said = printed(&mut serve(&["--config", &file, "--otlp-endpoint", "http://flag"]));
    assert_line(&said, "otlp-endpoint = \"http://flag\"  # flag");
}

#[test]
fn a_collector_that_needs_tls_is_refused_wherever_it_is_named() {
    let flag = serve(&["--otlp-endpoint", "https://h"]).output().unwrap();
    let variable = serve(&[]).env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://h/x").output();

    for output in [flag, variable.unwrap()] {
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output).contains("https needs TLS"), "{output:?}");
    }
}

#[test]
fn a_server_exports_where_it_is_told_to() {
    let endpoint = "http://127.0.0.1:9/otlp";
    let mut server = Server::start(&["--dev", "--log-format", "json", "--otlp-endpoint", endpoint]);

    let log = BufReader::new(server.process.stderr.take().unwrap());
    let line = log.lines().map(Result::unwrap).find(|line| line.contains("exporting traces"));
    assert!(line.unwrap().contains(r#""endpoint":"http://127.0.0.1:9/otlp/v1/traces""#));
}

#[test]
fn a_server_runs_with_what_its_file_says() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("config-www");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("index.html"), "the page of the file").unwrap();
    let file = file("run.toml", &format!("dev = true\nwww = '{}'\n", folder.display()));

    let server = Server::start(&["--config", &file]);

    let mut socket = TcpStream::connect(&server.address).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("the page of the file"), "{answer}");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let output = serve(&["--config", "no/such/file"]).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("cannot read the configuration no/such/file"), "{output:?}");
}

/// `room serve` that only prints.
fn serve(arguments: &[&str]) -> Command {
    let mut command = room(&["serve", "--print-config"]);
    command.args(arguments);
    command
}

#[track_caller]
fn printed(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_line(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "{line:?} is not in\n{text}");
}

/// A file of this test run.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
