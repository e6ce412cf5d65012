//! The contract of delivery under everything that can happen to a cluster: members that talk
//! without a pause while nodes and NATS are killed. Whatever was acknowledged arrives once and in
//! order at everybody, or they were told of a gap.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use room_proto::{
    Config, Event, Input, Output, RequestId, Resume, Session, SessionError, Timestamp,
};
use room_server::{NewToken, RoomName, Secret};
use tokio::{
    sync::watch,
    time::{interval, sleep, timeout},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest as _},
};

use crate::{
    harness::{SECRET, Socket, outgoing},
    nats::Nats,
    nodes::Process,
};

const MEMBERS: usize = 6;

const LEASE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_arrives_once_and_in_order_or_a_gap_is_told() {
    let Some(mut nats) = Nats::start().await else { return };
    let mut nodes: Vec<_> = (0..3).map(|_| Process::start_with(&nats, LEASE)).collect();
    let doors: Doors = Arc::new(Mutex::new(addresses(&nodes)));
    let (stop, stopping) = watch::channel(false);
    let done = Arc::new(AtomicUsize::new(0));
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let talker = Talker::new(number);
        let (doors, stopping, done) = (Arc::clone(&doors), stopping.clone(), Arc::clone(&done));
        members.push(tokio::spawn(talker.talk(doors, stopping, done)));
    }

    for step in [2, 3, 0, 1, 3, 2] {
        // Time to be in one room again, and to talk.
        sleep(LEASE * 2).await;
        if step == 3 {
            nats.kill();
            nats.start_again().await;
        } else {
            nodes[step].kill();
            nodes[step] = Process::start_with(&nats, LEASE);
            *doors.lock().unwrap_or_else(PoisonError::into_inner) = addresses(&nodes);
        }
    }
    stop.send_replace(true);

    let mut traces = Vec::new();
    for member in members {
        let trace = timeout(Duration::from_secs(90), member).await.expect("everybody is back");
        traces.push(trace.unwrap());
    }
    let mut received = 0;
    for sender in &traces {
        for receiver in traces.iter().filter(|one| one.number != sender.number) {
            received += check(sender, receiver);
        }
    }
    let sent: usize = traces.iter().map(|one| one.acknowledged.len()).sum();
    let gaps: usize = traces.iter().map(Talker::gaps).sum();
    println!("{sent} acknowledged, {received} received, {gaps} gaps told");
    assert!(sent > 1000 && gaps > MEMBERS, "{sent} acknowledged, {gaps} gaps: that proves nothing");
}

/// Panics if something is missing, double or out of order; gives how many were received.
fn check(sender: &Talker, receiver: &Talker) -> usize {
    let pair = (sender.number, receiver.number);
    let mut missing = sender.acknowledged.iter().copied().peekable();
    let mut last = 0;
    let mut was_told = false;
    let mut count = 0;
    for entry in &receiver.trace {
        match entry {
            Entry::Gap => was_told = true,
            Entry::Got(from, number) if *from == sender.number => {
                assert!(*number > last, "{pair:?}: {number} after {last}");
                while let Some(due) = missing.next_if(|due| due < number) {
                    assert!(was_told, "{pair:?}: {due} is missing between {last} and {number}");
                }
                missing.next_if_eq(number);
                (last, was_told) = (*number, false);
                count += 1;
            }
            Entry::Got(..) => {}
        }
    }
    count
}

/// Where somebody can come in.
type Doors = Arc<Mutex<Vec<SocketAddr>>>;

fn addresses(nodes: &[Process]) -> Vec<SocketAddr> {
    nodes.iter().map(|node| node.server.address).collect()
}

enum Entry {
    /// That sender's message of that number.
    Got(usize, u64),
    /// Messages may be missing here.
    Gap,
}

/// A member that talks, listens and comes back.
struct Talker {
    number: usize,
    session: Session,
    started: Instant,
    last: u64,
    unanswered: HashMap<RequestId, u64>,
    acknowledged: Vec<u64>,
    trace: Vec<Entry>,
    /// Whose last words were heard.
    heard: [bool; MEMBERS],
    wants_messaging: bool,
    is_lost: bool,
}

impl Talker {
    fn new(number: usize) -> Self {
        let mut heard = [false; MEMBERS];
        heard[number] = true;
        Self {
            number,
            session: new_session(),
            started: Instant::now(),
            last: 0,
            unanswered: HashMap::new(),
            acknowledged: Vec::new(),
            trace: Vec::new(),
            heard,
            wants_messaging: false,
            is_lost: false,
        }
    }

    fn gaps(&self) -> usize {
        self.trace.iter().filter(|entry| matches!(entry, Entry::Gap)).count()
    }

