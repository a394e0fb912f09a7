//! The embedded default: one SQLite file in WAL mode.
//!
//! One task writes. It commits whatever is queued in one transaction, so that many writers share one `fsync`, and a
//! single one waits for nobody. Readers have connections of their own and never wait for the writer.

mod batch;
mod file;
mod insert;
mod open;
mod read;

use std::path::Path;

use async_trait::async_trait;
use domain::{Position, StreamId};
use sqlx::{Connection, SqlitePool};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::writer::{Queue, Writer, queue};
use crate::{Append, Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent};
use file::File;

/// A log in a SQLite file of its own.
///
/// Several processes may have the same file open. [`SqliteLog::close`] waits for what is queued; when the value is only
/// dropped, the writer still finishes what is queued, as long as the runtime lives.
pub struct SqliteLog {
    readers: SqlitePool,
    queue: Queue,
    head: watch::Sender<Position>,
    id: Uuid,
    writer: Mutex<Option<JoinHandle<File>>>,
}

impl SqliteLog {
    /// Opens the log at `path`, and makes it first when there is none: with mode 0600, in a folder that must exist.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when the file cannot be made, opened or brought to the current form.
    pub async fn open(path: &Path) -> Result<Self, LogError> {
        let opened = open::open(path).await?;
        let (queue, work) = queue();
        let head = watch::Sender::new(opened.head);
        let writer = Writer::new(File::new(opened.writer, opened.options), head.clone());
        Ok(Self {
            readers: opened.readers,
            queue,
            head,
            id: opened.log_id,
            writer: Mutex::new(Some(tokio::spawn(writer.run(work)))),
        })
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        self.queue.append(stream, expected, events).await
    }

    async fn append_in_order(&self, appends: Vec<Append>) -> Result<Vec<Appended>, LogError> {
        self.queue.append_in_order(appends).await
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
        self.queue.stop();
        let writer = self.writer.lock().await.take();
        if let Some(writer) = writer {
            let file = writer.await;
            self.readers.close().await;
            // Last, because the last connection to close moves the write-ahead log into the file, if it can write.
            if let Ok(Some(connection)) = file.map(File::into_connection)
                && let Err(error) = connection.close().await
            {
                tracing::warn!(%error, "the log was not closed cleanly; the next start recovers it");
            }
        }
    }
}
