use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often it is drawn at most.
const EVERY: Duration = Duration::from_millis(200);

/// A line on standard error that tells how far long work is: on a terminal, and nowhere else.
pub(super) struct Progress {
    shown: Option<Instant>,
    visible: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            shown: None,
            visible: std::io::stderr().is_terminal(),
        }
    }

    /// Draws what `text` says, unless that was done a moment ago.
    pub(super) fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.visible || self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        let _ = write!(std::io::stderr(), "\r\x1b[2K{}", text());
        let _ = std::io::stderr().flush();
    }

    /// Ends the line.
    pub(super) fn end(&self) {
        if self.shown.is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}
