//! `room messaging stream send`

use std::{path::PathBuf, pin::pin, time::Duration};

use clap::Args;
use room_client::Client;
use room_proto::{ErrorCode, Event, JsonText, ParticipantId, RequestId, SessionError, StreamKey};
use serde::Serialize;

use crate::{
    commands::messaging::{
        recipient::Recipient,
        refusal::refuse_streams,
        stream::{
            ENDED,
            progress::Progress,
            source::{Opened, Source},
        },
    },
    connection::Connection,
    deadline::Deadline,
    failure::Failure,
    interrupt::shutdown_signal,
    notice::about_connection,
    output::{print, print_json},
    seconds::seconds,
};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Example:
  room messaging stream send photo.jpg --room my-room --to Bob
  tar c folder | room messaging stream send - --room my-room --to Bob"
)]
pub(super) struct Arguments {
    /// The file; - is standard input
    file: PathBuf,

    #[command(flatten)]
    recipient: Recipient,

    /// What the other side is told about the stream, instead of the file's name and size
    #[arg(long, value_name = "JSON", value_parser = header)]
    header: Option<JsonText>,

    /// How long it may take, in seconds; without it as long as it takes
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    #[command(flatten)]
    pub(super) connection: Connection,
}

fn header(text: &str) -> Result<JsonText, String> {
    JsonText::object(text).map_err(|error| error.to_string())
}

