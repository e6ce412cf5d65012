//! Who is not let in, and how it is said.

use room_server::ApiKey;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest as _, handshake::client},
};

use crate::harness::{Client, Kind, Server, ending, within};

#[tokio::test]
async fn programs_are_refused_with_a_status() {
    let server = Server::start().await;
    let token = server.token("lobby", "ann");

    for (path, status) in [
        (String::from("/rooms/lobby"), 403),
        (String::from("/rooms/lobby?token=nonsense"), 403),
        (format!("/rooms/other?token={token}"), 403),
        (format!("/rooms/Lobby?token={token}"), 404),
        (format!("/rooms/-a?token={token}"), 404),
        (format!("/rooms/{}?token={token}", "x".repeat(64)), 404),
        (format!("/rooms/a%2Fb?token={token}"), 404),
    ] {
        assert_eq!(refused(request(&server, &path)).await, status, "{path}");
    }
}

#[tokio::test]
async fn pages_are_refused_with_a_close_that_says_why() {
    let server = Server::start().await;
    let token = server.token("lobby", "ann");

    for (path, reason) in [
        (String::from("/rooms/lobby"), "a token is required"),
        (String::from("/rooms/lobby?token=nonsense"), "the token cannot be read"),
        (format!("/rooms/other?token={token}"), "the token is not for this room"),
        (
            format!("/rooms/Lobby?token={token}"),
            "a room name is 1 to 63 of a-z, 0-9 and -, and neither begins nor ends with -",
        ),
    ] {
        let mut request = request(&server, &path);
        request.headers_mut().insert("origin", "https://example.org".parse().unwrap());
        let (mut socket, _) = within(connect_async(request)).await.unwrap();

        assert_eq!(ending(&mut socket).await, Some((1000, reason.to_owned())), "{path}");
    }
}

#[tokio::test]
async fn our_own_client_is_told_why_wherever_it_runs() {
    let server = Server::start().await;
    let request = Kind::Ours.upgrade(&server, "lobby", "nonsense");

    let (mut socket, response) = within(connect_async(request)).await.unwrap();

    assert_eq!(response.headers()["sec-websocket-protocol"], "meshagent-room.nonsense");
    assert_eq!(ending(&mut socket).await, Some((1000, String::from("the token cannot be read"))));
}

#[tokio::test]
async fn the_subprotocol_is_echoed_exactly_and_never_invented() {
    let server = Server::start().await;
    let token = server.token("lobby", "ann");

    let (_socket, response) =
        within(connect_async(Kind::Ours.upgrade(&server, "lobby", &token))).await.unwrap();
    let echo = response.headers().get("sec-websocket-protocol").unwrap();
    assert_eq!(echo.to_str().unwrap(), format!("meshagent-room.{token}"));

    let (_socket, response) =
        within(connect_async(Kind::Npm0_39_9.upgrade(&server, "lobby", &token))).await.unwrap();
    assert_eq!(response.headers().get("sec-websocket-protocol"), None);
}

#[tokio::test]
async fn the_header_wins_over_the_query_and_the_query_over_the_subprotocol() {
    let server = Server::start().await;
    let good = server.token("lobby", "ann");
    let with = |header: Option<&str>, query: Option<&str>, subprotocol: Option<&str>| {
        let query = query.map(|token| format!("?token={token}")).unwrap_or_default();
        let mut request = request(&server, &format!("/rooms/lobby{query}"));
        let mut set = |name: &'static str, value: String| {
            request.headers_mut().insert(name, value.parse().unwrap());
        };
        if let Some(token) = header {
            set("authorization", format!("Bearer {token}"));
        }
        if let Some(token) = subprotocol {
            set("sec-websocket-protocol", format!("meshagent-room.{token}"));
        }
        request
    };

    for request in [
        with(Some(&good), Some("bad"), Some("bad")),
        with(None, Some(&good), Some("bad")),
        with(None, None, Some(&good)),
    ] {
        within(connect_async(request)).await.unwrap();
    }
    for request in [
        with(Some("bad"), Some(&good), Some(&good)),
        with(None, Some("bad"), Some(&good)),
        with(None, None, Some("bad")),
    ] {
        assert_eq!(refused(request).await, 403);
    }
}

#[tokio::test]
async fn a_server_with_api_keys_alone_lets_their_tokens_in() {
    let key = ApiKey::parse("ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes")
        .unwrap();
    let own = key.clone();
    let server = Server::start_with(|config| {
        config.keys = room_server::Keys::default().with_api_key(own);
    })
    .await;
    let room = room_server::RoomName::new("lobby").unwrap();
    let new = room_server::NewToken { room: &room, name: "ann", role: "user", expires_in: None };

    let request = Kind::Py0_56_0.upgrade(&server, "lobby", &new.sign_with_key(&key));
    within(connect_async(request)).await.unwrap();

    let other = Kind::Py0_56_0.upgrade(&server, "lobby", &server.token("lobby", "ann"));
    assert_eq!(refused(other).await, 403);
}

#[tokio::test]
async fn a_refusal_disturbs_nobody() {
    let server = Server::start().await;
    let mut ann = Client::join(&server, Kind::Ours, "lobby", "ann").await;

    assert_eq!(refused(Kind::Npm0_39_9.upgrade(&server, "lobby", "bad")).await, 403);

    ann.request(room_proto::Request::Enable).await;
}

fn request(server: &Server, path: &str) -> client::Request {
    format!("ws://{}{path}", server.address).into_client_request().unwrap()
}

/// The status of a refusal.
async fn refused(request: client::Request) -> u16 {
    match within(connect_async(request)).await {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let in"),
    }
}
