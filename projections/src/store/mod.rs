//! The read database: one SQLite file, apart from the log, the vault and the keystore. All SQL of the read side that is
//! not a query of one model stands here, so that another database takes one folder.

mod bulk;
mod checkpoint;
mod digest;
mod document_table;
mod generation;
mod history_table;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) use bulk::{Bulk, Rows, Statement};
pub(crate) use checkpoint::{Checkpoint, Stage, position_from, position_to, uuid_from};
pub(crate) use digest::Digester;
pub(crate) use document_table::{DocumentTable, Row};
pub(crate) use generation::Generation;
pub(crate) use history_table::{Envelope, HistoryTable};

use crate::ProjectionError;

/// Queries that run at the same time.
const READERS: u32 = 4;
/// How long one process waits for another that writes to the same file.
const BUSY: Duration = Duration::from_secs(10);

/// The read database's connections: one that writes, since SQLite has one writer anyway, and some that read.
#[derive(Clone)]
pub(crate) struct ReadStore {
    writer: Arc<Mutex<SqliteConnection>>,
    readers: SqlitePool,
}

impl ReadStore {
    /// Opens the file, makes it when it is missing and brings its bookkeeping to the current form.
    ///
    /// `synchronous=NORMAL` under WAL: a commit is one write without a wait for the disk. Rows and checkpoint are in the same
    /// commit, so a killed process loses nothing and a machine without power at most the newest commits, which are
    /// applied again from the log.
    pub(crate) async fn open(path: &Path) -> Result<Self, ProjectionError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .page_size(8192)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory")
            .pragma("wal_autocheckpoint", "4000");
        let mut writer = options.connect().await?;
        sqlx::migrate!("../migrations/read/sqlite").run(&mut writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true).pragma("cache_size", "-8192"));
        Ok(Self {
            writer: Arc::new(Mutex::new(writer)),
            readers,
        })
    }

    /// The writing connection, for one transaction. First come, first served.
    pub(crate) async fn writer(&self) -> MutexGuard<'_, SqliteConnection> {
        self.writer.lock().await
    }

    /// The connections that read.
    pub(crate) const fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Closes all connections, so that the file can be moved or removed.
    pub(crate) async fn close(self) -> Result<(), ProjectionError> {
        self.readers.close().await;
        if let Some(writer) = Arc::into_inner(self.writer) {
            writer.into_inner().close().await?;
        }
        Ok(())
    }
}
