//! How far a stream has come, for whoever looks at the terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error if that is a terminal; else nothing but the count.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    bytes: u64,
}

impl Progress {
    pub(super) fn new(size: Option<u64>) -> Self {
        // Such a target is hidden where nobody looks.
        let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr());
        let template = if size.is_some() { WITH_SIZE } else { WITHOUT_SIZE };
        // A template of ours that could not be read leaves the bar as it comes.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), bytes: 0 }
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.bar.set_position(self.bytes);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Says something above the bar.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

const WITH_SIZE: &str = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const WITHOUT_SIZE: &str = "{spinner} {bytes} {bytes_per_sec}";
