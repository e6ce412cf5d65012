//! The streams that `room messaging listen` takes.

use std::collections::HashMap;

use room_client::Client;
use room_proto::{Event, StreamKey, session::Read};

use crate::commands::messaging::{
    lines::{Line, Lines},
    refusal::refuse_streams,
    roster::Roster,
};

/// The open ones, with their ids.
#[derive(Debug, Default)]
pub(super) struct Streams(HashMap<StreamKey, String>);

impl Streams {
    /// Takes what is offered, and prints what comes.
    pub(super) fn on_event(
        &mut self,
        client: &mut Client,
        lines: Lines,
        roster: &Roster,
        event: &Event,
    ) -> anyhow::Result<()> {
        if let Event::StreamRequested { stream, stream_id, from, header } = event {
            // It fails if the offer was withdrawn, or with the session, whose end the next event
            // tells.
            if client.command(|session, now| session.accept_stream(now, *stream)).is_ok() {
                self.0.insert(*stream, stream_id.clone());
                let from = from.as_str();
                let line = Line::StreamOpened { stream: stream_id, from, header };
                lines.print(roster, &line)?;
                self.read(client, lines, roster, *stream)?;
            }
        } else if let Event::StreamReadable(stream) = event {
            self.read(client, lines, roster, *stream)?;
        } else {
            refuse_streams(client, event, "room messaging listen takes no duplex streams");
        }
        Ok(())
    }

    /// Reads all there is.
    fn read(
        &mut self,
        client: &mut Client,
        lines: Lines,
        roster: &Roster,
        key: StreamKey,
    ) -> anyhow::Result<()> {
        while let Some(stream) = self.0.get(&key) {
            let read = client.command(|session, now| session.read_stream(now, key));
            match read {
                Read::Chunk { header, data } => {
                    lines.print(roster, &Line::chunk(stream, &header, &data))?;
                }
                Read::Pending => return Ok(()),
                Read::End => {
                    lines.print(roster, &Line::StreamClosed { stream, error: None })?;
                    self.0.remove(&key);
                }
                Read::Failed(error) => {
                    let error = Some((&error).into());
                    lines.print(roster, &Line::StreamClosed { stream, error })?;
                    self.0.remove(&key);
                }
            }
        }
        Ok(())
    }
}
