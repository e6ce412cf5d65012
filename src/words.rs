//! Words that come again and again, as strings of JavaScript's: a string is decoded more slowly than it
//! is found here.

use std::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;

/// The words that came last.
#[derive(Default)]
pub(crate) struct Words {
    known: RefCell<[(String, JsValue); MOST]>,
    /// The place of the oldest.
    oldest: Cell<usize>,
}

impl Words {
    /// The word as JavaScript has it.
    pub(crate) fn get(&self, word: &str) -> JsValue {
        if word.len() > LONGEST {
            return JsValue::from_str(word);
        }
        let mut known = self.known.borrow_mut();
        let is_known = |(text, _): &&(String, JsValue)| !text.is_empty() && text == word;
        if let Some((_, value)) = known.iter().find(is_known) {
            return value.clone();
        }
        let value = JsValue::from_str(word);
        let oldest = self.oldest.get() % MOST;
        known[oldest] = (word.to_owned(), value.clone());
        self.oldest.set(oldest + 1);
        value
    }
}

/// A few senders with a few types; or headers, of which nearly all are {}.
const MOST: usize = 8;
/// What is longer is hardly said twice.
const LONGEST: usize = 64;
