//! Clients in a room of a real server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use room_client::{Client, Options, RoomUrl, Token};
use room_proto::{
    Event, JsonText, Outgoing, ParticipantId,
    session::{CallRead, Read},
};
use room_server::{Keys, NewToken, RoomName, Secret, ServerConfig};
use tokio::net::TcpListener;

#[tokio::test]
async fn many_requests_are_under_way_at_once() {
    let (mut ann, mut bob) = pair().await;
    let to = id(&bob);

    let mut asked = Vec::new();
    for index in 0..50 {
        let outgoing = outgoing(&format!("{{\"index\":{index}}}"));
        asked.push(ann.command(|session, now| session.send(now, &to, outgoing)).unwrap());
    }
    for request in asked {
        let answered = Event::Answered { request, result: Ok(()) };
        until(&mut ann, |event| (event == answered).then_some(())).await;
    }

    for index in 0..50 {
        let delivered = until(&mut bob, |event| {
            let Event::Message(delivered) = event else { return None };
            Some(delivered)
        });
        assert_eq!(delivered.await.message.as_str(), format!("{{\"index\":{index}}}"));
    }
}

#[tokio::test]
async fn messaging_is_enabled_with_the_connection() {
    let (url, secret) = serve().await;
    let mut ann = join(&url, &secret).await;
    let options = Options { enables: true, ..Options::default() };
    let bob = join_with(&url, &secret, options).await;

    let enabled = |client: &Client| client.session().extensions().unwrap().enabled;
    assert_eq!((enabled(&ann), enabled(&bob)), (false, true));
    until(&mut ann, |event| (event == Event::ParticipantAdded(id(&bob))).then_some(())).await;
    let seen = |by: &Client, whom: &Client| by.session().participant(id(whom).as_str()).cloned();
    let (by_ann, by_bob) = (seen(&ann, &bob).unwrap(), seen(&bob, &ann).unwrap());
    assert_eq!(by_ann.attributes, by_bob.attributes, "the same as of who enables later");
}

#[tokio::test]
async fn a_stream_goes_from_one_client_to_another() {
    let (mut ann, mut bob) = pair().await;
    let header = JsonText::object("{\"name\":\"a.txt\"}").unwrap();

    let writer = ann.open_stream(&id(&bob), header.clone()).unwrap();
    let (reader, offered) = moving(
        &mut ann,
        until(&mut bob, |event| {
            let Event::StreamRequested { stream, header, .. } = event else { return None };
            Some((stream, header))
        }),
    )
    .await;
    assert_eq!(offered, header);
    bob.command(|session, now| session.accept_stream(now, reader)).unwrap();
    let opened = Event::StreamOpened { stream: writer, result: Ok(()) };
    let answered = until(&mut ann, |event| (event == opened).then_some(()));
    moving(&mut bob, answered).await;

    let empty = JsonText::empty_object();
    ann.command(|session, now| {
        session.write_stream(now, writer, &empty, Bytes::from_static(b"hi"))
    })
    .unwrap();
    ann.command(|session, now| session.close_stream(now, writer)).unwrap();
    let mut reads = Vec::new();
    while reads.last() != Some(&Read::End) {
        let read = bob.command(|session, now| session.read_stream(now, reader));
        if read == Read::Pending {
            moving(&mut ann, bob.next_event()).await.unwrap();
        } else {
            reads.push(read);
        }
    }
    assert_eq!(reads, [Read::Chunk { header: empty, data: Bytes::from("hi") }, Read::End]);
}

#[tokio::test]
async fn a_duplex_stream_may_be_opened_to_us() {
    let (mut ann, mut bob) = pair().await;
    let to = id(&bob);

    let first = outgoing("{\"text\":\"hi\"}");
    let calling = ann.command(|session, now| session.open_call(now, &to, &first)).unwrap();
    let (called, message) = moving(
        &mut ann,
        until(&mut bob, |event| {
            let Event::CallRequested { call, message, .. } = event else { return None };
            Some((call, message))
        }),
    )
    .await;
    assert_eq!(message.message, first.message);
    bob.command(|session, _| session.accept_call(called)).unwrap();
    bob.command(|session, now| session.send_call(now, called, &outgoing("{}"))).unwrap();
    let readable = until(&mut ann, |event| (event == Event::CallReadable(calling)).then_some(()));
    moving(&mut bob, readable).await;
    let read = ann.command(|session, _| session.read_call(calling));
    assert!(matches!(read, CallRead::Message(message) if message.kind == "chat.word"));
}

/// Two clients in one room that know each other.
async fn pair() -> (Client, Client) {
    let (url, secret) = serve().await;
    let mut ann = join(&url, &secret).await;
    let bob = join(&url, &secret).await;
    while ann.session().participants().next().is_none() {
        ann.next_event().await.unwrap();
    }
    (ann, bob)
}

/// A server, by the URL of a room and what its tokens are signed with.
async fn serve() -> (RoomUrl, Secret) {
    let secret = Secret::random();
    let config = ServerConfig::new(Keys::from_secret(secret.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(room_server::run(listener, config, std::future::pending()));
    (RoomUrl::parse(&format!("ws://{address}"), Some("lobby")).unwrap(), secret)
}

async fn join(url: &RoomUrl, secret: &Secret) -> Client {
    join_with(url, secret, Options::default()).await
}

async fn join_with(url: &RoomUrl, secret: &Secret, options: Options) -> Client {
    let room = RoomName::new("lobby").unwrap();
    let token = NewToken { room: &room, name: "Ann", role: "user", expires_in: None };
    let token = Token::new(&token.sign(secret)).unwrap();
    let mut client = Client::connect(url, &token, options).await.unwrap();
    client.enable().await.unwrap();
    client
}

fn id(client: &Client) -> ParticipantId {
    client.session().participant_id().cloned().unwrap()
}

fn outgoing(message: &str) -> Outgoing {
    let message = JsonText::object(message).unwrap();
    Outgoing { kind: String::from("chat.word"), message, attachment: Bytes::new() }
}

/// Waits for the event that `pick` takes.
async fn until<T>(client: &mut Client, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    loop {
        if let Some(picked) = pick(client.next_event().await.unwrap()) {
            return picked;
        }
    }
}

/// Waits for the future, and moves a client on meanwhile.
async fn moving<T>(client: &mut Client, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        tokio::select! {
            output = &mut future => return output,
            event = client.next_event() => drop(event.unwrap()),
        }
    }
}
