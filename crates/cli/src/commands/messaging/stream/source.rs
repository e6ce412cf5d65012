//! The bytes that are sent: of a file, or of standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    thread,
};

use anyhow::Context as _;
use bytes::Bytes;
use tokio::sync::mpsc;

/// What is read, ahead of whoever sends it.
///
/// A thread of its own reads: one that waits for a terminal can be left behind.
pub(super) struct Source {
    pub(super) size: Option<u64>,
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    name: String,
}

impl Source {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(file: &Path, piece_bytes: usize) -> anyhow::Result<Self> {
        if file == Path::new("-") {
            let pieces = read(io::stdin(), piece_bytes);
            return Ok(Self { size: None, pieces, name: String::from("standard input") });
        }
        let name = file.display().to_string();
        let opened = File::open(file).with_context(|| format!("cannot read {name}"))?;
        let about = opened.metadata().with_context(|| format!("cannot read {name}"))?;
        if about.is_dir() {
            anyhow::bail!("{name} is a folder");
        }
        // A pipe has no size before its end.
        let size = about.is_file().then_some(about.len());
        Ok(Self { size, pieces: read(opened, piece_bytes), name })
    }

    /// The next piece; `None` at the end. May be cancelled without loss.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let piece = self.pieces.recv().await.transpose();
        piece.with_context(|| format!("cannot read {}", self.name))
    }
}

fn read(
    mut source: impl Read + Send + 'static,
    piece_bytes: usize,
) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    thread::spawn(move || {
        loop {
            let piece = read_piece(&mut source, piece_bytes);
            let is_last = piece.as_ref().map_or(true, Bytes::is_empty);
            // An empty piece is the end, and so is a reader who is gone.
            if !matches!(&piece, Ok(bytes) if bytes.is_empty())
                && sender.blocking_send(piece).is_err()
            {
                return;
            }
            if is_last {
                return;
            }
        }
    });
    receiver
}

/// What one read gives: a pipe's words should not wait for more.
fn read_piece(source: &mut impl Read, piece_bytes: usize) -> io::Result<Bytes> {
    let mut piece = vec![0; piece_bytes];
    loop {
        match source.read(&mut piece) {
            Ok(count) => {
                piece.truncate(count);
                return Ok(piece.into());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Enough that reading and sending overlap.
const PIECES_AHEAD: usize = 4;
