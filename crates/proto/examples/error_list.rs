//! Prints every error code with its meaning, its hint and whether to try again, as JSON lines.
//! `scripts/errors.mjs` makes the types and the documentation of it.

use room_proto::ErrorCode;
use serde_json::json;

fn main() {
    for code in ErrorCode::ALL {
        let line = json!({
            "code": code.as_str(),
            "meaning": code.meaning().trim(),
            "hint": code.hint(),
            "retryable": code.retryable(),
        });
        println!("{line}");
    }
}
