//! What the server logs.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use tracing::{Dispatch, subscriber::DefaultGuard};
use tracing_subscriber::{Registry, fmt::MakeWriter};

/// As long as a process has a single subscriber, `tracing` asks only the thread that comes to an event
/// first whether it is wanted, and remembers the answer for all threads. So there are always more.
static OTHERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Registry::default())));

/// Everything that is logged on this thread, on which a test has its server too.
pub(crate) struct Log {
    text: Text,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn start() -> Self {
        LazyLock::force(&OTHERS);
        let text = Text::default();
        let log = tracing_subscriber::fmt().with_env_filter(FILTER).with_writer(text.clone());
        let guard = tracing::subscriber::set_default(log.with_ansi(false).finish());
        Self { text, _guard: guard }
    }

    /// One JSON object a line, as `--log-format json` writes it.
    pub(crate) fn start_json() -> Self {
        LazyLock::force(&OTHERS);
        let text = Text::default();
        let log = tracing_subscriber::fmt().with_env_filter(FILTER).with_writer(text.clone());
        let guard = tracing::subscriber::set_default(log.json().flatten_event(true).finish());
        Self { text, _guard: guard }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines that have this in them.
    pub(crate) fn lines(&self, words: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
    }

    /// The only line that has this in it; it has the rest too.
    #[track_caller]
    pub(crate) fn one_line(&self, words: &str, rest: &[&str]) {
        let lines = self.lines(words);
        let [line] = lines.as_slice() else { panic!("one line with {words:?}: {}", self.text()) };
        for word in rest {
            assert!(line.contains(word), "{word:?} is not in {line}");
        }
    }
}

const FILTER: &str = "room_server=trace";

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Text {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
