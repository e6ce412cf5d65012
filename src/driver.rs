//! Between the browser and the session: carries, decides nothing.
//!
//! Inputs and commands go into the session; [`Driver::settle`] takes its outputs one by one and
//! performs each after letting go of the session, because JavaScript may call back at once.
//! Every promise waits for a key in a map, and the session answers each key once.

mod alarm;
mod report;

use std::{
    cell::{Cell, Ref, RefCell},
    fmt,
    rc::Rc,
};

use futures::{StreamExt, channel::oneshot};
use js_sys::Promise;
use room_proto::{
    CallKey, Config, ErrorCode, Input, JsonText, Outgoing, ParticipantId, RequestId, Session,
    SessionError, StreamKey, Table, Timestamp, session::Output,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::WebSocket;

use crate::{
    calls::CallState,
    clock::now,
    driver::alarm::Alarm,
    error::{self, Failure, Outcome},
    latch::{Answer, Latch, answer, promise},
    listener::CoreListener,
    socket::{Socket, SocketEvent, SocketEvents},
    streams::StreamState,
};

pub(crate) struct Driver {
    session: RefCell<Session>,
    listener: CoreListener,
    socket: RefCell<Option<Rc<Socket>>>,
    /// How many sockets there have been.
    sockets: Cell<u32>,
    /// Set when the room is ready, or when it never will be.
    ready: Latch<Outcome>,
    /// Set when the session is over.
    ended: Latch<SessionError>,
    requests: RefCell<Table<RequestId, oneshot::Sender<Outcome>>>,
    streams: RefCell<Table<StreamKey, Rc<StreamState>>>,
    calls: RefCell<Table<CallKey, Rc<CallState>>>,
    settling: Cell<bool>,
    alarm: RefCell<Option<Alarm>>,
}

impl Driver {
    pub(crate) fn new(config: Config, listener: CoreListener) -> Rc<Self> {
        Rc::new(Self {
            session: RefCell::new(Session::new(config)),
            listener,
            socket: RefCell::default(),
            sockets: Cell::new(0),
            ready: Latch::new(),
            ended: Latch::new(),
            requests: RefCell::default(),
            streams: RefCell::default(),
            calls: RefCell::default(),
            settling: Cell::new(false),
            alarm: RefCell::default(),
        })
    }

    /// Starts to carry between `raw` and the session.
    pub(crate) fn connect(self: &Rc<Self>, raw: WebSocket) -> Result<(), SessionError> {
        if let Some(error) = self.ended.value() {
            // Nobody will listen to it. If it cannot be closed, it was no socket.
            let _ = raw.close();
            return Err(error);
        }
        if self.socket.borrow().is_some() {
            let message = "this core has a socket already";
            return Err(SessionError::new(ErrorCode::InvalidArgument, message));
        }

        self.attach(raw)?;
        // The session's first input starts its clock: a socket that never opens is given up too.
        self.feed(Input::Woken);
        Ok(())
    }

    /// Starts to carry between another socket and the session, whose connection was lost.
    pub(crate) fn reconnect(self: &Rc<Self>, raw: WebSocket) -> Result<(), SessionError> {
        if let Err(error) = self.ask(Session::reconnect) {
            // Nobody will listen to it.
            let _ = raw.close();
            return Err(error);
        }
        self.attach(raw)?;
        self.settle();
        Ok(())
    }

    fn attach(self: &Rc<Self>, raw: WebSocket) -> Result<(), SessionError> {
        let (socket, events) = Socket::attach(raw)?;
        *self.socket.borrow_mut() = Some(Rc::new(socket));
        self.sockets.set(self.sockets.get() + 1);
        spawn_local(Rc::clone(self).listen(events, self.sockets.get()));
        Ok(())
    }

    /// Lets the session look at the time.
    pub(crate) fn wake(self: &Rc<Self>) {
        self.feed(Input::Woken);
    }

    /// Resolves when the room is ready.
    pub(crate) fn ready(&self) -> Answer {
        answer(self.ready.wait())
    }

    /// Ends the session as closed by the application.
    pub(crate) fn close(self: &Rc<Self>) {
        self.session.borrow_mut().close();
        self.settle();
    }

    /// Gives a command that the session answers later.
    pub(crate) fn request(
        self: &Rc<Self>,
        command: impl FnOnce(&mut Session, Timestamp) -> Result<RequestId, SessionError>,
    ) -> Result<Answer, SessionError> {
        self.request_or_done(|session, now| command(session, now).map(Some))
    }

    /// The same for a command that the session may have nothing more to say about.
    pub(crate) fn request_or_done(
        self: &Rc<Self>,
        command: impl FnOnce(&mut Session, Timestamp) -> Result<Option<RequestId>, SessionError>,
    ) -> Result<Answer, SessionError> {
        self.ask(command).map(|request| self.expect(request))
    }

    /// What a command comes to. Apart from the commands, of which each is code of its own.
    fn expect(self: &Rc<Self>, request: Option<RequestId>) -> Answer {
        let (sender, receiver) = oneshot::channel();
        match request {
            Some(request) => drop(self.requests.borrow_mut().insert(request, sender)),
            // Nobody waits if the receiver is gone already.
            None => drop(sender.send(Ok(()))),
        }
        self.settle();
        answer(receiver)
    }

    /// Gives a command that is done at once.
    pub(crate) fn command<T>(
        self: &Rc<Self>,
        command: impl FnOnce(&mut Session, Timestamp) -> T,
    ) -> T {
        let result = self.ask(command);
        self.settle();
        result
    }

    /// Offers a stream, and hands its events to the state that it gives back.
    pub(crate) fn open_stream(
        self: &Rc<Self>,
        to: &ParticipantId,
        stream_id: &str,
        header: JsonText,
    ) -> Result<Rc<StreamState>, SessionError> {
        let key = self.ask(|session, now| session.open_stream(now, to, stream_id, header))?;
        let state = StreamState::new(key, stream_id, to);
        self.add_stream(&state);
        self.settle();
        Ok(state)
    }

    /// Opens a duplex stream, and hands its events to the state that it gives back.
    pub(crate) fn open_call(
        self: &Rc<Self>,
        to: &ParticipantId,
        first: &Outgoing,
    ) -> Result<Rc<CallState>, SessionError> {
        let key = self.ask(|session, now| session.open_call(now, to, first))?;
        let state = CallState::new(key, "", to);
        self.add_call(&state);
        self.settle();
        Ok(state)
    }

    /// Looks at the session. The guard must be gone before JavaScript is called.
    pub(crate) fn session(&self) -> Ref<'_, Session> {
        self.session.borrow()
    }

    /// How much a stream may write at once; 0 is to wait for the stream's event.
    pub(crate) fn writable_bytes(&self, stream: StreamKey) -> Result<usize, SessionError> {
        self.session.borrow_mut().writable_bytes(stream)
    }

    /// Whether the socket's buffer is so full that streams should wait.
    pub(crate) fn is_socket_full(&self) -> bool {
        self.socket.borrow().as_ref().is_some_and(|socket| socket.is_full())
    }

    /// From here on the session's events about `stream` go to it.
    fn add_stream(&self, stream: &Rc<StreamState>) {
        self.streams.borrow_mut().insert(stream.key(), Rc::clone(stream));
    }

    /// From here on the session's events about `call` go to it.
    fn add_call(&self, call: &Rc<CallState>) {
        self.calls.borrow_mut().insert(call.key(), Rc::clone(call));
    }

    /// The session has nothing more to say about `call`.
    pub(crate) fn forget_call(&self, call: CallKey) {
        self.calls.borrow_mut().remove(&call);
    }

    /// The session has nothing more to say about `stream`.
    pub(crate) fn forget_stream(&self, stream: StreamKey) {
        self.streams.borrow_mut().remove(&stream);
    }

    pub(crate) fn listener(&self) -> &CoreListener {
        &self.listener
    }

    /// Makes the JavaScript error for a failure.
    pub(crate) fn error(&self, failure: impl Into<Failure>) -> JsValue {
        error::to_js(&self.listener, &failure.into())
    }

    /// Makes the promise of an answer, or of the refusal to give one.
    pub(crate) fn promise(self: &Rc<Self>, answer: Result<Answer, SessionError>) -> Promise {
        let driver = Rc::clone(self);
        promise(Box::pin(async move {
            let outcome = match answer {
                Ok(answer) => answer.await,
                Err(error) => Err(error),
            };
            outcome.map(|()| JsValue::UNDEFINED).map_err(|error| driver.error(error))
        }))
    }

    /// `number` is the socket's.
    async fn listen(self: Rc<Self>, mut events: SocketEvents, number: u32) {
        while let Some(event) = events.next().await {
            if self.sockets.get() == number {
                self.on_socket(&event);
            }
            if self.ended.is_set() || self.sockets.get() != number {
                break;
            }
        }
        drop(self);
        // What comes after the end concerns nobody, but see `SocketEvents`.
        while events.next().await.is_some() {}
    }

    fn on_socket(self: &Rc<Self>, event: &SocketEvent) {
        let input = match event {
            SocketEvent::Opened => Input::Opened,
            SocketEvent::Received(bytes) => Input::Received(bytes),
            SocketEvent::Closed { code, reason } => Input::Closed { code: *code, reason },
        };
        self.feed(input);
    }

    fn feed(self: &Rc<Self>, input: Input<'_>) {
        self.ask(|session, now| session.handle_input(now, input));
        self.settle();
    }

    fn ask<T>(&self, command: impl FnOnce(&mut Session, Timestamp) -> T) -> T {
        let now = now();
        command(&mut self.session.borrow_mut(), now)
    }

    /// Does all that the session asks for, in order.
    ///
    /// A listener may call back into us. Then the outer call goes on with what that call added,
    /// so that every listener hears the events in the same order.
    fn settle(self: &Rc<Self>) {
        if self.settling.replace(true) {
            return;
        }
        while let Some(output) = self.next_output() {
            self.perform(output);
        }
        self.settling.set(false);
        self.set_alarm();
    }

    /// A function of its own, so that the borrow ends before the output is performed.
    fn next_output(&self) -> Option<Output> {
        self.session.borrow_mut().poll_output()
    }

    fn perform(self: &Rc<Self>, output: Output) {
        match output {
            Output::Transmit(bytes) => self.transmit(&bytes),
            Output::Close { code, reason } => {
                if let Some(socket) = self.socket() {
                    socket.close(code, &reason);
                }
            }
            Output::Event(event) => self.report(event),
        }
    }

    fn transmit(&self, bytes: &[u8]) {
        let Some(socket) = self.socket() else { return };
        if socket.send(bytes).is_err() {
            let reason = "the socket refused to send";
            let lost = Input::Closed { code: None, reason };
            self.ask(|session, now| session.handle_input(now, lost));
            socket.close(CLOSE_NORMAL, reason);
        }
    }

    fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

/// The one close code of the standard that a page may send.
const CLOSE_NORMAL: u16 = 1000;
