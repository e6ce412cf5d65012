//! One-way streams that others write to us.

use std::collections::BTreeMap;

use room_client::Client;
use room_proto::{JsonText, StreamKey, session::Read};
use serde::Serialize;

use crate::{describe::Digest, policy::Policy, waiting::Reply};

/// Every stream that was accepted, in the order of the offers.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    policy: Policy,
    seen: Vec<Seen>,
    /// Where in the list the streams are that go on.
    open: BTreeMap<StreamKey, usize>,
}

/// What has been read of a stream.
#[derive(Debug, Serialize)]
struct Seen {
    header: JsonText,
    chunks: Vec<SeenChunk>,
    /// `clean`, or the code of the error.
    end: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct SeenChunk {
    header: JsonText,
    #[serde(flatten)]
    data: Digest,
}

impl Reading {
    /// `streams` is "accept", or a reason to refuse them.
    pub(crate) fn allow(&mut self, streams: Option<String>) {
        self.policy = match streams.as_deref() {
            Some("accept") => Policy::Accept,
            Some(reason) => Policy::Refuse(reason.to_owned()),
            None => Policy::default(),
        };
    }

    pub(crate) fn on_offer(&mut self, client: &mut Client, stream: StreamKey, header: JsonText) {
        // An offer that was withdrawn meanwhile needs no answer.
        let answered = client.command(|session, now| match &self.policy {
            Policy::Accept => session.accept_stream(now, stream).map(|()| true),
            Policy::Refuse(reason) => session.reject_stream(now, stream, reason).map(|()| false),
        });
        if let Ok(true) = answered {
            self.open.insert(stream, self.seen.len());
            self.seen.push(Seen { header, chunks: Vec::new(), end: None });
            self.on_readable(client, stream);
        }
    }

    /// Reads all there is.
    pub(crate) fn on_readable(&mut self, client: &mut Client, stream: StreamKey) {
        let index = self.open.get(&stream);
        let Some(seen) = index.and_then(|index| self.seen.get_mut(*index)) else { return };
        while seen.end.is_none() {
            match client.command(|session, now| session.read_stream(now, stream)) {
                Read::Chunk { header, data } => {
                    seen.chunks.push(SeenChunk { header, data: Digest::of(&data) });
                }
                Read::Pending => return,
                Read::End => seen.end = Some("clean"),
                Read::Failed(error) => seen.end = Some(error.code.as_str()),
            }
        }
        self.open.remove(&stream);
    }

    /// What has been read of every stream.
    pub(crate) fn seen(&self) -> Reply {
        Reply::now(&self.seen)
    }
}
