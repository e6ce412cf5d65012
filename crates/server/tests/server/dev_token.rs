//! `POST /dev/token`.

use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest as _};

use crate::harness::{Server, within};

#[tokio::test]
async fn a_token_of_the_development_mode_opens_its_room() {
    let server = Server::start_with(|config| config.dev = true).await;

    let answer = server.post_json("/dev/token", r#"{"room":"lobby","name":"Ann"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (url, token) = (answer.json()["url"].clone(), answer.json()["token"].clone());
    assert_eq!(url, format!("ws://{}/rooms/lobby", server.address));

    let mut request = url.as_str().unwrap().into_client_request().unwrap();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    within(connect_async(request)).await.unwrap();
}

#[tokio::test]
async fn wrong_requests_are_answered_in_words() {
    let server = Server::start_with(|config| config.dev = true).await;

    for (body, words) in [
        (r#"{"room":"Lobby","name":"Ann"}"#, "room \"Lobby\": a room name is"),
        (r#"{"room":"lobby","name":" "}"#, "name must not be empty"),
        (r#"{"room":"lobby","name":"a\u0000b"}"#, "name must not hold control characters"),
        (r#"{"room":"lobby","name":"Ann","role":""}"#, "role must not be empty"),
        (r#"{"room":"lobby"}"#, "missing field `name`"),
        ("nonsense", "Failed to parse"),
    ] {
        let answer = server.post_json("/dev/token", body).await;

        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["code"], "invalid-argument", "{body}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{body}: {message}");
    }
}

#[tokio::test]
async fn only_the_development_mode_hands_out_tokens() {
    let server = Server::start().await;

    let answer = server.post_json("/dev/token", r#"{"room":"lobby","name":"Ann"}"#).await;

    assert_eq!(answer.status, 404);
}
