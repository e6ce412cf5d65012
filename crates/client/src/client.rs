//! Between a socket and the session: carries, decides nothing.
//!
//! The native counterpart of the browser's driver. There is one task and no lock: a [`Client`] only
//! moves while one of its methods is awaited, and every one of them may be cancelled.

use std::{collections::VecDeque, future, time::Duration};

use room_proto::{
    Event, Input, JsonText, Outgoing, Output, ParticipantId, RequestId, Session, SessionError,
    StreamKey, Timestamp,
};
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

use crate::{
    backoff::Backoff,
    connect::{Door, Refusal},
    line::{Line, LineEvent},
    options::Options,
    room_url::{RoomUrl, Wanted},
    socket::{Socket, SocketEvent},
    token_source::TokenSource,
};

/// A session with a room that was ready, over as many connections as it takes.
///
/// Without [`Config::reconnect`](room_proto::Config::reconnect) the first loss is the end. With it
/// the client opens another connection by itself, while one of its methods is awaited, and asks for
/// a token again; [`Event::Lost`], [`Event::Resumed`] and [`Event::Discontinuity`] tell. It is over
/// when the server refuses for good, or the [`Backoff`] gives up.
#[derive(Debug)]
pub struct Client {
    session: Session,
    door: Door,
    line: Line,
    backoff: Backoff,
    /// When the connection was lost, and how many attempts there were since.
    loss: Option<(Instant, u32)>,
    /// When the session's time began.
    started: Instant,
    /// What happened while an answer was awaited.
    events: VecDeque<Event>,
    /// Why the session is over.
    ended: Option<SessionError>,
}

impl Client {
    /// Connects and waits until the room is ready.
    ///
    /// # Errors
    ///
    /// `connection-refused`, `timeout`, or whatever else ended the session before that.
    pub async fn connect(
        url: &RoomUrl,
        tokens: impl Into<TokenSource>,
        options: impl Into<Options>,
    ) -> Result<Self, SessionError> {
        let Options { session: config, backoff, enables } = options.into();
        let door = Door::new(url.clone(), tokens.into(), &config);
        let session = Session::new(config);
        let wanted = Wanted { resume: session.resume_query(), enables };
        let line = Line::Opening(Box::pin(door.clone().open(wanted)));
        let started = Instant::now();
        let mut client = Self {
            session,
            door,
            line,
            backoff,
            loss: None,
            started,
            events: VecDeque::new(),
            ended: None,
        };
        // The session's first input starts its clock: a socket that never opens is given up too.
        client.feed(Input::Woken);
        match client.wait_until_ready().await {
            Ok(()) => Ok(client),
            Err(error) => {
                client.finish().await;
                Err(error)
            }
        }
    }

    /// Looks at the session: who we are and who else is there.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Lets others see us, and us them. Done when the list of participants is complete, which
    /// [`Options::enables`] may have asked for already.
    ///
    /// # Errors
    ///
    /// What the server answers, `timeout`, or the ending's.
    pub async fn enable(&mut self) -> Result<(), SessionError> {
        self.request(Session::enable).await
    }

    /// Sends a message to one participant. Done when the server has taken it.
    ///
    /// # Errors
    ///
    /// As [`Session::send`], and what the server answers, such as `participant-not-found`.
    pub async fn send(
        &mut self,
        to: &ParticipantId,
        outgoing: Outgoing,
    ) -> Result<(), SessionError> {
        self.request(|session, now| session.send(now, to, outgoing)).await
    }

    /// Sends a message to everyone else. Done when the server has taken it.
    ///
    /// # Errors
    ///
    /// As [`Session::broadcast`], and what the server answers.
    pub async fn broadcast(&mut self, outgoing: Outgoing) -> Result<(), SessionError> {
        self.request(|session, now| session.broadcast(now, outgoing)).await
    }

    /// Offers a stream, under a fresh id, without waiting for the answer, [`Event::StreamOpened`].
    ///
    /// # Errors
    ///
    /// As [`Session::open_stream`].
    pub fn open_stream(
        &mut self,
        to: &ParticipantId,
        header: JsonText,
    ) -> Result<StreamKey, SessionError> {
        let id = Uuid::new_v4().to_string();
        self.command(|session, now| session.open_stream(now, to, &id, header))
    }

    /// Gives the session any command, or reads from it, and gives back what it says at once.
    ///
    /// This is how streams are used, and how many requests are under way at a time: what is to be
    /// sent leaves, and the answers come, while [`Client::next_event`] waits.
    pub fn command<T>(&mut self, command: impl FnOnce(&mut Session, Timestamp) -> T) -> T {
        command(&mut self.session, self.started.elapsed())
    }

    /// The next thing that happens, in order. Waits for it as long as the session lasts.
    ///
    /// # Errors
    ///
    /// Why the session is over; always the same from then on.
    pub async fn next_event(&mut self) -> Result<Event, SessionError> {
        match self.events.pop_front() {
            Some(event) => Ok(event),
            None => self.advance().await,
        }
    }

    /// Leaves the room: closes with 1000 and waits a moment for the server's goodbye.
    pub async fn close(mut self) {
        self.session.close();
        self.finish().await;
    }

