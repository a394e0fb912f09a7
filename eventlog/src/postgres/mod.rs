//! The log in PostgreSQL, for installations of several machines.
//!
//! Each process has one task that writes, and commits whatever is queued in one transaction. All processes take turns at
//! the row `log_head`, which is locked before positions are assigned and until the commit is done.

mod append;
mod connect;
mod failure;
mod options;
mod read;
mod server;
mod wake;

use async_trait::async_trait;
use domain::{Position, StreamId};
use sqlx::{Connection, PgPool};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::writer::{Queue, Writer, queue};
use crate::{Append, Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent};
use server::Server;

/// A log in a PostgreSQL database, in the schema `soconnective_log`.
///
/// Several processes may have the same log open, on several machines. When the server restarts, or a connection is lost,
/// the log connects again by itself: appends that are under way wait for that, a few seconds at most, and are stored once.
///
/// [`PostgresLog::close`] waits for what is queued; when the value is only dropped, the writer still finishes what is
/// queued, as long as the runtime lives.
pub struct PostgresLog {
    readers: PgPool,
    queue: Queue,
    head: watch::Sender<Position>,
    id: Uuid,
    writer: Mutex<Option<JoinHandle<Server>>>,
}

impl PostgresLog {
    /// Opens the log in the database of `url`, and makes it first when there is none.
    ///
    /// The form of the URL is `postgres://user:password@host:port/database?sslmode=…`; the parameters are those of
    /// PostgreSQL's own clients (PostgreSQL documentation, "Connection URIs"). The connection must lead to the server
    /// itself, or through a pooler that keeps sessions: not through one that hands out a connection per transaction. The
    /// user needs no more than to own the schema, or to be allowed to create it.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when the URL is none, the server cannot be reached or is too old, or the log cannot be
    /// made or brought to the current form. No error repeats the password.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let options = options::from_url(url)?;
        let opened = connect::open(&options).await.map_err(LogError::unavailable)?;
        let readers = options::readers(options.clone());
        let (queue, work) = queue();
        let head = watch::Sender::new(opened.head);
        wake::start(options.clone(), readers.clone(), &head, &queue);
        let writer = Writer::new(Server::new(opened.connection, options), head.clone());
        Ok(Self {
            readers,
            queue,
            head,
            id: opened.log_id,
            writer: Mutex::new(Some(tokio::spawn(writer.run(work)))),
        })
    }
}

#[async_trait]
impl EventLog for PostgresLog {
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
            let server = writer.await;
            self.readers.close().await;
            if let Ok(Some(connection)) = server.map(Server::into_connection)
                && let Err(error) = connection.close().await
            {
                tracing::debug!(%error, "the connection to the log was not closed in order; nothing depends on it");
            }
        }
    }
}
