//! A server on a port of its own, clients that speak frames, and requests in plain HTTP.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use room_proto::{
    Assembler, ClientFrame, Content, Delivered, Extensions, JsonText, Limits, Message, MessageId,
    Outgoing, ParticipantId, Request, ServerFrame, batch, body::BodyForm, frame::ClientDialect,
    frame::system,
};
use room_server::{
    Incident, Keys, Listeners, Metrics, NewToken, RoomName, Secret, ServeError, ServerConfig, run,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, client::IntoClientRequest as _, handshake::client, protocol::CloseFrame},
};

pub(crate) const SECRET: &str = "a secret of the tests, long enough for HS256";

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
    metrics: Arc<Metrics>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = ServerConfig::new(Keys::from_secret(Secret::new(SECRET).unwrap()));
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let admin_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = admin_listener.local_addr().unwrap();
        let listeners = Listeners { public: listener, admin: Some(admin_listener) };
        let metrics = Arc::clone(&config.metrics);
        let (stop, stopped) = oneshot::channel();
        // A test that ends drops `stop`, and so its server.
        let running = run(listeners, config, async {
            let _ = stopped.await;
        });
        let running = tokio::spawn(async {
            running.await.inspect_err(|error| eprintln!("a server has failed: {error}"))
        });
        Self { address, admin, metrics, stop: Some(stop), running }
    }

    /// One that somebody else has started, with the same secret.
    #[allow(dead_code, reason = "the tests of clusters have such servers")]
    pub(crate) fn elsewhere(address: SocketAddr) -> Self {
        let running = tokio::spawn(std::future::pending());
        Self { address, admin: address, metrics: Arc::default(), stop: None, running }
    }

    /// What has been counted, without what has not happened.
    pub(crate) fn counted(&self) -> Vec<(Incident, u64)> {
        self.metrics.counts().filter(|(_, count)| *count > 0).collect()
    }

    /// Its counts, which outlive it.
    pub(crate) fn counts(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Begins the shutdown.
    pub(crate) fn stop(mut self) -> JoinHandle<Result<(), ServeError>> {
        self.signal();
        self.ended()
    }

    /// Begins the shutdown, and can still be asked.
    pub(crate) fn signal(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// The end.
    pub(crate) fn ended(self) -> JoinHandle<Result<(), ServeError>> {
        self.running
    }

    /// Waits until nobody is to be sent here.
    pub(crate) async fn is_draining(&self) {
        within(async { while self.admin("/readyz").await.status != 503 {} }).await;
    }

    pub(crate) fn token(&self, room: &str, name: &str) -> String {
        self.token_for(room, name, None)
    }

    /// A token that is good for so long.
    pub(crate) fn token_for(&self, room: &str, name: &str, expires_in: Option<Duration>) -> String {
        let room = RoomName::new(room).unwrap();
        let new = NewToken { room: &room, name, role: "user", expires_in };
        new.sign(&Secret::new(SECRET).unwrap())
    }

    /// Sends one request and reads the whole answer.
    pub(crate) async fn http(&self, method: &str, path: &str, more: &str) -> HttpResponse {
        http(self.address, method, path, more).await
    }

    /// Asks the admin address.
    pub(crate) async fn admin(&self, path: &str) -> HttpResponse {
        http(self.admin, "GET", path, "").await
    }

    /// What the admin address tells of what is counted.
    pub(crate) async fn metrics(&self) -> Published {
        Published(self.admin("/metrics").await.body)
    }

    /// The same as soon as one of them has this value.
    pub(crate) async fn metrics_when(&self, name: &str, value: u64) -> Published {
        within(async {
            loop {
                let published = self.metrics().await;
                if published.of(name) == value {
                    return published;
                }
            }
        })
        .await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &str) -> HttpResponse {
        let more = format!("Content-Type: application/json\r\n\r\n{body}");
        self.http("POST", path, &more).await
    }
}

/// Metrics as they are published.
pub(crate) struct Published(String);

impl Published {
    pub(crate) fn of(&self, name: &str) -> u64 {
        let mut values = self.0.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = values.find(|(found, _)| *found == name).unwrap();
        value.parse().unwrap()
    }
}

async fn http(address: SocketAddr, method: &str, path: &str, more: &str) -> HttpResponse {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let (headers, body) = more.split_once("\r\n\r\n").unwrap_or((more, ""));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Length: {}\r\n{headers}\r\n\r\n{body}",
        address,
        body.len()
    );
    socket.write_all(request.replace("\r\n\r\n\r\n", "\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within(socket.read_to_end(&mut answer)).await.unwrap();
    HttpResponse::parse(&String::from_utf8(answer).unwrap())
}

pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl HttpResponse {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The clients that the server must tell apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Ours,
    Py0_0_21,
    Npm0_35_8,
    Npm0_39_9,
    Py0_56_0,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Ours, Self::Py0_0_21, Self::Npm0_35_8, Self::Npm0_39_9, Self::Py0_56_0];

    /// The upgrade request as this client makes it.
    pub(crate) fn upgrade(self, server: &Server, room: &str, token: &str) -> client::Request {
        let (query, headers): (String, Vec<(&'static str, String)>) = match self {
            Self::Ours => (
                String::from("?room-messaging=1"),
                vec![("sec-websocket-protocol", format!("meshagent-room.{token}"))],
            ),
            Self::Py0_0_21 => (
                format!("?token={token}"),
                vec![("user-agent", String::from("Python/3.11 aiohttp/3.11.18"))],
            ),
            Self::Npm0_35_8 | Self::Npm0_39_9 => (format!("?token={token}"), vec![]),
            Self::Py0_56_0 => (
                String::from("?v=0.56.0"),
                vec![
                    ("authorization", format!("Bearer {token}")),
                    ("user-agent", String::from("Python/3.13 aiohttp/3.13.5")),
                ],
            ),
        };
        let url = format!("ws://{}/rooms/{room}{query}", server.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    }

    fn dialect(self) -> ClientDialect {
        match self {
            Self::Ours => ClientDialect::ours_direct(),
            Self::Py0_0_21 => ClientDialect::py_0_0_21(),
            Self::Npm0_35_8 => ClientDialect::npm_0_35_8(),
            Self::Npm0_39_9 => ClientDialect::npm_0_39_9(),
            Self::Py0_56_0 => ClientDialect::py_0_56_0(),
        }
    }

    fn packet_bytes(self) -> usize {
        if self == Self::Ours { 1024 * 1024 } else { 1024 }
    }
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A member of a room.
pub(crate) struct Client {
    pub(crate) socket: Socket,
    pub(crate) id: ParticipantId,
    kind: Kind,
    assembler: Assembler,
    /// Whole messages that came together with others.
    waiting: VecDeque<Message>,
    last_id: u64,
    pub(crate) largest_packet: usize,
}

impl Client {
    /// Connects and waits for the whole handshake, which is returned too.
    pub(crate) async fn connect(
        server: &Server,
        kind: Kind,
        room: &str,
        name: &str,
    ) -> (Self, [Message; 2]) {
        Self::connect_with(server, kind, room, &server.token(room, name)).await
    }

    /// Connects with a token that may say anything.
    pub(crate) async fn connect_with(
        server: &Server,
        kind: Kind,
        room: &str,
        token: &str,
    ) -> (Self, [Message; 2]) {
        Self::connect_by(kind, kind.upgrade(server, room, token)).await
    }

    /// Connects to the room `lobby` as `bob`, and asks for messaging in the URL.
    pub(crate) async fn connect_asking(
        server: &Server,
        kind: Kind,
        streams: &str,
    ) -> (Self, [Message; 2]) {
        let mut request = kind.upgrade(server, "lobby", &server.token("lobby", "bob"));
        let url = format!("{}&{}={streams}", request.uri(), Extensions::ENABLE_QUERY);
        *request.uri_mut() = url.parse().unwrap();
        Self::connect_by(kind, request).await
    }

    /// Connects with this request.
    pub(crate) async fn connect_by(kind: Kind, request: client::Request) -> (Self, [Message; 2]) {
        let (socket, _) = within(connect_async(request)).await.unwrap();
        let assembler = Assembler::new(Limits::default());
        let id = ParticipantId::new("");
        let waiting = VecDeque::new();
        let mut client =
            Self { socket, id, kind, assembler, waiting, last_id: 0, largest_packet: 0 };
        let handshake = [client.message().await, client.message().await];
        let connected = ServerFrame::decode(&handshake[0], &Limits::default()).unwrap();
        let ServerFrame::Connected { participant_id, .. } = connected else {
            panic!("connected comes first, not {connected:?}");
        };
        client.id = participant_id;
        (client, handshake)
    }

    /// Connects and enables messaging.
    pub(crate) async fn join(server: &Server, kind: Kind, room: &str, name: &str) -> Self {
        let (mut client, _) = Self::connect(server, kind, room, name).await;
        client.request(Request::Enable).await;
        client.delivered(system::ENABLED).await;
        client
    }

    /// Says something and does not wait for the answer.
    pub(crate) async fn say(&mut self, request: Request) -> MessageId {
        let id = self.next_id();
        self.tell(ClientFrame::Request { id, request }).await;
        id
    }

    pub(crate) fn next_id(&mut self) -> MessageId {
        self.last_id += 1;
        MessageId(self.last_id)
    }

    /// Says anything.
    pub(crate) async fn tell(&mut self, frame: ClientFrame) {
        let message = frame.encode(&self.kind.dialect());
        for packet in message.packets(self.kind.packet_bytes()) {
            self.socket.feed(tungstenite::Message::Binary(packet)).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    /// Waits for the answer.
    pub(crate) async fn answer(&mut self, asked: MessageId) -> Content {
        self.find(|frame| match frame {
            ServerFrame::Response { id, content } => (id == asked).then_some(content),
            _ => None,
        })
        .await
    }

    /// Asks for something, and finds it done.
    pub(crate) async fn request(&mut self, request: Request) {
        let asked = self.say(request).await;
        let answer = self.answer(asked).await;
        assert!(!matches!(answer, Content::Error { .. }), "{answer:?}");
    }

    /// Waits for a message of this type.
    pub(crate) async fn delivered(&mut self, kind: &str) -> Delivered {
        self.find(|frame| match frame {
            ServerFrame::Message(delivered) => (delivered.kind == kind).then_some(delivered),
            _ => None,
        })
        .await
    }

    /// Waits for a frame, forgetting those before it.
    async fn find<T>(&mut self, wanted: impl Fn(ServerFrame) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.frame().await) {
                return found;
            }
        }
    }

    /// The next frame; answers that came together, one by one.
    pub(crate) async fn frame(&mut self) -> ServerFrame {
        let frame = ServerFrame::decode(&self.message().await, &Limits::default()).unwrap();
        let ServerFrame::Responses { first, count } = frame else { return frame };
        let answer = |id| ServerFrame::Response { id: MessageId(id), content: Content::Empty };
        for id in (first.0 + 1..first.0 + u64::from(count)).rev() {
            let message = answer(id).encode(MessageId(id), BodyForm::Packed);
            self.waiting.push_front(message);
        }
        answer(first.0)
    }

    pub(crate) async fn message(&mut self) -> Message {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return message;
            }
            match within(self.socket.next()).await.unwrap().unwrap() {
                tungstenite::Message::Binary(bytes) => {
                    for packet in batch::packets(&bytes) {
                        self.largest_packet = self.largest_packet.max(packet.len());
                        self.waiting.extend(self.assembler.push(&bytes, packet).unwrap());
                    }
                }
                tungstenite::Message::Ping(_) => {}
                other => panic!("a packet was due, not {other:?}"),
            }
        }
    }

    /// Reads to the end and returns how it came.
    pub(crate) async fn ending(&mut self) -> Option<(u16, String)> {
        ending(&mut self.socket).await
    }
}

/// Reads to the end; `None` if it came without a close frame.
pub(crate) async fn ending(socket: &mut Socket) -> Option<(u16, String)> {
    loop {
        match within(socket.next()).await {
            Some(Ok(tungstenite::Message::Close(frame))) => {
                return frame.map(|CloseFrame { code, reason }| (code.into(), reason.to_string()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}

/// A message of the application's.
pub(crate) fn outgoing(kind: &str, message: &str, attachment: usize) -> Outgoing {
    Outgoing {
        kind: kind.to_owned(),
        message: JsonText::object(message).unwrap(),
        attachment: (0..attachment).map(|index| (index * 31 + 7) as u8).collect::<Bytes>(),
    }
}

/// Waits, but not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}
