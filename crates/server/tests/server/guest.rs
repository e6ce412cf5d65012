//! A client that comes back: the real session over a real socket that can be cut at any moment.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use room_proto::{
    Config, Event, Input, Output, ParticipantId, Resume, Session, SessionError, Timestamp,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest as _, protocol::CloseFrame},
};

use crate::harness::{Server, Socket, within};

pub(crate) struct Guest {
    pub(crate) session: Session,
    socket: Option<Socket>,
    started: Instant,
    events: Vec<Event>,
    room: String,
    name: String,
    lifetime: Option<Duration>,
}

impl Guest {
    /// Joins and enables messaging.
    pub(crate) async fn join(server: &Server, room: &str, name: &str) -> Self {
        Self::join_for(server, room, name, None).await
    }

    /// Joins with tokens that are good for so long.
    pub(crate) async fn join_for(
        server: &Server,
        room: &str,
        name: &str,
        lifetime: Option<Duration>,
    ) -> Self {
        let config = Config { reconnect: true, ..Config::default() };
        let mut guest = Self {
            session: Session::new(config),
            socket: None,
            started: Instant::now(),
            events: Vec::new(),
            room: room.to_owned(),
            name: name.to_owned(),
            lifetime,
        };
        guest.open(server).await;
        guest.until(|event| *event == Event::Ready).await;
        guest.command(|session, now| session.enable(now).map(drop)).await.unwrap();
        guest.until(|event| *event == Event::MessagingEnabled).await;
        guest
    }

    pub(crate) fn id(&self) -> ParticipantId {
        self.session.participant_id().cloned().unwrap()
    }

    /// The connection is gone without a word.
    pub(crate) fn cut(&mut self) {
        self.socket = None;
        let now = self.now();
        self.session.handle_input(now, Input::Closed { code: None, reason: "" });
    }

    /// The connection is there, but nothing comes through.
    pub(crate) fn lose_sight(&mut self) -> Option<Socket> {
        let socket = self.socket.take();
        self.cut();
        socket
    }

    /// Takes a token for somebody else the next time.
    pub(crate) fn pretend(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Opens another.
    pub(crate) async fn come_back(&mut self, server: &Server) {
        let now = self.now();
        self.session.reconnect(now).unwrap();
        self.open(server).await;
    }

    /// What was reported until now is of no interest.
    #[allow(dead_code, reason = "the tests of clusters look away now and then")]
    pub(crate) async fn look_away(&mut self) {
        self.settle().await;
        self.events.clear();
    }

    pub(crate) async fn command<T>(
        &mut self,
        command: impl FnOnce(&mut Session, Timestamp) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        let now = self.now();
        let result = command(&mut self.session, now);
        self.settle().await;
        result
    }

    /// What has been reported since the last look, once something has come that is wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        loop {
            self.settle().await;
            if let Some(place) = self.events.iter().position(&wanted) {
                return self.events.drain(..=place).collect();
            }
            self.receive().await;
        }
    }

    async fn open(&mut self, server: &Server) {
        let resume = self.session.resume_query().unwrap();
        let (room, token) = (&self.room, server.token_for(&self.room, &self.name, self.lifetime));
        let url = format!(
            "ws://{}/rooms/{room}?v=0.56.0&room-messaging=1&{}={resume}",
            server.address,
            Resume::QUERY
        );
        let mut request = url.into_client_request().unwrap();
        let protocol = format!("meshagent-room.{token}").parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (socket, _) = within(connect_async(request)).await.unwrap();
        self.socket = Some(socket);
        let now = self.now();
        self.session.handle_input(now, Input::Opened);
    }

    async fn receive(&mut self) {
        let socket = self.socket.as_mut().expect("there is a connection");
        let message = within(socket.next()).await;
        let now = self.now();
        match message {
            Some(Ok(tungstenite::Message::Binary(bytes))) => {
                self.session.handle_input(now, Input::Received(&bytes));
            }
            Some(Ok(tungstenite::Message::Close(frame))) => {
                let code = frame.map(|frame| frame.code.into());
                self.session.handle_input(now, Input::Closed { code, reason: "" });
                self.socket = None;
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => {
                self.session.handle_input(now, Input::Closed { code: None, reason: "" });
                self.socket = None;
            }
        }
    }

    async fn settle(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit(bytes) => {
                    if let Some(socket) = &mut self.socket {
                        socket.send(tungstenite::Message::Binary(bytes)).await.unwrap();
                    }
                }
                Output::Close { code, reason } => {
                    if let Some(mut socket) = self.socket.take() {
                        let frame = CloseFrame { code: code.into(), reason: reason.into() };
                        socket.close(Some(frame)).await.unwrap();
                    }
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.started.elapsed()
    }
}
