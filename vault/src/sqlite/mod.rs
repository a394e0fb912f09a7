//! The store of the embedded default: how its two files are opened, written and held.

mod lock;
mod writer;

use std::fs::{self, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use crate::VaultError;

pub(crate) use lock::OpenLock;
pub(crate) use writer::{Change, Writer};

/// How long a writer waits for another process, and an erasure for the readers.
const BUSY: Duration = Duration::from_secs(5);
/// Reads are short, and most are answered from memory.
const READERS: u32 = 4;

/// Opens a database for writing, makes it when it is not there, and brings its tables up to date.
pub(crate) async fn writer(
    path: &Path,
    store: &'static str,
    migrations: &Migrator,
) -> Result<SqliteConnection, VaultError> {
    own(path).map_err(VaultError::file(path))?;
    let options = options(path).journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.map_err(VaultError::of(store))?;
    migrations
        .run(&mut connection)
        .await
        .map_err(|error| VaultError::of(store)(error.into()))?;
    Ok(connection)
}

/// Opens some connections that can only read. The database must have been opened for writing before.
pub(crate) async fn readers(path: &Path, store: &'static str) -> Result<SqlitePool, VaultError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false);
    pool.connect_with(options(path).read_only(true))
        .await
        .map_err(VaultError::of(store))
}

/// The id that the two files share; none in a file that is new.
pub(crate) async fn pair(readers: &SqlitePool) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM pair").fetch_optional(readers).await
}

/// Writes that id down.
pub(crate) async fn write_pair(connection: &mut SqliteConnection, id: &[u8]) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("INSERT INTO pair (one, id) VALUES (1, ?)").bind(id);
    Ok(query.execute(connection).await?.rows_affected())
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        // A commit is on the disk when it returns.
        .synchronous(SqliteSynchronous::Full)
        // What is deleted is overwritten with zeros.
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

/// Makes the file, or takes it as it is, for the owner alone. SQLite gives `-wal` and `-shm` the mode of the database.
///
/// One that is there is not opened: SQLite's locks on a file are gone when any descriptor of it in the process is closed.
fn own(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}
