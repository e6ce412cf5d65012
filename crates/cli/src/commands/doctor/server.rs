//! What the server says that it can do.

use indicatif::BinaryBytes;
use room_proto::{Extensions, Family, Session};

use crate::commands::doctor::finding::Findings;

const ANOTHER: &str = "It works with every server; with room serve it goes faster.";

/// Which server it is, and what it can do beyond the official protocol.
pub(super) fn examine(session: &Session, findings: &mut Findings) -> anyhow::Result<()> {
    let Some(extensions) = session.extensions() else {
        return findings.warn("server", "it announces no extensions", ANOTHER);
    };
    let version = extensions.version;
    findings.ok("server", &format!("room-messaging, extensions of version {version}"))?;
    for (check, is_there) in
        [("attachments", extensions.raw_attachments), ("batches", extensions.batches)]
    {
        if is_there {
            findings.ok(check, "yes")?;
        } else {
            findings.warn(check, "no", "The server is older than this client.")?;
        }
    }
    findings.ok("limits", &limits(extensions))
}

fn limits(extensions: &Extensions) -> String {
    let size = |bytes: Option<usize>| {
        bytes
            .map_or_else(|| String::from("not said"), |bytes| BinaryBytes(bytes as u64).to_string())
    };
    format!(
        "messages {}, packets {}, attributes {}",
        size(extensions.max_message_bytes),
        size(extensions.max_packet_bytes),
        size(extensions.max_attribute_bytes)
    )
}

/// Which words it understands; known once messaging is enabled.
pub(super) fn generation(session: &Session, findings: &mut Findings) -> anyhow::Result<()> {
    const CHECK: &str = "generation";
    match (session.family(), session.extensions()) {
        (_, Some(_)) => findings.ok(CHECK, "all of them"),
        (Some(Family::Toolkit), None) => findings.ok(CHECK, "2 or later: tool calls"),
        (Some(Family::Direct), None) => {
            let hint = "Attachments travel well; there are no duplex streams.";
            findings.warn(CHECK, "1: direct requests", hint)
        }
        (None, None) => findings.warn(CHECK, "not known", ANOTHER),
    }
}
