use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Lines that may wait for the terminal or the pipe. Beyond that, writers wait for it.
const WAITING: usize = 8192;

/// The running log. What waits is written out when it is dropped.
#[derive(Debug)]
pub struct Log {
    lines: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
}

/// Starts logging to standard error, at `info` unless `RUST_LOG` says otherwise.
///
/// One thread writes, and writes whatever has gathered at once, so that a request costs no system call of its own.
///
/// # Errors
/// When something logs already.
pub fn start_logging(format: LogFormat) -> Result<Log> {
    let (lines, waiting) = sync_channel(WAITING);
    let writer = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_out(&waiting))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Queue(lines.clone()));
    let started = match format {
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init(),
    };
    started
        .map_err(|error| anyhow::anyhow!(error))
        .context("logging cannot start")?;
    Ok(Log {
        lines: Some(lines),
        writer: Some(writer),
    })
}

impl Drop for Log {
    fn drop(&mut self) {
        // The subscriber is global and keeps its sender: an empty line is the sign to end.
        if let Some(lines) = self.lines.take() {
            let _ = lines.send(Vec::new());
        }
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_out(waiting: &Receiver<Vec<u8>>) {
    let mut gathered = Vec::with_capacity(64 * 1024);
    while let Ok(line) = waiting.recv() {
        let mut last = line.is_empty();
        gathered.extend_from_slice(&line);
        while gathered.len() < 48 * 1024 && !last {
            let Ok(more) = waiting.try_recv() else { break };
            last = more.is_empty();
            gathered.extend_from_slice(&more);
        }
        // Nobody is left to tell when standard error is closed.
        let _ = io::stderr().write_all(&gathered);
        gathered.clear();
        if last {
            return;
        }
    }
}

/// The way of lines to the thread that writes them.
#[derive(Clone)]
struct Queue(SyncSender<Vec<u8>>);

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !line.is_empty() {
            // Fails only after the log has ended, at the very end of the process.
            let _ = self.0.send(line.to_vec());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
