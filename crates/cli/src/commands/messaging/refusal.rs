//! What a command says that takes no streams, or no others.

use room_client::Client;
use room_proto::{Event, StreamKey};

/// Answers an offer of a stream of either kind: whoever opens one should not wait for us.
pub(super) fn refuse_streams(client: &mut Client, event: &Event, reason: &str) {
    if let Event::StreamRequested { stream, .. } = event {
        refuse_stream(client, *stream, reason);
    }
    if let Event::CallRequested { call, .. } = event {
        // As below.
        let _ = client.command(|session, _| session.reject_call(*call, reason));
    }
}

/// Answers one offer.
pub(super) fn refuse_stream(client: &mut Client, stream: StreamKey, reason: &str) {
    // It fails if the offer was withdrawn, or with the session, whose end the next event tells.
    let _ = client.command(|session, now| session.reject_stream(now, stream, reason));
}
