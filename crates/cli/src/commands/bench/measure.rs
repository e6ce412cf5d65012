//! One measurement after another, with a client that reflects.

use std::time::{Duration, Instant};

use bytes::Bytes;
use room_client::Client;
use room_proto::{ErrorCode, Event, JsonText, Outgoing, ParticipantId, SessionError, StreamKey};

use crate::commands::bench::{
    Measured,
    mirror::{PING, PONG},
};

pub(super) struct Measuring<'a> {
    pub(super) client: &'a mut Client,
    /// The one that reflects.
    pub(super) to: ParticipantId,
    /// How long each measurement takes.
    pub(super) seconds: Duration,
    /// The attachment of each message.
    pub(super) size: usize,
}

impl Measuring<'_> {
    /// One message there and back at a time.
    pub(super) async fn round_trips(&mut self) -> Result<Measured, SessionError> {
        // What is done for the first time takes longer.
        self.flush().await?;
        let (started, mut times) = (Instant::now(), Vec::new());
        while times.is_empty() || started.elapsed() < self.seconds {
            let sent = Instant::now();
            self.flush().await?;
            times.push(sent.elapsed());
        }
        times.sort_unstable();
        let p50_ms = milliseconds(percentile(&times, 50));
        let p99_ms = milliseconds(percentile(&times, 99));
        Ok(Measured::RoundTrip { p50_ms, p99_ms, count: times.len() })
    }

    /// As many messages as the server takes, until the last has arrived.
    pub(super) async fn messages(&mut self) -> Result<Measured, SessionError> {
        let most = (UNANSWERED_BYTES / self.size.max(1)).clamp(1, UNANSWERED);
        let (started, mut sent, mut unanswered) = (Instant::now(), 0_u64, 0_usize);
        while sent == 0 || started.elapsed() < self.seconds {
            while unanswered < most {
                self.send("room.bench.message")?;
                (sent, unanswered) = (sent + 1, unanswered + 1);
            }
            if let Event::Answered { result, .. } = self.client.next_event().await? {
                result?;
                unanswered -= 1;
            }
        }
        self.flush().await?;
        let per_second = sent as f64 / started.elapsed().as_secs_f64();
        Ok(Measured::Messages { per_second, count: sent, bytes: self.size })
    }

    /// A stream as fast as the other end reads it, until it has all.
    pub(super) async fn bulk(&mut self) -> Result<Measured, SessionError> {
        while self.client.session().participant(self.to.as_str()).is_none() {
            self.client.next_event().await?;
        }
        let stream = self.client.open_stream(&self.to, JsonText::empty_object())?;
        self.opened(stream).await?;
        let (started, mut bytes) = (Instant::now(), 0_u64);
        let (header, piece) = (JsonText::empty_object(), Bytes::from(vec![7; PIECE_BYTES]));
        while bytes == 0 || started.elapsed() < self.seconds {
            while self.client.command(|session, _| session.writable_bytes(stream))? == 0 {
                self.client.next_event().await?;
            }
            let data = piece.clone();
            self.client.command(|session, now| session.write_stream(now, stream, &header, data))?;
            bytes += PIECE_BYTES as u64;
        }
        self.client.command(|session, now| session.close_stream(now, stream))?;
        self.flush().await?;
        let megabytes_per_second = bytes as f64 / 1e6 / started.elapsed().as_secs_f64();
        Ok(Measured::Bulk { megabytes_per_second, bytes })
    }

    async fn opened(&mut self, stream: StreamKey) -> Result<(), SessionError> {
        loop {
            if let Event::StreamOpened { stream: opened, result } = self.client.next_event().await?
                && opened == stream
            {
                return result;
            }
        }
    }

    /// Sends a ping and waits for it to come back: whatever was sent before has arrived.
    async fn flush(&mut self) -> Result<(), SessionError> {
        self.send(PING)?;
        loop {
            let event = self.client.next_event().await?;
            if let Event::Message(message) = &event
                && message.kind == PONG
            {
                return Ok(());
            }
            if let Event::Answered { result: Err(error), .. } = event {
                return Err(error);
            }
            if let Event::Discontinuity(error) = event {
                return Err(SessionError::new(ErrorCode::ConnectionLost, error.message));
            }
        }
    }

    fn send(&mut self, kind: &str) -> Result<(), SessionError> {
        let outgoing = Outgoing {
            kind: kind.to_owned(),
            message: JsonText::empty_object(),
            attachment: Bytes::from(vec![7; self.size]),
        };
        self.client.command(|session, now| session.send(now, &self.to, outgoing)).map(drop)
    }
}

/// Enough to keep the way full.
const UNANSWERED: usize = 1000;
/// Less than the session queues.
const UNANSWERED_BYTES: usize = 64 * 1024 * 1024;
const PIECE_BYTES: usize = 256 * 1024;

/// The value below which so many percent are. The list is sorted, and not empty.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();

        assert_eq!(percentile(&times, 50), Duration::from_millis(101));
        assert_eq!(percentile(&times, 99), Duration::from_millis(199));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
    }
}
