//! What a proxy in front of the server says about the client.

use room_proto::{Limits, ServerFrame};

use crate::{
    harness::{Client, Kind, Server},
    log::Log,
};

const FORWARDED: [(&str, &str); 3] = [
    ("x-forwarded-for", "6.6.6.6, 198.51.100.7"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "rooms.example.org"),
];

/// The addresses that a client is given through a proxy: by `/dev/token`, by `/connect`, and by
/// the room itself.
async fn room_urls(server: &Server) -> [String; 3] {
    let headers = FORWARDED.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    let json = r#"Content-Type: application/json"#;
    let body = format!("{headers}{json}\r\n\r\n{{\"room\":\"lobby\",\"name\":\"Ann\"}}");
    let token = server.http("POST", "/dev/token", &body).await.json();
    let path = "/accounts/projects/p/rooms/lobby/connect";
    let connect = server.http("POST", path, headers.trim_end()).await.json();

    let mut request = Kind::Npm0_39_9.upgrade(server, "lobby", &server.token("lobby", "ann"));
    for (name, value) in FORWARDED {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let (_client, [_, ready]) = Client::connect_by(Kind::Npm0_39_9, request).await;
    let ready = ServerFrame::decode(&ready, &Limits::default()).unwrap();
    let ServerFrame::RoomReady { room_url, .. } = ready else { panic!("{ready:?}") };
    [&token["url"], &connect["room_url"]]
        .map(|url| url.as_str().unwrap().to_owned())
        .into_iter()
        .chain([room_url])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client_and_the_server() {
    let log = Log::start();
    let server = Server::start_with(|config| {
        config.dev = true;
        config.trust_forwarded = true;
    })
    .await;

    for url in room_urls(&server).await {
        assert_eq!(url, "wss://rooms.example.org/rooms/lobby");
    }
    log.one_line("a member has joined", &["address=198.51.100.7"]);
    assert!(!log.text().contains("6.6.6.6"));
}

#[tokio::test]
async fn without_trust_a_client_cannot_say_what_it_likes() {
    let log = Log::start();
    let server = Server::start_with(|config| config.dev = true).await;

    for url in room_urls(&server).await {
        assert_eq!(url, format!("ws://{}/rooms/lobby", server.address));
    }
    log.one_line("a member has joined", &["address=127.0.0.1"]);
    assert!(!log.text().contains("198.51.100.7"));
}
