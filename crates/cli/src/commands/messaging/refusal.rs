//! What a command says that takes no streams, or no others.

use room_client::Client;
use room_proto::{Event, StreamKey};

/// Answers an offer of a stream of either kind: whoever opens one should not wait for us.
pub(super) fn refuse_streams(client: &mut Client, event: &Event, reason: &str) {
    if let Event::StreamRequested { stream, .. } = event {
        refuse_stream(client, *stream, reason);
    }
    if let Event::CallRequested { call, .. } = event {
        // As below.
        let _ = client.command(|session, _| session.reject_call(*call, reason));
    }
}

/// Answers one offer.
pub(super) fn refuse_stream(client: &mut Client, stream: StreamKey, reason: &str) {
    // It fails if the offer was withdrawn, or with the session, whose end the next event tells.
    let _ = client.command(|session, now| session.reject_stream(now, stream, reason));
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use room_client::{RoomUrl, Token};
    use room_proto::{Config, ErrorCode, JsonText, Outgoing, SessionError};
    use room_server::{Keys, NewToken, RoomName, Secret, ServerConfig};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn whoever_opens_a_stream_is_told_no() {
        let (mut listener, mut opener) = pair().await;
        let to = listener.session().participant_id().cloned().expect("an id");

        opener.open_stream(&to, JsonText::empty_object()).expect("an offer");

        is_refused(&mut listener, &mut opener).await;
    }

    #[tokio::test]
    async fn whoever_opens_a_duplex_stream_is_told_no() {
        let (mut listener, mut opener) = pair().await;
        let to = listener.session().participant_id().cloned().expect("an id");
        let kind = String::from("chat.open");
        let first = Outgoing { kind, message: JsonText::empty_object(), attachment: Bytes::new() };

        opener.command(|session, now| session.open_call(now, &to, &first)).expect("a call");

        is_refused(&mut listener, &mut opener).await;
    }

    async fn is_refused(listener: &mut Client, opener: &mut Client) {
        let error = tokio::select! {
            () = refuse(listener) => unreachable!("it goes on refusing"),
            error = refused(opener) => error,
        };
        assert_eq!(error.code, ErrorCode::StreamRejected);
        assert!(error.message.contains("takes no streams"), "{error}");
    }

    async fn refuse(client: &mut Client) {
        loop {
            let event = client.next_event().await.expect("an event");
            refuse_streams(client, &event, "this one takes no streams");
        }
    }

    async fn pair() -> (Client, Client) {
        let (url, token) = serve().await;
        (join(&url, &token).await, join(&url, &token).await)
    }

    /// A server for as long as the test runs, a room there, and a token for it.
    async fn serve() -> (RoomUrl, Token) {
        let secret = Secret::random();
        let config = ServerConfig::new(Keys::from_secret(secret.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(room_server::run(listener, config, std::future::pending()));

        let room = RoomName::new("lobby").expect("a name");
        let url = RoomUrl::parse(&format!("ws://{address}"), Some(room.as_str())).expect("a URL");
        let token = NewToken { room: &room, name: "Ann", role: "user", expires_in: None };
        (url, Token::new(&token.sign(&secret)).expect("a token"))
    }

    async fn join(url: &RoomUrl, token: &Token) -> Client {
        let mut client = Client::connect(url, token, Config::default()).await.expect("a room");
        client.enable().await.expect("messaging");
        client
    }

    async fn refused(opener: &mut Client) -> SessionError {
        loop {
            let event = opener.next_event().await.expect("an event");
            if let Event::StreamOpened { result: Err(error), .. }
            | Event::CallOpened { result: Err(error), .. } = event
            {
                return error;
            }
        }
    }
}
