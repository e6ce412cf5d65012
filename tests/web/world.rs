//! A room with its real logic, in this module, and pages that are connected to it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use bytes::Bytes;
use js_sys::{Object, Promise, Uint8Array};
use room::{Grants, Joining, MemberId, Output, Room, RoomConfig, RoomLimits, Traits};
use room_messaging::Engine;
use room_proto::{
    Assembler, ClientFrame, Extensions, JsonText, Limits, MessageId, ParticipantId, ServerFrame,
    body::BodyForm,
};
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::page::{FakeSocket, JsCore, JsIncoming, JsOutgoing, Recorder, core_of, outcome, soon};

/// A room and its seats.
#[derive(Clone)]
pub(crate) struct World {
    room: Rc<RefCell<Room>>,
    seats: Rc<RefCell<Vec<Rc<Seat>>>>,
    inbox: Rc<RefCell<VecDeque<Parcel>>>,
    is_pumping: Rc<Cell<bool>>,
    /// While it is, what pages send waits.
    is_deaf: Rc<Cell<bool>>,
}

/// What a page sent, and from which socket.
type Parcel = (Rc<Seat>, Bytes);

/// The server's end of one socket.
struct Seat {
    socket: FakeSocket,
    member: Cell<Option<MemberId>>,
    assembler: RefCell<Assembler>,
    next_id: Cell<u64>,
}

/// One page: its core, what it hears, and its socket.
pub(crate) struct Page {
    pub(crate) id: String,
    pub(crate) core: JsCore,
    pub(crate) ear: Recorder,
    pub(crate) socket: FakeSocket,
    seat: Rc<Seat>,
}

impl World {
    pub(crate) fn new() -> Self {
        let extensions = Extensions {
            version: Extensions::VERSION,
            raw_attachments: true,
            batches: false,
            enabled: false,
            max_packet_bytes: Some(8 * 1024 * 1024),
            max_message_bytes: Some(8 * 1024 * 1024),
            max_attribute_bytes: None,
            resume: None,
        };
        let config = RoomConfig {
            name: String::from("lobby"),
            url: String::from("ws://test/rooms/lobby"),
            session_id: String::from("run-1"),
            extensions,
            limits: RoomLimits::default(),
        };
        Self {
            room: Rc::new(RefCell::new(Room::new(config))),
            seats: Rc::default(),
            inbox: Rc::default(),
            is_pumping: Rc::default(),
            is_deaf: Rc::default(),
        }
    }

    /// A page whose socket is not open yet.
    pub(crate) fn page(&self, id: &str, options: &JsValue) -> Page {
        let ear = Recorder::new();
        let socket = self.socket();
        let seats = self.seats.borrow();
        let seat = seats.last().expect("socket() has just added it");
        let core = core(options, &ear).expect("the options are right");
        Page { id: id.to_owned(), core, ear, socket, seat: Rc::clone(seat) }
    }

    /// Opens a page's socket and lets the page into the room.
    pub(crate) async fn connect(&self, page: &Page) {
        let connected = page.core.connect(page.socket.as_ref());
        page.socket.open();
        self.seat(page);
        settled(&connected, "connect").await;
    }

    /// A page in the room that has enabled messaging.
    pub(crate) async fn enabled_page(&self, id: &str) -> Page {
        self.enabled_page_with(id, &JsValue::UNDEFINED).await
    }

    pub(crate) async fn enabled_page_with(&self, id: &str, options: &JsValue) -> Page {
        let page = self.page(id, options);
        self.connect(&page).await;
        settled(&page.core.enable(), "enable").await;
        page
    }

    /// Two pages that know each other.
    pub(crate) async fn pair(&self) -> (Page, Page) {
        self.pair_with(&JsValue::UNDEFINED).await
    }

    pub(crate) async fn pair_with(&self, options: &JsValue) -> (Page, Page) {
        let ann = self.enabled_page_with("ann", options).await;
        let ben = self.enabled_page_with("ben", options).await;
        hears(&ann, "added ben").await;
        (ann, ben)
    }

    /// Lets a page into the room.
    pub(crate) fn seat(&self, page: &Page) {
        let joining = Joining {
            participant_id: ParticipantId::new(&page.id),
            name: page.id.clone(),
            role: String::from("user"),
            attributes: JsonText::empty_object(),
            grants: Grants { send: true, broadcast: true, list: true, messaging: true },
            traits: Traits { duplex: true, merges_lists: false, ours: true },
            resume: None,
            enables: false,
        };
        let member = self.room.borrow_mut().join(joining).expect("the room has a place");
        page.seat.member.set(Some(member));
        self.pump_soon();
    }

    /// From here on, what pages send waits until [`World::listen`].
    pub(crate) fn ignore(&self) {
        self.is_deaf.set(true);
    }

    pub(crate) fn listen(&self) {
        self.is_deaf.set(false);
        self.pump_soon();
    }

