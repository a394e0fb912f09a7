use std::io;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::log_lines::Lines;
use super::text_line::TextLine;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The running log. What waits is written out when it is dropped.
#[derive(Debug)]
pub struct Log {
    lines: Lines,
}

/// Starts logging to standard error, at `info` unless `RUST_LOG` says otherwise.
///
/// One thread writes, and writes whatever has gathered in a hundredth of a second at once, so that a request costs no system
/// call of its own. Whoever kills the process without notice loses as much of its log. When nobody reads, lines are
/// dropped and counted: the server never waits for its log.
///
/// # Errors
/// When something logs already.
pub fn start_logging(format: LogFormat) -> Result<Log> {
    let lines = Lines::default();
    let written = lines.clone();
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || written.write_out(io::stderr(), tell_of_lost_lines))?;
    let log = Log { lines: lines.clone() };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Queue(lines));
    let started = match format {
        LogFormat::Text => subscriber.with_ansi(false).event_format(TextLine::new()).try_init(),
        LogFormat::Json => subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init(),
    };
    started
        .map_err(|error| anyhow::anyhow!(error))
        .context("logging cannot start")?;
    log_panics_by_place();
    Ok(log)
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.end(LAST_LINES);
    }
}

/// How long the end of the process waits for the last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(2);

fn tell_of_lost_lines(lost: u64) {
    tracing::warn!(
        lost,
        "log lines were lost: whoever reads standard error did not keep up"
    );
}

/// Has a panic log its place alone. What it says may hold a key; the default hook would print it to standard error.
fn log_panics_by_place() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            place,
            "a defect: this program met something that it takes for impossible"
        );
    }));
}

/// The way of lines to the thread that writes them.
struct Queue(Lines);

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        &self.0
    }
}
