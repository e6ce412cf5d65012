//! `room messaging listen`

use std::{pin::pin, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use room_client::Client;
use room_proto::{Delivered, Event, JsonText};
use serde::Serialize;

use crate::{
    commands::messaging::refusal::refuse_streams,
    connection::Connection,
    deadline::Deadline,
    failure::Failure,
    interrupt::shutdown_signal,
    json_layout::compact,
    notice::{about_connection, announce},
    output::print,
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Example:
  room messaging listen --room my-room --count 1"
)]
pub(super) struct Arguments {
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// End after so many seconds; with --count it is a failure if fewer messages came
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Prints messages until Ctrl-C, `--count` or `--timeout`.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { connection, count, timeout } = arguments;
    let deadline = Deadline::after(timeout);
    let mut interrupted = pin!(shutdown_signal()?);

    let mut client = tokio::select! {
        client = deadline.limit(connection.open()) => client??,
        () = &mut interrupted => return Ok(()),
    };
    announce(client.session(), "listening");
    let result = tokio::select! {
        result = deadline.limit(listen(&mut client, count)) => match result {
            Err(_) if count.is_none() => Ok(()),
            result => result.map_err(Failure::from).flatten(),
        },
        () = &mut interrupted => Ok(()),
    };
    client.close().await;
    result
}

async fn listen(client: &mut Client, count: Option<u64>) -> Result<(), Failure> {
    let mut printed = 0;
    while count.is_none_or(|count| printed < count) {
        let event = client.next_event().await?;
        if let Some(notice) = about_connection(client, &event) {
            eprintln!("{notice}");
        }
        refuse_streams(client, &event, NO_STREAMS);
        if let Event::Message(message) = event {
            print(&line(&message))?;
            printed += 1;
        }
    }
    Ok(())
}

const NO_STREAMS: &str = "room messaging listen takes no streams";

fn line(message: &Delivered) -> String {
    let Delivered { from, kind, message, attachment } = message;
    let attachment_base64 = (!attachment.is_empty()).then(|| STANDARD.encode(attachment));
    let line = Line { from: from.as_str(), kind, message, attachment_base64 };
    // A peer's JSON may have line breaks between its words.
    compact(JsonText::from_value(&line).as_str())
}

#[derive(Serialize)]
struct Line<'a> {
    from: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a JsonText,
    attachment_base64: Option<String>,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use room_client::{RoomUrl, Token};
    use room_proto::{Config, ErrorCode, Outgoing, SessionError};
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
            result = listen(listener, None) => panic!("it goes on listening: {result:?}"),
            error = refused(opener) => error,
        };
        assert_eq!(error.code, ErrorCode::StreamRejected);
        assert!(error.message.contains("takes no streams"), "{error}");
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
