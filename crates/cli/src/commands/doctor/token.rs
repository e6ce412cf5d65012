//! What there is to say about a token before it is shown to the server.

use std::time::Duration;

use room_client::{RoomUrl, Token};

use crate::{
    commands::{doctor::finding::Findings, token::Said},
    span::span,
};

/// Looks into the token; only the server can tell whether it is good.
pub(super) fn examine(token: &Token, url: &RoomUrl, findings: &mut Findings) -> anyhow::Result<()> {
    const CHECK: &str = "token";
    let Ok(said) = Said::read(token.expose()) else {
        let hint = "Make one with room token, unless the server has tokens of another kind.";
        return findings.warn(CHECK, "it is not a token of this kind", hint);
    };
    let whose = format!("of {:?}, role {}", said.name(), said.role());
    if let Some(room) = url.room_name()
        && !said.rooms().contains(&room)
    {
        let detail = format!("{whose}; it is not for the room {room}");
        return findings.fail(CHECK, &detail, "Make one for this room with room token --room.");
    }
    match said.time_left() {
        Some(None) => {
            findings.fail(CHECK, &format!("{whose}; it has expired"), "Make another one.")
        }
        Some(Some(left)) if left < SOON => {
            let detail = format!("{whose}; it expires in {}", span(left));
            findings.warn(CHECK, &detail, "Whoever comes back later needs another one.")
        }
        Some(Some(left)) => findings.ok(CHECK, &format!("{whose}; it expires in {}", span(left))),
        None => {
            let hint = "Whoever finds it can use it for ever; see room token --expires.";
            findings.warn(CHECK, &format!("{whose}; it never expires"), hint)
        }
    }
}

const SOON: Duration = Duration::from_secs(60);
