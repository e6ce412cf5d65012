//! What `js/local-host.ts` can call. It translates and decides nothing.

use std::{cell::RefCell, time::Duration};

use bytes::Bytes;
use js_sys::{Array, Uint8Array};
use room_proto::JsonText;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use crate::{
    hall::{Guest, Hall, HallConfig, LineId, Told},
    seat::Time,
};

/// A room. Connections are numbers, times are milliseconds since some moment; no method calls
/// JavaScript while the room is borrowed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LocalCore {
    hall: RefCell<Hall>,
}

#[wasm_bindgen]
impl LocalCore {
    /// Makes an empty room; `is_remote` if there is a network to its members.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(name: String, url: String, session_id: String, is_remote: bool) -> Self {
        let config = HallConfig { name, url, session_id, is_remote };
        Self { hall: RefCell::new(Hall::new(config)) }
    }

    /// Takes a connection of somebody new, or of somebody who comes back; gives its number.
    ///
    /// # Errors
    ///
    /// An `Error` that says why it cannot come in.
    #[expect(clippy::too_many_arguments, reason = "an object would cost more to read")]
    pub fn connect(
        &self,
        now: f64,
        participant_id: String,
        name: String,
        role: String,
        attributes: &str,
        epoch: String,
        resume: Option<String>,
    ) -> Result<f64, JsError> {
        let attributes = JsonText::object(attributes)?;
        let guest = Guest { participant_id, name, role, attributes, epoch, resume };
        let LineId(number) = self.hall.borrow_mut().connect(time(now), guest)?;
        Ok(number as f64)
    }

    /// Takes a WebSocket message.
    pub fn receive(&self, now: f64, line: f64, packet: Vec<u8>) {
        self.hall.borrow_mut().receive(time(now), line_id(line), &Bytes::from(packet));
    }

    /// There was a sign of life.
    pub fn heard(&self, now: f64, line: f64) {
        self.hall.borrow_mut().heard(time(now), line_id(line));
    }

    /// So many bytes have arrived.
    pub fn taken(&self, line: f64, bytes: usize) {
        self.hall.borrow_mut().taken(line_id(line), bytes);
    }

    /// The connection is closed, with this code if it was not just dropped.
    pub fn close(&self, now: f64, line: f64, code: Option<u16>) {
        self.hall.borrow_mut().close(time(now), line_id(line), code);
    }

    /// When to wake it.
    #[wasm_bindgen(js_name = nextWakeup)]
    #[must_use]
    pub fn next_wakeup(&self) -> Option<f64> {
        self.hall.borrow().next_wakeup().map(|at| at.as_secs_f64() * 1000.0)
    }

    /// Does what is due.
    pub fn wake(&self, now: f64) {
        self.hall.borrow_mut().wake(time(now));
    }

    /// All that is to be done now, in order: with which connection, and a packet, or a close code
    /// (1006 if it is just dropped) and a reason, or nothing to ask for a sign of life.
    #[wasm_bindgen(unchecked_return_type = "LocalOutput[]")]
    pub fn drain(&self) -> Array {
        let outputs = Array::new();
        while let Some((LineId(number), told)) = self.poll() {
            let line = JsValue::from_f64(number as f64);
            match told {
                Told::Packets(packets) => {
                    for packet in packets {
                        outputs.push(&Array::of2(&line, &Uint8Array::from(&*packet)));
                    }
                }
                Told::Ping => drop(outputs.push(&Array::of1(&line))),
                Told::Over { code, reason } => {
                    let code = code.unwrap_or(CLOSE_LOST);
                    outputs.push(&Array::of3(&line, &code.into(), &reason.into()));
                }
            }
        }
        outputs
    }

    fn poll(&self) -> Option<(LineId, Told)> {
        self.hall.borrow_mut().poll()
    }
}

/// Only numbers that [`LocalCore::connect`] gave come back.
fn line_id(line: f64) -> LineId {
    LineId(line as u64)
}

fn time(milliseconds: f64) -> Time {
    Duration::from_micros((milliseconds * 1000.0) as u64)
}

/// What pages see where there was no close frame.
const CLOSE_LOST: u16 = 1006;