    /// Until everybody has heard everybody's last words.
    async fn talk(
        mut self,
        doors: Doors,
        stopping: watch::Receiver<bool>,
        done: Arc<AtomicUsize>,
    ) -> Self {
        let mut is_done = false;
        for attempt in self.number.. {
            let door = {
                let doors = doors.lock().unwrap_or_else(PoisonError::into_inner);
                // Half of them look for the next node in the other direction.
                let turn = if self.number.is_multiple_of(2) { attempt } else { attempt * 2 };
                doors[turn % doors.len()]
            };
            let Some(mut socket) = self.connect(door).await else {
                sleep(Duration::from_millis(20)).await;
                continue;
            };
            let mut ticks = interval(Duration::from_millis(5));
            while !self.is_lost {
                tokio::select! {
                    message = socket.next() => self.hear(message),
                    _ = ticks.tick() => self.say(*stopping.borrow()),
                }
                if self.settle(&mut socket).await.is_err() {
                    self.lose();
                }
                if !is_done && self.heard.iter().all(|heard| *heard) {
                    is_done = true;
                    done.fetch_add(1, Ordering::SeqCst);
                }
                if done.load(Ordering::SeqCst) == MEMBERS && self.unanswered.is_empty() {
                    return self;
                }
            }
        }
        self
    }

    async fn connect(&mut self, door: SocketAddr) -> Option<Socket> {
        if std::mem::take(&mut self.is_lost) && self.session.participant_id().is_some() {
            let now = self.now();
            self.session.reconnect(now).unwrap();
        }
        let resume = self.session.resume_query().unwrap();
        let url = format!("ws://{door}/rooms/lobby?room-messaging=1&{}={resume}", Resume::QUERY);
        let mut request = url.into_client_request().unwrap();
        let room = RoomName::new("lobby").unwrap();
        let name = format!("member {}", self.number);
        let token = NewToken { room: &room, name: &name, role: "user", expires_in: None };
        let token = token.sign(&Secret::new(SECRET).unwrap());
        let protocol = format!("meshagent-room.{token}").parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let connected = timeout(Duration::from_secs(15), connect_async(request)).await;
        let now = self.now();
        match connected {
            Ok(Ok((socket, _))) => {
                self.session.handle_input(now, Input::Opened);
                Some(socket)
            }
            Ok(Err(_)) | Err(_) => {
                // Before there is a room an attempt that fails would be the end.
                if self.session.participant_id().is_some() {
                    self.lose();
                }
                None
            }
        }
    }

    fn say(&mut self, is_stopping: bool) {
        let now = self.now();
        if self.session.next_wakeup().is_some_and(|due| due <= now) {
            self.session.handle_input(now, Input::Woken);
        }
        if !self.wants_messaging && self.session.enable(now).is_ok() {
            self.wants_messaging = true;
        }
        if !self.session.is_enabled() || self.unanswered.len() >= 20 {
            return;
        }
        let number = self.last + 1;
        let text = format!(r#"{{"from":{},"number":{number}}}"#, self.number);
        let kind = if is_stopping { "end" } else { "count" };
        let size = if number.is_multiple_of(20) { 200_000 } else { 100 };
        let said = self.session.broadcast(now, outgoing(kind, &text, size));
        if let Ok(request) = said {
            self.last = number;
            self.unanswered.insert(request, number);
        }
    }

    fn hear(&mut self, message: Option<Result<tungstenite::Message, tungstenite::Error>>) {
        let now = self.now();
        match message {
            Some(Ok(tungstenite::Message::Binary(bytes))) => {
                self.session.handle_input(now, Input::Received(&bytes));
            }
            Some(Ok(tungstenite::Message::Close(frame))) => {
                let code = frame.map(|frame| frame.code.into());
                self.session.handle_input(now, Input::Closed { code, reason: "" });
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.lose(),
        }
    }

    fn lose(&mut self) {
        let now = self.now();
        self.session.handle_input(now, Input::Closed { code: None, reason: "" });
        self.take_events();
    }

    async fn settle(&mut self, socket: &mut Socket) -> Result<(), tungstenite::Error> {
        for bytes in self.take_events() {
            timeout(Duration::from_secs(5), socket.send(tungstenite::Message::Binary(bytes)))
                .await
                .map_err(|_| tungstenite::Error::ConnectionClosed)??;
        }
        Ok(())
    }

    /// Gives what is to be sent.
    fn take_events(&mut self) -> Vec<bytes::Bytes> {
        let mut packets = Vec::new();
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit(bytes) => packets.push(bytes),
                Output::Close { .. } => self.is_lost = true,
                Output::Event(event) => self.on_event(event),
            }
        }
        packets
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Ready | Event::Discontinuity(_) => self.trace.push(Entry::Gap),
            Event::Lost(_) => self.is_lost = true,
            // A node that has just begun may refuse. Before there is a room that ends the session.
            Event::Ended(_) if self.session.participant_id().is_none() => {
                self.session = new_session();
                self.is_lost = true;
            }
            Event::Ended(error) => panic!("member {} has ended: {error}", self.number),
            Event::Answered { request, result } => self.on_answered(request, result),
            Event::Message(message) => {
                let said: serde_json::Value =
                    serde_json::from_str(message.message.as_str()).unwrap();
                let from = usize::try_from(said["from"].as_u64().unwrap()).unwrap();
                self.trace.push(Entry::Got(from, said["number"].as_u64().unwrap()));
                self.heard[from] |= message.kind == "end";
            }
            _ => {}
        }
    }

    fn on_answered(&mut self, request: RequestId, result: Result<(), SessionError>) {
        if let Some(number) = self.unanswered.remove(&request)
            && result.is_ok()
        {
            self.acknowledged.push(number);
        }
    }

    fn now(&self) -> Timestamp {
        self.started.elapsed()
    }
}

fn new_session() -> Session {
    Session::new(Config { reconnect: true, ..Config::default() })
}