    async fn wait_until_ready(&mut self) -> Result<(), SessionError> {
        while self.advance().await? != Event::Ready {}
        Ok(())
    }

    /// Gives a command and waits for its answer. What else happens is kept.
    async fn request(
        &mut self,
        command: impl FnOnce(&mut Session, Timestamp) -> Result<RequestId, SessionError>,
    ) -> Result<(), SessionError> {
        let asked = self.command(command)?;
        loop {
            let event = self.advance().await?;
            if let Event::Answered { request, result } = &event
                && *request == asked
            {
                return result.clone();
            }
            self.events.push_back(event);
        }
    }

    /// Moves everything on until there is an event.
    async fn advance(&mut self) -> Result<Event, SessionError> {
        loop {
            if let Some(event) = self.settle() {
                return Ok(event);
            }
            if let Some(error) = &self.ended {
                return Err(error.clone());
            }
            self.wait().await;
        }
    }

    /// Does what the session asks for, up to the next event.
    fn settle(&mut self) -> Option<Event> {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit(bytes) => {
                    if let Some(socket) = self.line.socket() {
                        socket.send(bytes);
                    }
                }
                Output::Close { code, reason } => {
                    if let Some(socket) = self.line.socket() {
                        socket.close(code, &reason);
                    }
                }
                Output::Event(Event::Ended(error)) => self.ended = Some(error),
                Output::Event(event) => {
                    self.on_event(&event);
                    return Some(event);
                }
            }
        }
        None
    }

    fn on_event(&mut self, event: &Event) {
        match event {
            Event::Lost(error) => self.on_lost(error),
            Event::Ready | Event::Resumed | Event::Discontinuity(_) => self.loss = None,
            Event::Ended(_)
            | Event::Answered { .. }
            | Event::MessagingEnabled
            | Event::ParticipantAdded(_)
            | Event::ParticipantRemoved(_)
            | Event::ParticipantUpdated { .. }
            | Event::Message(_)
            | Event::StreamRequested { .. }
            | Event::StreamWithdrawn { .. }
            | Event::StreamOpened { .. }
            | Event::StreamReadable(_)
            | Event::StreamWritable(_)
            | Event::StreamClosed { .. }
            | Event::CallRequested { .. }
            | Event::CallWithdrawn { .. }
            | Event::CallOpened { .. }
            | Event::CallReadable(_)
            | Event::CallClosed { .. } => {}
        }
    }

    /// The connection is gone, or an attempt failed: plans the next, or gives up.
    fn on_lost(&mut self, error: &SessionError) {
        let (lost_at, attempts) = self.loss.unwrap_or_else(|| (Instant::now(), 0));
        let attempt = attempts.saturating_add(1);
        self.loss = Some((lost_at, attempt));
        let wait = self.backoff.next(attempt, lost_at.elapsed(), rand::random());
        match wait.and_then(|wait| lost_at.checked_add(wait)) {
            Some(at) => self.line = Line::Waiting(at),
            None => self.give_up(error.clone()),
        }
    }

    fn give_up(&mut self, error: SessionError) {
        self.line.end();
        self.session.give_up(error);
    }

    /// Waits until something happens outside, and tells the session.
    async fn wait(&mut self) {
        let wakeup = self.session.next_wakeup().and_then(|at| self.started.checked_add(at));
        let event = tokio::select! {
            event = self.line.next() => event,
            () = alarm(wakeup) => return self.feed(Input::Woken),
        };
        match event {
            LineEvent::Opened(result) => self.on_opened(result),
            LineEvent::Socket(SocketEvent::Received(bytes)) => self.feed(Input::Received(&bytes)),
            LineEvent::Socket(SocketEvent::Closed { code, reason }) => {
                self.feed(Input::Closed { code, reason: &reason });
            }
            LineEvent::Due => self.try_again(),
        }
    }

    fn on_opened(&mut self, result: Result<Box<Socket>, Refusal>) {
        match result {
            Ok(socket) => {
                self.line = Line::Open(socket);
                self.feed(Input::Opened);
            }
            // There was no room yet to come back to, or there will be none.
            Err(Refusal { error, is_final }) if is_final || self.session.room_name().is_none() => {
                self.give_up(error);
            }
            Err(Refusal { error, .. }) => {
                self.line.end();
                self.feed(Input::Closed { code: None, reason: &error.message });
            }
        }
    }

    fn try_again(&mut self) {
        match self.session.reconnect(self.started.elapsed()) {
            Ok(()) => {
                // Whether messaging was enabled, the session knows, and asks for it itself.
                let wanted = Wanted { resume: self.session.resume_query(), enables: false };
                self.line = Line::Opening(Box::pin(self.door.clone().open(wanted)));
            }
            // It is over, as its last event says.
            Err(_) => self.line.end(),
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.session.handle_input(self.started.elapsed(), input);
    }

    /// Sends what is left and waits for the end of the socket, but not for long.
    async fn finish(&mut self) {
        while self.settle().is_some() {}
        if let Some(socket) = self.line.socket() {
            // Whoever does not answer a goodbye is left without one.
            let _ = timeout(GOODBYE_LIMIT, socket.finish()).await;
        }
    }
}

/// How long the server may take to answer the close.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

/// Waits for the moment, or for ever.
async fn alarm(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => future::pending().await,
    }
}
