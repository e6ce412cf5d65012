//! What is under way goes on when the connection is cut.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test waits for the events that it names")]

mod proxy;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use proxy::Proxy;
use room_client::{Backoff, Client, Options, RoomUrl, Token, TokenSource};
use room_proto::{
    Config, ErrorCode, Event, JsonText, Outgoing, ParticipantId, SessionError, StreamKey,
    session::Read,
};
use room_server::{Keys, NewToken, RoomName, Secret, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

const SIZE: usize = 8 * 1024 * 1024;
const CUTS: usize = 3;

#[tokio::test]
async fn a_stream_survives_cuts_byte_by_byte() {
    let world = World::start().await;
    let mut reader = world.join(world.server).await;
    let mut writer = world.join(world.proxy.address).await;
    let to = id(&reader);
    let reading = tokio::spawn(async move { read_all(&mut reader).await });

    let content: Bytes = (0..SIZE).map(|at| (at * 31 + at / 251) as u8).collect();
    let stream = open(&mut writer, &to).await;
    let mut resumed = 0;
    for (number, piece) in content.chunks(64 * 1024).enumerate() {
        if number % (SIZE / (64 * 1024) / CUTS) == 7 {
            world.proxy.cut();
        }
        resumed += wait_for_room(&mut writer, stream).await;
        let data = content.slice_ref(piece);
        let header = JsonText::empty_object();
        writer.command(|session, now| session.write_stream(now, stream, &header, data)).unwrap();
    }
    let closing = writer.command(|session, now| session.close_stream(now, stream)).unwrap();
    loop {
        match writer.next_event().await.unwrap() {
            Event::Resumed => resumed += 1,
            Event::Answered { request, result } if request == closing => break result.unwrap(),
            event => assert!(!matches!(event, Event::Discontinuity(_)), "{event:?}"),
        }
    }

    assert_eq!(reading.await.unwrap(), Sha256::digest(&content).to_vec());
    assert!(resumed > 0, "the connection was never lost");
    assert_eq!(world.proxy.carried(), resumed + 1);
}

#[tokio::test]
async fn a_message_that_is_sent_while_there_is_no_connection_arrives() {
    let world = World::start().await;
    let mut bob = world.join(world.server).await;
    let mut ann = world.join(world.proxy.address).await;

    world.proxy.cut();
    until(&mut ann, |event| matches!(event, Event::Lost(_))).await;
    let outgoing = outgoing("{\"text\":\"still there\"}");
    ann.send(&id(&bob), outgoing.clone()).await.unwrap();

    let message = loop {
        if let Event::Message(message) = bob.next_event().await.unwrap() {
            break message;
        }
    };
    assert_eq!(message.message, outgoing.message);
    assert_eq!(message.from, id(&ann));
}

#[tokio::test]
async fn every_connection_asks_for_a_token() {
    let world = World::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let (token, count) = (world.token(), Arc::clone(&asked));
    let tokens = TokenSource::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(token.clone()))
    });
    let mut client = Client::connect(&url(world.proxy.address), tokens, options()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);

    world.proxy.cut();
    until(&mut client, |event| matches!(event, Event::Resumed)).await;

    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refusal_that_cannot_heal_is_the_end() {
    let world = World::start().await;
    let (good, asked) = (world.token(), Arc::new(AtomicUsize::new(0)));
    let tokens = TokenSource::new(move || {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        let token = if is_first { good.clone() } else { Token::new("no.such.token").unwrap() };
        std::future::ready(Ok(token))
    });
    let mut client = Client::connect(&url(world.proxy.address), tokens, options()).await.unwrap();

    world.proxy.cut();
    let error = end(&mut client).await;

    assert_eq!(error.code, ErrorCode::ConnectionRefused);
    assert!(error.message.contains("the token cannot be read"), "{error}");
    assert_eq!(world.proxy.carried(), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_had_any_more_is_the_end() {
    let world = World::start().await;
    let (good, asked) = (world.token(), Arc::new(AtomicUsize::new(0)));
    let tokens = TokenSource::new(move || {
        let denied = SessionError::new(ErrorCode::PermissionDenied, "no more tokens");
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        std::future::ready(if is_first { Ok(good.clone()) } else { Err(denied) })
    });
    let mut client = Client::connect(&url(world.proxy.address), tokens, options()).await.unwrap();

    world.proxy.cut();

    assert_eq!(end(&mut client).await.message, "no more tokens");
}

#[tokio::test]
async fn a_server_that_does_not_come_back_is_given_up() {
    let world = World::start().await;
    let give_up_after = Some(Duration::from_millis(50));
    let options = Options { backoff: Backoff { give_up_after, ..quick() }, ..options() };
    let url = url(world.proxy.address);
    let mut client = Client::connect(&url, &world.token(), options).await.unwrap();

    world.serving.abort();
    world.proxy.cut();
    let error = end(&mut client).await;

    // The proxy still takes connections; behind it there is nobody.
    assert_eq!(error.code, ErrorCode::ConnectionRefused);
    assert!(world.proxy.carried() >= 2);
}

#[tokio::test]
async fn a_server_that_begins_anew_is_a_discontinuity_with_messaging_enabled_again() {
    let mut world = World::start().await;
    let mut client = world.join(world.proxy.address).await;
    let before = id(&client);

    world.restart().await;
    world.proxy.cut();
    until(&mut client, |event| matches!(event, Event::Discontinuity(_))).await;
    until(&mut client, |event| matches!(event, Event::MessagingEnabled)).await;

    assert_ne!(id(&client), before);
    assert!(client.session().is_enabled());
}

/// A server, and a way to it.
struct World {
    server: SocketAddr,
    secret: Secret,
    proxy: Proxy,
    serving: JoinHandle<()>,
}

impl World {
    async fn start() -> Self {
        let secret = Secret::random();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let serving = serve(listener, &secret);
        Self { server, secret, proxy: Proxy::start(server).await, serving }
    }

    /// Another server in the place of this one, which knows nothing.
    async fn restart(&mut self) {
        self.serving.abort();
        // The listener is closed when the task is gone.
        let _ = (&mut self.serving).await;
        let listener = TcpListener::bind(self.server).await.unwrap();
        self.serving = serve(listener, &self.secret);
    }

    async fn join(&self, address: SocketAddr) -> Client {
        let mut client = Client::connect(&url(address), &self.token(), options()).await.unwrap();
        client.enable().await.unwrap();
        client
    }

    fn token(&self) -> Token {
        let room = RoomName::new("lobby").unwrap();
        let token = NewToken { room: &room, name: "Ann", role: "user", expires_in: None };
        Token::new(&token.sign(&self.secret)).unwrap()
    }
}

fn serve(listener: TcpListener, secret: &Secret) -> JoinHandle<()> {
    let config = ServerConfig::new(Keys::from_secret(secret.clone()));
    tokio::spawn(async move {
        room_server::run(listener, config, std::future::pending()).await.unwrap();
    })
}

fn url(address: SocketAddr) -> RoomUrl {
    RoomUrl::parse(&format!("ws://{address}"), Some("lobby")).unwrap()
}

fn options() -> Options {
    Options {
        session: Config { reconnect: true, ..Config::default() },
        backoff: quick(),
        ..Options::default()
    }
}

/// So short that no test waits.
fn quick() -> Backoff {
    Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(20), give_up_after: None }
}

fn id(client: &Client) -> ParticipantId {
    client.session().participant_id().cloned().unwrap()
}

fn outgoing(message: &str) -> Outgoing {
    let message = JsonText::object(message).unwrap();
    Outgoing { kind: String::from("chat.word"), message, attachment: Bytes::new() }
}

/// Opens a stream that is accepted.
async fn open(client: &mut Client, to: &ParticipantId) -> StreamKey {
    until(client, |_| true).await;
    while client.session().participant(to.as_str()).is_none() {
        client.next_event().await.unwrap();
    }
    let key = client.open_stream(to, JsonText::empty_object()).unwrap();
    let opened = Event::StreamOpened { stream: key, result: Ok(()) };
    until(client, |event| *event == opened).await;
    key
}

/// Waits until the stream can be written, and counts how often the connection came back.
async fn wait_for_room(client: &mut Client, stream: StreamKey) -> usize {
    let mut resumed = 0;
    while client.command(|session, _| session.writable_bytes(stream)).unwrap() == 0 {
        let event = client.next_event().await.unwrap();
        assert!(!matches!(event, Event::Discontinuity(_)), "{event:?}");
        resumed += usize::from(event == Event::Resumed);
    }
    resumed
}

/// Accepts the first stream and reads it to its clean end.
async fn read_all(client: &mut Client) -> Vec<u8> {
    let mut digest = Sha256::new();
    loop {
        match client.next_event().await.unwrap() {
            Event::StreamRequested { stream, .. } => {
                client.command(|session, now| session.accept_stream(now, stream)).unwrap();
                assert_eq!(client.command(|s, now| s.read_stream(now, stream)), Read::Pending);
            }
            Event::StreamReadable(stream) => loop {
                match client.command(|session, now| session.read_stream(now, stream)) {
                    Read::Chunk { data, .. } => digest.update(&data),
                    Read::Pending => break,
                    Read::End => return digest.finalize().to_vec(),
                    Read::Failed(error) => panic!("{error}"),
                }
            },
            _ => {}
        }
    }
}

async fn until(client: &mut Client, wanted: impl Fn(&Event) -> bool) {
    while !wanted(&client.next_event().await.unwrap()) {}
}

/// Why it is over.
async fn end(client: &mut Client) -> SessionError {
    loop {
        if let Err(error) = client.next_event().await {
            return error;
        }
    }
}