/// Opens a stream, sends all there is, and waits until the server has taken it.
pub(super) async fn run(arguments: Arguments) -> Result<(), Failure> {
    // Before the signals are caught: a pipe may wait for whoever writes it.
    let source = Opened::open(&arguments.file).map_err(Failure::Usage)?;
    let deadline = Deadline::after(arguments.timeout);
    let mut interrupted = pin!(shutdown_signal()?);
    let mut client = tokio::select! {
        client = deadline.limit(arguments.connection.open()) => client??,
        () = &mut interrupted => return Err(Failure::Interrupted),
    };
    let mut sending = Sending::default();
    let result = tokio::select! {
        result = deadline.limit(sending.run(&mut client, &arguments, source)) => {
            result.map_err(Failure::from).flatten()
        }
        () = &mut interrupted => Err(Failure::Interrupted),
    };
    if let (Some(stream), Err(_)) = (sending.stream, &result) {
        // The other side should not take what came for all there is.
        client.command(|session, now| session.abort_stream(now, stream, ENDED));
    }
    client.close().await;
    let sent = result?;
    if arguments.connection.is_json() {
        print_json(&sent)?;
    } else {
        print(&format!("Sent {} bytes.", sent.bytes))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Sent {
    event: &'static str,
    to: String,
    header: JsonText,
    bytes: u64,
    seconds: f64,
}

/// The stream, once there is one.
#[derive(Default)]
struct Sending {
    stream: Option<StreamKey>,
}

impl Sending {
    async fn run(
        &mut self,
        client: &mut Client,
        arguments: &Arguments,
        source: Opened,
    ) -> Result<Sent, Failure> {
        let header = match &arguments.header {
            Some(header) => header.clone(),
            None => described(arguments, source.size),
        };
        let to = arguments.recipient.find(client).await?;
        know(client, &to).await?;
        let progress = Progress::new(source.size);
        let source = source.start(piece_bytes(client));
        let mut pump = Pump { client, progress, source };
        let stream = pump.client.open_stream(&to, header.clone())?;
        self.stream = Some(stream);
        pump.opened(stream).await?;
        pump.send(stream).await?;
        let (bytes, seconds) = (pump.progress.bytes(), pump.progress.elapsed().as_secs_f64());
        self.stream = None;
        Ok(Sent { event: "stream_sent", to: to.as_str().to_owned(), header, bytes, seconds })
    }
}

/// Larger pieces cost less where their bytes travel as they are.
fn piece_bytes(client: &Client) -> usize {
    let extensions = client.session().extensions();
    let is_raw = extensions.is_some_and(|extensions| extensions.raw_attachments);
    let most = extensions.and_then(|extensions| extensions.max_message_bytes);
    let piece = if is_raw { 256 * 1024 } else { 64 * 1024 };
    // The message around it needs room too.
    most.map_or(piece, |most| piece.min(most / 2)).max(1)
}

fn described(arguments: &Arguments, size: Option<u64>) -> JsonText {
    #[derive(Serialize)]
    struct Header {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
    }

    let name = arguments.file.file_name().filter(|name| *name != "-");
    let name = name.map(|name| name.to_string_lossy().into_owned());
    JsonText::from_value(&Header { name, size })
}

/// Waits a moment for somebody who is given by id: only who is known can be sent a stream.
async fn know(client: &mut Client, to: &ParticipantId) -> Result<(), Failure> {
    let appearing = async {
        while client.session().participant(to.as_str()).is_none() {
            client.next_event().await?;
        }
        Ok::<_, SessionError>(())
    };
    // If nobody appears the session says so.
    tokio::time::timeout(APPEARING, appearing).await.unwrap_or(Ok(()))?;
    Ok(())
}

const APPEARING: Duration = Duration::from_secs(3);

/// Takes pieces from a source and writes them, at the pace of the other side.
struct Pump<'a> {
    client: &'a mut Client,
    source: Source,
    progress: Progress,
}

impl Pump<'_> {
    /// Waits until the other side has accepted.
    async fn opened(&mut self, stream: StreamKey) -> Result<(), Failure> {
        loop {
            let event = self.next_event(stream).await?;
            if let Event::StreamOpened { stream: opened, result } = event
                && opened == stream
            {
                return Ok(result?);
            }
        }
    }

    async fn send(&mut self, stream: StreamKey) -> Result<(), Failure> {
        let header = JsonText::empty_object();
        while let Some(data) = self.next_piece(stream).await? {
            self.wait_for_room(stream).await?;
            self.progress.add(data.len());
            let written = self
                .client
                .command(|session, now| session.write_stream(now, stream, &header, data));
            self.checked(stream, written).await?;
        }
        let closing = self.client.command(|session, now| session.close_stream(now, stream));
        let request = self.checked(stream, closing).await?;
        self.answered(stream, request).await
    }

    /// The next piece. What happens in the room goes on meanwhile.
    async fn next_piece(&mut self, stream: StreamKey) -> Result<Option<bytes::Bytes>, Failure> {
        loop {
            let event = tokio::select! {
                piece = self.source.next() => return Ok(piece?),
                event = self.client.next_event() => event?,
            };
            self.on_event(stream, &event)?;
        }
    }

    async fn wait_for_room(&mut self, stream: StreamKey) -> Result<(), Failure> {
        loop {
            let room = self.client.command(|session, _| session.writable_bytes(stream));
            if self.checked(stream, room).await? > 0 {
                return Ok(());
            }
            self.next_event(stream).await?;
        }
    }

    /// A stream that is closed already has an event that says why.
    async fn checked<T>(
        &mut self,
        stream: StreamKey,
        result: Result<T, SessionError>,
    ) -> Result<T, Failure> {
        match result {
            Err(error) if error.code == ErrorCode::StreamClosed => loop {
                self.next_event(stream).await?;
            },
            result => Ok(result?),
        }
    }

    async fn answered(&mut self, stream: StreamKey, asked: RequestId) -> Result<(), Failure> {
        loop {
            let event = self.next_event(stream).await?;
            if let Event::Answered { request, result } = event
                && request == asked
            {
                return Ok(result?);
            }
        }
    }

    async fn next_event(&mut self, stream: StreamKey) -> Result<Event, Failure> {
        let event = self.client.next_event().await?;
        self.on_event(stream, &event)?;
        Ok(event)
    }

    /// Fails with the stream.
    fn on_event(&mut self, stream: StreamKey, event: &Event) -> Result<(), Failure> {
        if let Some(notice) = about_connection(self.client, event) {
            self.progress.say(&notice);
        }
        refuse_streams(self.client, event, "room messaging stream send takes no streams");
        if let Event::StreamClosed { stream: closed, result: Err(error) } = event
            && *closed == stream
        {
            return Err(error.clone().into());
        }
        Ok(())
    }
}
