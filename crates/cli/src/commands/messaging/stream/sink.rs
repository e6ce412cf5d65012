//! Where received bytes go: into a file, or to standard output.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

/// What is written, by a thread of its own: one that waits for a pipe can be left behind.
///
/// A file has its name only when it is complete; until then it is called `NAME.part`.
pub(super) struct Sink {
    pieces: mpsc::Sender<Bytes>,
    written: oneshot::Receiver<io::Result<()>>,
    file: Option<PathBuf>,
}

impl Sink {
    /// Creates a file; `-` is standard output.
    pub(super) fn create(file: &Path) -> anyhow::Result<Self> {
        if file == Path::new("-") {
            return Ok(Self::start(io::stdout(), None));
        }
        let part = part_of(file);
        let opened =
            File::create(&part).with_context(|| format!("cannot write {}", part.display()))?;
        Ok(Self::start(opened, Some(file.to_owned())))
    }

    fn start(mut target: impl Write + Send + 'static, file: Option<PathBuf>) -> Self {
        let (pieces, mut receiver) = mpsc::channel::<Bytes>(PIECES_BEHIND);
        let (done, written) = oneshot::channel();
        thread::spawn(move || {
            let mut result = Ok(());
            while let Some(piece) = receiver.blocking_recv() {
                result = target.write_all(&piece);
                if result.is_err() {
                    break;
                }
            }
            // Whoever is gone need not know.
            let _ = done.send(result.and_then(|()| target.flush()));
        });
        Self { pieces, written, file }
    }

    /// Waits until there is room for another piece. `None` if it cannot be written. May be
    /// cancelled without loss.
    pub(super) async fn room(&self) -> Option<mpsc::Permit<'_, Bytes>> {
        self.pieces.reserve().await.ok()
    }

    /// Waits until all is written, and gives the file its name.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        let Self { pieces, written, file } = self;
        drop(pieces);
        let result = written.await.context("the thread that writes is gone")?;
        let Some(file) = file else { return result.context("cannot write to standard output") };
        let part = part_of(&file);
        result.with_context(|| format!("cannot write {}", part.display()))?;
        fs::rename(&part, &file).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Why there is no room.
    pub(super) async fn failure(self) -> anyhow::Error {
        match self.finish().await {
            Err(error) => error,
            Ok(()) => anyhow!("nothing more can be written"),
        }
    }
}

/// Removes the beginning of a file that nothing was written to.
pub(super) fn discard(file: &Path) {
    if file != Path::new("-") {
        // An empty file that stays is no harm.
        let _ = fs::remove_file(part_of(file));
    }
}

fn part_of(file: &Path) -> PathBuf {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Enough that receiving and writing overlap.
const PIECES_BEHIND: usize = 4;
