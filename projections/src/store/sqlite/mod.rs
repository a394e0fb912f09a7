//! Read models in one SQLite file, apart from the log, the vault and the keystore.

mod bookkeeping;
mod bulk;
mod documents;
mod events;
mod transaction;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Sha256Digest;
use futures::TryStreamExt;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

use self::transaction::SqliteTransaction;
use self::writer::Writer;
use super::{
    Checkpoint, Digester, DocumentSelect, EventRow, EventSelect, Fence, Generation, Leases, Purpose, Scope, Stage,
    Stop, Store, Transaction,
};
use crate::{ProjectionError, ProjectionName};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/read/sqlite");

/// Queries that run at the same time.
const READERS: u32 = 4;
/// How long one process waits for another that writes to the same file.
const BUSY: Duration = Duration::from_secs(10);

/// The read database's connections: one that writes, since SQLite has one writer anyway, and some that read.
pub(crate) struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    folder: PathBuf,
}

impl SqliteStore {
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
        let mut writer = options.connect().await.map_err(unreadable)?;
        MIGRATIONS.run_direct(None, &mut writer, false).await?;
        let writer = Writer::new(writer, options.clone());
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_lazy_with(options.read_only(true).pragma("cache_size", "-8192"));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(Self {
            writer,
            readers,
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn checkpoints(&self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error> {
        bookkeeping::all(&self.readers, name).await
    }

    async fn stops(&self, name: ProjectionName, version: u32) -> Result<Vec<Stop>, sqlx::Error> {
        bookkeeping::stops(&self.readers, name, version).await
    }

    async fn begin(
        &self,
        _: ProjectionName,
        _: Purpose,
        _: Option<&Fence>,
    ) -> Result<Box<dyn Transaction>, sqlx::Error> {
        Ok(Box::new(SqliteTransaction::new(self.writer.begin().await?)))
    }

    async fn load(&self, table: &str, keys: &[&Arc<str>]) -> Result<HashMap<String, String>, sqlx::Error> {
        documents::load(&self.readers, table, keys).await
    }

    async fn documents(
        &self,
        _: Scope<'_>,
        table: &str,
        select: DocumentSelect<'_>,
    ) -> Result<Vec<String>, sqlx::Error> {
        documents::select(&self.readers, table, select).await
    }

    async fn count(&self, _: Scope<'_>, table: &str, ending: &str, member: &str) -> Result<u64, sqlx::Error> {
        documents::count(&self.readers, table, ending, member).await
    }

    async fn events(&self, _: Scope<'_>, table: &str, select: &EventSelect<'_>) -> Result<Vec<EventRow>, sqlx::Error> {
        events::select(&self.readers, table, select).await
    }

    async fn digest(
        &self,
        name: ProjectionName,
        stage: Stage,
    ) -> Result<Option<(Vec<Checkpoint>, Sha256Digest)>, sqlx::Error> {
        let mut moment = self.readers.begin().await?;
        let all = bookkeeping::all(&mut *moment, name).await?;
        let Some(found) = all.into_iter().find(|checkpoint| checkpoint.stage == stage) else {
            return Ok(None);
        };
        let table = Generation::table(&found);
        let mut digest = Digester::default();
        if name == ProjectionName::History {
            let sql = format!("SELECT {} FROM {table} ORDER BY position", events::COLUMNS);
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *moment);
            while let Some(row) = rows.try_next().await? {
                digest.event(&events::read(&row)?)?;
            }
        } else {
            let sql = format!("SELECT key, lookup, document FROM {table} ORDER BY key");
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *moment);
            while let Some(row) = rows.try_next().await? {
                digest.document(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            }
        }
        moment.rollback().await?;
        Ok(Some((vec![found], digest.finish())))
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }

    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Tells a file that is no database from everything else that a database may say.
fn unreadable(error: sqlx::Error) -> ProjectionError {
    // `SQLITE_CORRUPT` and `SQLITE_NOTADB`, see https://sqlite.org/rescode.html.
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| code == "11" || code == "26") {
        ProjectionError::Damaged(error)
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused_with_the_way_out() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("read.db");
        std::fs::write(
            &path,
            "no database, but long enough to be read as the header of one: ".repeat(100),
        )
        .unwrap();
        let refused = SqliteStore::open(&path).await.err().unwrap().to_string();
        assert!(refused.contains("remove read.db"), "{refused}");
    }
}
