//! Between the browser and the session: carries, decides nothing.
//!
//! Inputs and commands go into the session; [`Driver::settle`] takes its outputs one by one and
//! performs each after letting go of the session, because JavaScript may call back at once.

mod alarm;
mod report;

use std::{
    cell::{Cell, Ref, RefCell},
    fmt,
    rc::Rc,
};

use gloo_net::websocket::events::CloseEvent as Closing;
use js_sys::{Array, ArrayBuffer};
use room_proto::{Config, Input, Session, SessionError, Timestamp, session::Output};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, WebSocket};

use crate::{
    error::{invalid, to_js},
    lent,
    listener::EngineListener,
    socket::{NO_CLOSE_FRAME, Socket, SocketEvents},
    words::Words,
};

pub(crate) struct Driver {
    session: RefCell<Session>,
    listener: EngineListener,
    socket: RefCell<Option<Rc<Socket>>>,
    /// How many sockets there have been.
    sockets: Cell<u32>,
    /// Why the session is over, if it is.
    ended: RefCell<Option<SessionError>>,
    settling: Cell<bool>,
    /// When the listener's alarm rings.
    alarm: Cell<Option<Timestamp>>,
    /// The time of what has been asked and is not settled.
    time: Cell<Option<Timestamp>>,
    /// Who sends messages, and of what types.
    words: Words,
    /// What is said of chunks.
    headers: Words,
}

impl Driver {
    pub(crate) fn new(config: Config, listener: EngineListener) -> Rc<Self> {
        Rc::new(Self {
            session: RefCell::new(Session::new(config)),
            listener,
            socket: RefCell::default(),
            sockets: Cell::new(0),
            ended: RefCell::default(),
            settling: Cell::new(false),
            alarm: Cell::default(),
            time: Cell::default(),
            words: Words::default(),
            headers: Words::default(),
        })
    }

    /// Starts to carry between `raw`, which has said this already, and the session.
    pub(crate) fn connect(
        self: &Rc<Self>,
        raw: WebSocket,
        messages: &Array<ArrayBuffer>,
        closing: Option<Event>,
    ) -> Result<(), SessionError> {
        if let Some(error) = self.ended.borrow().clone() {
            // Nobody will listen to it. If it cannot be closed, it was no socket.
            let _ = raw.close();
            return Err(error);
        }
        if self.socket.borrow().is_some() {
            return Err(invalid("the engine has a socket already"));
        }

        self.attach(raw, closing)?;
        // The session's first input starts its clock: a socket that never opens is given up too.
        self.feed(Input::Woken);
        for message in messages.iter() {
            self.on_message(self.sockets.get(), message);
        }
        Ok(())
    }

    /// Starts to carry between another socket and the session, whose connection was lost.
    pub(crate) fn reconnect(self: &Rc<Self>, raw: WebSocket) -> Result<(), SessionError> {
        if let Err(error) = self.ask(Session::reconnect) {
            // Nobody will listen to it.
            let _ = raw.close();
            return Err(error);
        }
        self.attach(raw, None)?;
        self.settle();
        Ok(())
    }

    fn attach(self: &Rc<Self>, raw: WebSocket, closing: Option<Event>) -> Result<(), SessionError> {
        let (driver, number) = (Rc::clone(self), self.sockets.get() + 1);
        let receive = move |bytes| driver.on_message(number, bytes);
        let (socket, events) = Socket::attach(raw, closing, receive)?;
        *self.socket.borrow_mut() = Some(Rc::new(socket));
        self.sockets.set(number);
        spawn_local(Rc::clone(self).listen(events, number));
        Ok(())
    }

    /// Looks at the session. The guard must be gone before JavaScript is called.
    pub(crate) fn session(&self) -> Ref<'_, Session> {
        self.session.borrow()
    }

    pub(crate) fn listener(&self) -> &EngineListener {
        &self.listener
    }

    pub(crate) fn headers(&self) -> &Words {
        &self.headers
    }

    /// Makes the JavaScript error of a result.
    pub(crate) fn checked<T>(&self, result: Result<T, SessionError>) -> Result<T, JsValue> {
        result.map_err(|error| {
            // What fails need not be settled.
            self.time.set(None);
            to_js(&self.listener, &error)
        })
    }

    /// `number` is the socket's.
    async fn listen(self: Rc<Self>, events: SocketEvents, number: u32) {
        let Closing { code, reason, .. } = events.closed().await;
        if self.is_current(number) {
            let code = (code != NO_CLOSE_FRAME).then_some(code);
            self.feed(Input::Closed { code, reason: &reason });
        }
    }

    /// Whether the socket is the one that counts. After the end, none does.
    fn is_current(&self, number: u32) -> bool {
        self.sockets.get() == number && self.ended.borrow().is_none()
    }

    /// `number` is the socket's.
    fn on_message(&self, number: u32, buffer: ArrayBuffer) {
        if !self.is_current(number) {
            return;
        }
        match lent::take(buffer) {
            Ok(bytes) => self.feed(Input::Received(&bytes)),
            Err(error) => self.fail_socket(&error.message),
        }
    }

    /// The socket cannot be used any more.
    fn fail_socket(&self, reason: &str) {
        let lost = Input::Closed { code: None, reason };
        self.time.set(None);
        self.ask(|session, now| session.handle_input(now, lost));
        if let Some(socket) = self.socket() {
            socket.close(CLOSE_NORMAL, reason);
        }
        self.settle();
    }

    fn feed(&self, input: Input<'_>) {
        self.time.set(None);
        self.ask(|session, now| session.handle_input(now, input));
        self.settle();
    }

    /// Gives the session a command. What comes of it, [`Driver::settle`] carries out, which has to follow
    /// if it succeeds.
    pub(crate) fn ask<T>(&self, command: impl FnOnce(&mut Session, Timestamp) -> T) -> T {
        let now = self.now();
        self.tell(|session| command(session, now))
    }

    /// Gives a command for which the time does not matter.
    pub(crate) fn tell<T>(&self, command: impl FnOnce(&mut Session) -> T) -> T {
        command(&mut self.session.borrow_mut())
    }

    /// Does all that the session asks for, in order.
    ///
    /// A listener may call back into us. Then the outer call goes on with what that call added,
    /// so that every listener hears the events in the same order.
    pub(crate) fn settle(&self) {
        if self.settling.replace(true) {
            return;
        }
        while let Some(output) = self.next_output() {
            self.perform(output);
        }
        self.settling.set(false);
        self.set_alarm();
        self.time.set(None);
    }

    /// A function of its own, so that the borrow ends before the output is performed.
    fn next_output(&self) -> Option<Output> {
        self.session.borrow_mut().poll_output()
    }

    fn perform(&self, output: Output) {
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
            self.fail_socket("the socket refused to send");
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
