//! The embedded default: one SQLite file in WAL mode.
//!
//! One task writes. It commits whatever is queued in one transaction, so that many writers share one `fsync`, and a
//! single one waits for nobody. Readers have connections of their own and never wait for the writer.

mod batch;
mod envelope;
mod insert;
mod open;
mod read;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use domain::{Position, StreamId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, SqlitePool};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent, limits};
use batch::Pending;
use writer::Writer;

/// How many appends may wait for the writer; more wait outside, in their callers.
const QUEUE: usize = 1024;

/// A log in a SQLite file of its own.
///
/// Several processes may have the same file open. [`SqliteLog::close`] waits for what is queued; when the value is only
/// dropped, the writer still finishes what is queued, as long as the runtime lives.
pub struct SqliteLog {
    readers: SqlitePool,
    queue: mpsc::Sender<Pending>,
    head: watch::Sender<Position>,
    id: Uuid,
    stop: watch::Sender<bool>,
    writer: Mutex<Option<JoinHandle<Option<SqliteConnection>>>>,
}

impl SqliteLog {
    /// Opens the log at `path`, and makes it first when there is none: with mode 0600, in a folder that must exist.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when the file cannot be made, opened or brought to the current form.
    pub async fn open(path: &Path) -> Result<Self, LogError> {
        let opened = open::open(path).await?;
        let (queue, pending) = mpsc::channel(QUEUE);
        let (stop, stopped) = watch::channel(false);
        let head = watch::Sender::new(opened.head);
        let writer = Writer::new(opened.writer, opened.options, head.clone());
        Ok(Self {
            readers: opened.readers,
            queue,
            head,
            id: opened.log_id,
            stop,
            writer: Mutex::new(Some(tokio::spawn(writer.run(pending, stopped)))),
        })
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        limits::check(&events)?;
        let (reply, answer) = oneshot::channel();
        let pending = Pending::new(stream.clone(), expected, events, reply)?;
        self.queue
            .send(pending)
            .await
            .map_err(|_| LogError::Unavailable("the log is closed".into()))?;
        answer
            .await
            .map_err(|stopped| LogError::UnknownOutcome(Box::new(stopped)))?
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        read::stream(&self.readers, stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        read::all(&self.readers, after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    fn log_id(&self) -> Uuid {
        self.id
    }

    async fn close(&self) {
        self.stop.send_replace(true);
        let writer = self.writer.lock().await.take();
        if let Some(writer) = writer {
            let connection = writer.await;
            self.readers.close().await;
            // Last, because the last connection to close moves the write-ahead log into the file, if it can write.
            if let Ok(Some(connection)) = connection
                && let Err(error) = connection.close().await
            {
                tracing::warn!(%error, "the log was not closed cleanly; the next start recovers it");
            }
        }
    }
}
