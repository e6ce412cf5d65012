//! Where the official command-line tool gets its connection.

use room_server::ApiKey;
use tokio_tungstenite::connect_async;

use crate::harness::{Kind, Server, within};

const API_KEY: &str = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";
const PROJECT: &str = "00112233-4455-6677-8899-aabbccddeeff";

#[tokio::test]
async fn an_api_key_gets_a_connection_that_works() {
    let server = with_key(false).await;

    let answer = connect(&server, PROJECT, API_KEY).await;

    assert_eq!(answer.0, 200, "{}", answer.1);
    assert_eq!(answer.1["room_name"], "lobby");
    assert_eq!(answer.1["project_id"], PROJECT);
    assert_eq!(answer.1["room_url"], format!("ws://{}/rooms/lobby", server.address));
    let jwt = answer.1["jwt"].as_str().unwrap();
    within(connect_async(Kind::Py0_56_0.upgrade(&server, "lobby", jwt))).await.unwrap();
}

#[tokio::test]
async fn others_get_none() {
    let server = with_key(false).await;
    let wrong = API_KEY.replace("dashes", "Dashes");

    assert_eq!(connect(&server, PROJECT, &wrong).await.0, 403);
    assert_eq!(connect(&server, PROJECT, "something").await.0, 403);
    assert_eq!(connect(&server, "another-project", API_KEY).await.0, 403);
}

#[tokio::test]
async fn in_development_everybody_gets_one() {
    let server = with_key(true).await;

    let answer = connect(&server, "my-project", "anything").await;

    assert_eq!(answer.0, 200);
    let jwt = answer.1["jwt"].as_str().unwrap();
    within(connect_async(Kind::Py0_56_0.upgrade(&server, "lobby", jwt))).await.unwrap();
}

async fn with_key(dev: bool) -> Server {
    Server::start_with(|config| {
        config.dev = dev;
        config.keys = config.keys.clone().with_api_key(ApiKey::parse(API_KEY).unwrap());
    })
    .await
}

async fn connect(server: &Server, project: &str, bearer: &str) -> (u16, serde_json::Value) {
    let path = format!("/accounts/projects/{project}/rooms/lobby/connect");
    let more =
        format!("Authorization: Bearer {bearer}\r\nContent-Type: application/json\r\n\r\n{{}}");
    let answer = server.http("POST", &path, &more).await;
    (answer.status, answer.json())
}
