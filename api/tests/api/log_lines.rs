use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that any test of this program has logged, at every level.
static LINES: OnceLock<Mutex<Vec<u8>>> = OnceLock::new();

/// Starts keeping what is logged.
pub(crate) fn keep() {
    LINES.get_or_init(|| {
        let kept = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(Kept);
        kept.init();
        Mutex::default()
    });
}

/// What was logged so far.
pub(crate) fn all() -> String {
    let lines = LINES.get().map(|lines| lines.lock().unwrap().clone());
    String::from_utf8_lossy(&lines.unwrap_or_default()).into_owned()
}

struct Kept;

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(lines) = LINES.get() {
            lines.lock().unwrap().extend_from_slice(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
