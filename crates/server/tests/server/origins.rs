//! Pages of which sites may talk to the server.

use room_server::{Incident, Origin};
use tokio_tungstenite::connect_async;

use crate::{
    harness::{Kind, Server, ending, within},
    limits::refused,
    log::Log,
};

const CONNECT: &str = "/accounts/projects/p/rooms/lobby/connect";
const TOKEN_BODY: &str = r#"{"room":"lobby","name":"Ann"}"#;

async fn server() -> Server {
    Server::start_with(|config| {
        config.dev = true;
        config.allowed_origins = ["https://example.org", "http://localhost:5173"]
            .map(|one| Origin::parse(one).unwrap())
            .into();
    })
    .await
}

fn post(origin: Option<&str>, body: &str) -> String {
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    format!("{origin}Content-Type: application/json\r\n\r\n{body}")
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_wherever_a_token_is_used_or_made() {
    let log = Log::start();
    let server = server().await;
    let token = server.token("lobby", "ann");
    let foreign = ["https://evil.org", "http://example.org", "https://example.org:8443", "null"];

    for origin in foreign {
        for kind in [Kind::Npm0_39_9, Kind::Ours] {
            let mut request = kind.upgrade(&server, "lobby", &token);
            request.headers_mut().insert("origin", origin.parse().unwrap());
            let (status, body) = refused(request).await;
            assert_eq!((status, &body["code"]), (403, &"origin-not-allowed".into()), "{origin}");
        }
        for path in [CONNECT, "/dev/token"] {
            let answer = server.http("POST", path, &post(Some(origin), TOKEN_BODY)).await;
            assert_eq!(answer.status, 403, "{origin} {path}");
            assert_eq!(answer.json()["code"], "origin-not-allowed", "{origin} {path}");
        }
    }

    assert_eq!(server.counted(), [(Incident::OriginNotAllowed, 16)]);
    assert_eq!(log.lines("origin-not-allowed").len(), 16);
}

#[tokio::test]
async fn pages_of_listed_sites_and_programs_pass() {
    let server = server().await;
    let token = server.token("lobby", "ann");

    for origin in [None, Some("https://example.org"), Some("http://localhost:5173")] {
        let mut request = Kind::Npm0_39_9.upgrade(&server, "lobby", &token);
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        within(connect_async(request)).await.unwrap();
        for path in [CONNECT, "/dev/token"] {
            let answer = server.http("POST", path, &post(origin, TOKEN_BODY)).await;
            assert_eq!(answer.status, 200, "{origin:?} {path}");
        }
    }
    assert_eq!(server.counted(), []);
}

#[tokio::test]
async fn without_a_list_every_page_passes() {
    let server = Server::start().await;
    let mut request = Kind::Npm0_39_9.upgrade(&server, "lobby", "nonsense");
    request.headers_mut().insert("origin", "https://evil.org".parse().unwrap());

    let (mut socket, _) = within(connect_async(request)).await.unwrap();

    let reason = String::from("the token cannot be read");
    assert_eq!(ending(&mut socket).await, Some((1000, reason)));
}
