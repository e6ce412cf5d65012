//! The bytes that are sent: of a file, or of standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    thread,
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use tokio::sync::mpsc;

/// A file that can be read, or standard input.
pub(super) struct Opened {
    /// How many bytes there are, if that is known.
    pub(super) size: Option<u64>,
    name: String,
    from: Box<dyn Read + Send>,
}

impl Opened {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// If there is no such file, or it is a folder.
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        if file == Path::new("-") {
            let name = String::from("standard input");
            return Ok(Self { size: None, name, from: Box::new(io::stdin()) });
        }
        let name = file.display().to_string();
        let opened = File::open(file).with_context(|| format!("cannot read {name}"))?;
        let about = opened.metadata().with_context(|| format!("cannot read {name}"))?;
        if about.is_dir() {
            bail!("{name} is a folder");
        }
        // A pipe has no size before its end.
        let size = about.is_file().then_some(about.len());
        Ok(Self { size, name, from: Box::new(opened) })
    }

    /// Begins to read, in pieces of at most so many bytes.
    pub(super) fn start(self, piece_bytes: usize) -> Source {
        let Self { name, from, .. } = self;
        Source { name, pieces: read(from, piece_bytes) }
    }
}

/// What is read, ahead of whoever sends it.
///
/// A thread of its own reads: one that waits for a terminal can be left behind.
pub(super) struct Source {
    name: String,
    pieces: mpsc::Receiver<io::Result<Bytes>>,
}

impl Source {
    /// The next piece; `None` at the end. May be cancelled without loss.
    ///
    /// # Errors
    ///
    /// If it cannot be read any further.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let piece = self.pieces.recv().await.transpose();
        piece.with_context(|| format!("cannot read {}", self.name))
    }
}

fn read(mut from: impl Read + Send + 'static, bytes: usize) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    thread::spawn(move || {
        // Until the end, or until nobody wants more.
        while let Some(piece) = read_piece(&mut from, bytes).transpose() {
            let is_last = piece.is_err();
            if sender.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

/// What one read gives, if it is not the end: a pipe's words should not wait for more.
fn read_piece(source: &mut impl Read, bytes: usize) -> io::Result<Option<Bytes>> {
    let mut piece = vec![0; bytes];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(None),
            Ok(count) => {
                piece.truncate(count);
                return Ok(Some(piece.into()));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Enough that reading and sending overlap.
const PIECES_AHEAD: usize = 4;