    fn socket(&self) -> FakeSocket {
        let world = self.clone();
        let number = self.seats.borrow().len();
        let on_send = Closure::new(move |bytes: Uint8Array| {
            let seat = Rc::clone(&world.seats.borrow()[number]);
            world.inbox.borrow_mut().push_back((seat, bytes.to_vec().into()));
            world.pump_soon();
        });
        let world = self.clone();
        let on_close = Closure::new(move |_code: u16, _reason: String| {
            let seat = Rc::clone(&world.seats.borrow()[number]);
            world.leave(&seat);
        });
        let socket = FakeSocket::new(&on_send, &on_close);
        // Tests end before their page does.
        on_send.forget();
        on_close.forget();

        let seat = Seat {
            socket: socket.clone(),
            member: Cell::new(None),
            assembler: RefCell::new(Assembler::new(Limits::default())),
            next_id: Cell::new(0),
        };
        self.seats.borrow_mut().push(Rc::new(seat));
        socket
    }

    fn leave(&self, seat: &Seat) {
        if let Some(member) = seat.member.take() {
            self.room.borrow_mut().leave(member);
            self.pump_soon();
        }
    }

    /// Like a network: later, but not much.
    fn pump_soon(&self) {
        if !self.is_pumping.replace(true) {
            let world = self.clone();
            spawn_local(async move {
                world.is_pumping.set(false);
                world.pump();
            });
        }
    }

    fn pump(&self) {
        self.deliver();
        while !self.is_deaf.get() {
            let Some((seat, bytes)) = self.inbox.borrow_mut().pop_front() else { return };
            self.take(&seat, &bytes);
            self.deliver();
        }
    }

    fn take(&self, seat: &Seat, bytes: &Bytes) {
        let message =
            seat.assembler.borrow_mut().push(bytes, bytes).expect("our client packs well");
        if let (Some(message), Some(member)) = (message, seat.member.get()) {
            let frame = ClientFrame::decode(&message, &Limits::default());
            self.room.borrow_mut().handle(member, frame);
        }
    }

    fn deliver(&self) {
        while let Some(output) = self.next_output() {
            match output {
                Output::Deliver { to, frame, .. } => {
                    if let Some(seat) = self.find(to) {
                        seat.deliver(&frame);
                    }
                }
                Output::Close { to, code, reason } => {
                    if let Some(seat) = self.find(to) {
                        seat.member.set(None);
                        seat.socket.end(code, &reason);
                    }
                }
                Output::Refused { reason, .. } => panic!("our client wrote {reason}"),
            }
        }
    }

    fn next_output(&self) -> Option<Output> {
        self.room.borrow_mut().poll_output()
    }

    fn find(&self, member: MemberId) -> Option<Rc<Seat>> {
        let seats = self.seats.borrow();
        seats.iter().find(|seat| seat.member.get() == Some(member)).cloned()
    }
}

impl Seat {
    fn deliver(&self, frame: &ServerFrame) {
        let id = MessageId(self.next_id.get());
        self.next_id.set(id.0 + 1);
        for packet in frame.encode(id, BodyForm::Packed).packets(8 * 1024 * 1024) {
            self.socket.deliver(&packet);
        }
    }
}

impl Page {
    /// The connection breaks, and the room hears of it.
    pub(crate) fn lose_connection(&self, world: &World) {
        world.leave(&self.seat);
        self.socket.end(1006, "");
    }

    /// Opens a stream to `other`, which accepts it.
    pub(crate) async fn stream_to(&self, other: &Self) -> (JsOutgoing, JsIncoming) {
        let id = format!("stream-{}", other.ear.offers().len());
        let writer = self.core.open_stream(&other.id, &id, "{}").expect("they are connected");
        hears(other, &format!("offer {id}")).await;
        let reader = other.ear.offers().pop().expect("it was heard");
        reader.accept().expect("it is fresh");
        settled(&writer.opened(), "opened").await;
        (writer, reader)
    }
}

/// Makes a `Core`, to be used under its JavaScript names.
pub(crate) fn core(options: &JsValue, ear: &Recorder) -> Result<JsCore, JsValue> {
    let make = Closure::new(|listener, numbers: Vec<f64>, reconnect| {
        Engine::new(listener, &numbers, reconnect)
    });
    core_of(&make, options, ear)
}

/// Options with one number.
pub(crate) fn option(name: &str, value: impl Into<JsValue>) -> JsValue {
    let object = Object::new();
    js_sys::Reflect::set(&object, &JsValue::from_str(name), &value.into())
        .expect("a plain object takes anything");
    object.into()
}

/// Waits for what must succeed.
pub(crate) async fn settled(promise: &Promise, what: &str) -> JsValue {
    match JsFuture::from(soon(promise, what)).await {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Waits for what must end, and gives back `fulfilled` or the error as text.
pub(crate) async fn ended(promise: &Promise, what: &str) -> String {
    settled(&outcome(promise), what).await.as_string().expect("outcome() gives text")
}

/// Waits until a page's listener has heard `text`.
pub(crate) async fn hears(page: &Page, text: &str) {
    settled(&page.ear.until(text), &format!("{} hears {text:?}", page.id)).await;
}
