use std::io;
use std::thread::JoinHandle;

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
    writer: Option<JoinHandle<()>>,
}

/// Starts logging to standard error, at `info` unless `RUST_LOG` says otherwise.
///
/// One thread writes, and writes whatever has gathered in a hundredth of a second at once, so that a request costs no system
/// call of its own. Whoever kills the process without notice loses as much of its log.
///
/// # Errors
/// When something logs already.
pub fn start_logging(format: LogFormat) -> Result<Log> {
    let lines = Lines::default();
    let written = lines.clone();
    let writer = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || written.write_out(io::stderr()))?;
    let log = Log {
        lines: lines.clone(),
        writer: Some(writer),
    };
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
    Ok(log)
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.end();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// The way of lines to the thread that writes them.
struct Queue(Lines);

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        &self.0
    }
}
