//! Files, and the check that the server is alive.

use std::{fs, path::PathBuf};

use room_server::{Mount, StaticFile};

use crate::harness::Server;

#[tokio::test]
async fn folders_are_served_with_the_right_types_and_never_stale() {
    let www = folder("www", &[("index.html", "<p>page"), ("main.js", "1"), ("style.css", "a{}")]);
    let pkg = folder("pkg", &[("glue.wasm", "wasm")]);
    let server = Server::start_with(|config| {
        config.mounts = vec![Mount::parse(&format!("/pkg={}", pkg.display())).unwrap()];
        config.www = Some(www);
    })
    .await;

    for (path, kind, body) in [
        ("/", "text/html", "<p>page"),
        ("/main.js", "text/javascript", "1"),
        ("/style.css", "text/css", "a{}"),
        ("/pkg/glue.wasm", "application/wasm", "wasm"),
    ] {
        let answer = server.http("GET", path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    for path in ["/missing", "/pkg/missing", "/../Cargo.toml", "/pkg/..%2f..%2fCargo.toml"] {
        assert_eq!(server.http("GET", path, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_server_without_folders_is_alive_too() {
    let server = Server::start().await;

    assert_eq!(server.http("GET", "/healthz", "").await.body, "ok");
    assert_eq!(server.http("GET", "/", "").await.status, 404);
}

const BUILT_IN: &[StaticFile] = &[
    StaticFile { path: "index.html", bytes: b"<p>built in" },
    StaticFile { path: "pkg/glue.wasm", bytes: b"\0asm" },
];

#[tokio::test]
async fn built_in_files_are_served_where_there_is_no_folder() {
    let server = Server::start_with(|config| config.built_in = BUILT_IN).await;

    for (path, kind, body) in [
        ("/", "text/html", "<p>built in"),
        ("/index.html", "text/html", "<p>built in"),
        ("/pkg/glue.wasm", "application/wasm", "\0asm"),
    ] {
        let answer = server.http("GET", path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    assert_eq!(server.http("GET", "/pkg/", "").await.status, 404);
    assert_eq!(server.http("POST", "/", "").await.status, 405);
    assert_eq!(server.http("GET", "/healthz", "").await.body, "ok");

    let www = folder("www-wins", &[("index.html", "<p>page")]);
    let server = Server::start_with(|config| {
        config.built_in = BUILT_IN;
        config.www = Some(www);
    })
    .await;
    assert_eq!(server.http("GET", "/", "").await.body, "<p>page");
    assert_eq!(server.http("GET", "/pkg/glue.wasm", "").await.status, 404);
}

/// A folder of this test run.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        fs::write(folder.join(file), text).unwrap();
    }
    folder
}
