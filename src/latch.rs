//! What promises wait for.

use std::cell::RefCell;

use futures::{channel::oneshot, future::LocalBoxFuture};
use js_sys::Promise;
use room_proto::{ErrorCode, SessionError};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::error::Outcome;

/// How something will have ended. Of one type, so that there is one kind of promise.
pub(crate) type Answer = LocalBoxFuture<'static, Outcome>;

/// Makes the promise of JavaScript's, the same for futures of all kinds.
pub(crate) fn promise(future: LocalBoxFuture<'static, Result<JsValue, JsValue>>) -> Promise {
    future_to_promise(future)
}

/// Awaits what was promised.
pub(crate) fn answer(receiver: oneshot::Receiver<Outcome>) -> Answer {
    Box::pin(async {
        // The driver settles all promises before it is dropped, so nobody should see this.
        let dropped = || SessionError::new(ErrorCode::Internal, "the call was dropped unanswered");
        receiver.await.unwrap_or_else(|_| Err(dropped()))
    })
}

/// A value that comes once. Whoever waits gets a copy, before or after it has come.
pub(crate) struct Latch<T> {
    state: RefCell<State<T>>,
}

enum State<T> {
    Waiting(Vec<oneshot::Sender<T>>),
    Set(T),
}

impl<T: Clone> Latch<T> {
    pub(crate) fn new() -> Self {
        Self { state: RefCell::new(State::Waiting(Vec::new())) }
    }

    /// Sets the value. The first one stays.
    pub(crate) fn set(&self, value: T) {
        if self.is_set() {
            return;
        }
        if let State::Waiting(waiting) = self.state.replace(State::Set(value.clone())) {
            for sender in waiting {
                // Whoever dropped the receiver does not want to know.
                let _ = sender.send(value.clone());
            }
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        matches!(&*self.state.borrow(), State::Set(_))
    }

    /// The value, if it has come.
    pub(crate) fn value(&self) -> Option<T> {
        match &*self.state.borrow() {
            State::Set(value) => Some(value.clone()),
            State::Waiting(_) => None,
        }
    }

    /// Resolves with the value; is cancelled if the latch is dropped without one.
    pub(crate) fn wait(&self) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        match &mut *self.state.borrow_mut() {
            State::Waiting(waiting) => waiting.push(sender),
            State::Set(value) => {
                // The receiver is right here.
                let _ = sender.send(value.clone());
            }
        }
        receiver
    }
}

/// Wakes all that wait, each time it rings.
#[derive(Default)]
pub(crate) struct Bell {
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        for sender in self.waiting.take() {
            // Whoever dropped the receiver waits no more.
            let _ = sender.send(());
        }
    }

    /// Resolves at the next ring.
    pub(crate) fn wait(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push(sender);
        receiver
    }
}
