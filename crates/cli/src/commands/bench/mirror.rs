//! The other client: answers pings, counts nothing, reads every stream to its end.

use room_client::Client;
use room_proto::{Event, Outgoing, StreamKey, session::Read};

/// The kind of a message that is to come back.
pub(super) const PING: &str = "room.bench.ping";
/// The kind in which it comes back.
pub(super) const PONG: &str = "room.bench.pong";

/// Until its session ends.
pub(super) async fn reflect(mut client: Client) {
    while let Ok(event) = client.next_event().await {
        if let Event::StreamRequested { stream, .. } = event {
            // It fails if the offer was withdrawn.
            let _ = client.command(|session, now| session.accept_stream(now, stream));
            read(&mut client, stream);
        } else if let Event::StreamReadable(stream) = event {
            read(&mut client, stream);
        } else if let Event::Message(message) = event
            && message.kind == PING
        {
            let kind = String::from(PONG);
            let outgoing =
                Outgoing { kind, message: message.message, attachment: message.attachment };
            // Whoever waits for it sees that it does not come.
            let _ = client.command(|session, now| session.send(now, &message.from, outgoing));
        }
    }
}

fn read(client: &mut Client, stream: StreamKey) {
    while let Read::Chunk { .. } = client.command(|session, now| session.read_stream(now, stream)) {
    }
}
