//! Words that come again and again, as strings of JavaScript's: a string is decoded more slowly than it
//! is found here.

use std::cell::RefCell;

use wasm_bindgen::JsValue;

/// The words that came last.
#[derive(Default)]
pub(crate) struct Words {
    /// The last one is at the end.
    known: RefCell<Vec<(String, JsValue)>>,
}

impl Words {
    /// The word as JavaScript has it.
    pub(crate) fn get(&self, word: &str) -> JsValue {
        let mut known = self.known.borrow_mut();
        if let Some((_, value)) = known.iter().rev().find(|(text, _)| text == word) {
            return value.clone();
        }
        if known.len() == MOST {
            known.remove(0);
        }
        let value = JsValue::from_str(word);
        known.push((word.to_owned(), value.clone()));
        value
    }
}

/// A few senders with a few types.
const MOST: usize = 16;
