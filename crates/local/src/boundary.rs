//! What `js/local-host.ts` can call. It translates and decides nothing.

use std::cell::RefCell;

use js_sys::{Array, Uint8Array};
use room::MemberId;
use room_proto::JsonText;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use crate::hall::{Guest, Hall, Told};

/// A room. Members are numbers; no method calls JavaScript while the room is borrowed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LocalCore {
    hall: RefCell<Hall>,
}

#[wasm_bindgen]
impl LocalCore {
    /// Makes an empty room.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(name: &str, url: &str, session_id: &str) -> Self {
        Self { hall: RefCell::new(Hall::new(name, url, session_id)) }
    }

    /// Lets a member in; gives its number.
    ///
    /// # Errors
    ///
    /// An `Error` that says why it cannot come in.
    pub fn join(
        &self,
        participant_id: String,
        name: String,
        role: String,
        attributes: &str,
    ) -> Result<f64, JsError> {
        let attributes = JsonText::object(attributes)?;
        let guest = Guest { participant_id, name, role, attributes };
        let MemberId(number) = self.hall.borrow_mut().join(guest)?;
        Ok(number as f64)
    }

    /// Takes a WebSocket message of a member.
    pub fn receive(&self, member: f64, packet: &[u8]) {
        self.hall.borrow_mut().receive(member_id(member), packet);
    }

    /// Takes a member out.
    pub fn leave(&self, member: f64) {
        self.hall.borrow_mut().leave(member_id(member));
    }

    /// All that is to be told now, in order: to whom, and a packet, or a close code and a reason.
    #[wasm_bindgen(unchecked_return_type = "LocalOutput[]")]
    pub fn drain(&self) -> Array {
        let outputs = Array::new();
        while let Some((MemberId(number), told)) = self.poll() {
            let member = JsValue::from_f64(number as f64);
            match told {
                Told::Packets(packets) => {
                    for packet in packets {
                        outputs.push(&Array::of2(&member, &Uint8Array::from(&*packet)));
                    }
                }
                Told::Over { code, reason } => {
                    outputs.push(&Array::of3(&member, &code.into(), &reason.into()));
                }
            }
        }
        outputs
    }

    fn poll(&self) -> Option<(MemberId, Told)> {
        self.hall.borrow_mut().poll()
    }
}

/// Only numbers that [`LocalCore::join`] gave come back.
fn member_id(member: f64) -> MemberId {
    MemberId(member as u64)
}
