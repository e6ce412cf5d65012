//! `room messaging stream receive`

use std::{
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use clap::Args;
use room_client::Client;
use room_proto::{Event, JsonText, ParticipantId, StreamKey, session::Read};
use serde::{Deserialize, Serialize};

use crate::{
    commands::messaging::{
        recipient::is_called,
        refusal::{refuse_stream, refuse_streams},
        stream::{
            ENDED,
            progress::Progress,
            sink::{Sink, discard},
        },
    },
    connection::Connection,
    deadline::Deadline,
    failure::Failure,
    interrupt::shutdown_signal,
    json_layout::compact,
    notice::{about_connection, announce},
    output::print,
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Example:
  room messaging stream receive --room my-room --out photo.jpg
  room messaging stream receive --room my-room | tar x"
)]
pub(super) struct Arguments {
    /// The file to write; - is standard output. Until it is complete it is called FILE.part
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,

    /// Take a stream of this participant only, by name or id
    #[arg(long, value_name = "NAME")]
    from: Option<String>,

    /// How long it may take, in seconds; without it as long as it takes
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    #[command(flatten)]
    pub(super) connection: Connection,
}

/// Takes the first stream that is offered, and writes it to its end.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    // Nobody should be kept waiting for a file that cannot be written.
    let sink = Sink::create(&arguments.out).map_err(Failure::Usage)?;
    let mut receiving = Receiving { from: arguments.from.clone(), stream: None };
    let result = receive(&arguments, &mut receiving, sink).await;
    if result.is_err() && receiving.stream.is_none() {
        discard(&arguments.out);
    }
    report(&arguments, &result?)?;
    Ok(())
}

async fn receive(
    arguments: &Arguments,
    receiving: &mut Receiving,
    sink: Sink,
) -> Result<Received, Failure> {
    let deadline = Deadline::after(arguments.timeout);
    let mut interrupted = pin!(shutdown_signal()?);
    let mut client = tokio::select! {
        client = deadline.limit(arguments.connection.open()) => client??,
        () = &mut interrupted => return Err(Failure::Interrupted),
    };
    announce(client.session(), "waiting for a stream");
    let result = tokio::select! {
        result = deadline.limit(receiving.run(&mut client, sink)) => {
            result.map_err(Failure::from).flatten()
        }
        () = &mut interrupted => Err(Failure::Interrupted),
    };
    if let (Some(stream), Err(_)) = (receiving.stream, &result) {
        client.command(|session, now| session.abort_stream(now, stream, ENDED));
    }
    client.close().await;
    result
}

/// Says what came; beside the stream itself if that is on standard output.
fn report(arguments: &Arguments, received: &Received) -> anyhow::Result<()> {
    let line = if arguments.connection.is_json() {
        compact(JsonText::from_value(received).as_str())
    } else {
        format!("Received {} bytes.", received.bytes)
    };
    if arguments.out == Path::new("-") {
        eprintln!("{line}");
        return Ok(());
    }
    print(&line)
}

#[derive(Serialize)]
struct Received {
    event: &'static str,
    from: String,
    header: JsonText,
    bytes: u64,
    seconds: f64,
}

/// Which stream is wanted, and which it is.
struct Receiving {
    from: Option<String>,
    stream: Option<StreamKey>,
}

impl Receiving {
    async fn run(&mut self, client: &mut Client, sink: Sink) -> Result<Received, Failure> {
        let (stream, from, header) = self.offer(client).await?;
        client.command(|session, now| session.accept_stream(now, stream))?;
        self.stream = Some(stream);
        let progress = Progress::new(size_in(&header));
        let mut drain = Drain { client, stream, progress };
        drain.run(sink).await?;
        let (bytes, seconds) = (drain.progress.bytes(), drain.progress.elapsed().as_secs_f64());
        let from = from.as_str().to_owned();
        Ok(Received { event: "stream_received", from, header, bytes, seconds })
    }

    /// Waits for a stream that is wanted; others are refused.
    async fn offer(
        &self,
        client: &mut Client,
    ) -> Result<(StreamKey, ParticipantId, JsonText), Failure> {
        loop {
            let event = client.next_event().await?;
            if let Some(notice) = about_connection(client, &event) {
                eprintln!("{notice}");
            }
            if let Event::StreamRequested { stream, from, header, .. } = event {
                if self.is_wanted(client, &from) {
                    return Ok((stream, from, header));
                }
                refuse_stream(client, stream, "a stream of somebody else is awaited");
            } else {
                refuse_streams(client, &event, ONE_STREAM);
            }
        }
    }

    fn is_wanted(&self, client: &Client, from: &ParticipantId) -> bool {
        self.from.as_deref().is_none_or(|wanted| is_called(client.session(), from, wanted))
    }
}

/// What others are told.
const ONE_STREAM: &str = "room messaging stream receive takes one stream";

/// The size that the sender announced, which may be wrong.
fn size_in(header: &JsonText) -> Option<u64> {
    #[derive(Deserialize)]
    struct Sized {
        size: u64,
    }

    serde_json::from_str(header.as_str()).ok().map(|Sized { size }| size)
}

/// Reads a stream at the pace of what writes it.
struct Drain<'a> {
    client: &'a mut Client,
    stream: StreamKey,
    progress: Progress,
}

impl Drain<'_> {
    async fn run(&mut self, sink: Sink) -> Result<(), Failure> {
        loop {
            let stream = self.stream;
            // Only what can be written is read, and what is read makes room for the sender.
            let Some(room) = self.moving(sink.room()).await? else {
                return Err(sink.failure().await.into());
            };
            match self.client.command(|session, now| session.read_stream(now, stream)) {
                Read::Chunk { data, .. } => {
                    self.progress.add(data.len());
                    room.send(data);
                }
                Read::Pending => {
                    drop(room);
                    let event = self.client.next_event().await?;
                    self.on_event(&event);
                }
                Read::End => break,
                Read::Failed(error) => return Err(error.into()),
            }
        }
        Ok(self.moving(sink.finish()).await??)
    }

    /// Waits for the future. What happens in the room goes on meanwhile.
    async fn moving<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let mut future = pin!(future);
        loop {
            let event = tokio::select! {
                biased;
                output = &mut future => return Ok(output),
                event = self.client.next_event() => event?,
            };
            self.on_event(&event);
        }
    }

    fn on_event(&mut self, event: &Event) {
        if let Some(notice) = about_connection(self.client, event) {
            self.progress.say(&notice);
        }
        refuse_streams(self.client, event, ONE_STREAM);
    }
}
