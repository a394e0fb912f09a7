use std::io;
use std::path::Path;
use std::time::Duration;

use domain::Position;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};
use uuid::Uuid;

use crate::LogError;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/log/sqlite");

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);
/// How many connections read.
const READERS: u32 = 4;
/// How often the file is opened, and how long after each failure: two processes that start on a new file get in each
/// other's way.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// A log that is ready for work.
pub(super) struct Opened {
    pub(super) writer: SqliteConnection,
    /// What the writer's connection was made with, to make another after a failure.
    pub(super) options: SqliteConnectOptions,
    pub(super) readers: SqlitePool,
    pub(super) head: Position,
    pub(super) log_id: Uuid,
}

pub(super) async fn open(path: &Path) -> Result<Opened, LogError> {
    create(path).map_err(LogError::unavailable)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged append is on the disk: the write-ahead log is synced at every commit.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .thread_name(|number| format!("log-writer-{number}"));
    let mut writer = connect(&options).await?;
    let (log_id, head): (Vec<u8>, i64) =
        sqlx::query_as("SELECT log_id, (SELECT coalesce(max(position), 0) FROM events) FROM log_meta")
            .fetch_one(&mut writer)
            .await
            .map_err(LogError::unavailable)?;
    Ok(Opened {
        readers: readers(path),
        writer,
        options,
        head: Position::from_stored(head.cast_unsigned()),
        log_id: Uuid::from_slice(&log_id).map_err(LogError::unavailable)?,
    })
}

/// The connections that read. They are made when they are needed.
fn readers(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY)
        // A row is a run of events: a reader gets a few runs ahead, not fifty.
        .row_buffer_size(4)
        .thread_name(|number| format!("log-reader-{number}"));
    SqlitePoolOptions::new()
        .max_connections(READERS)
        // A local file does not hang up.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options)
}

/// Makes an empty file that only its owner may read, if there is none.
///
/// It is made under another name and linked: SQLite's locks on a file are gone when *any* descriptor of it in the
/// process is closed, so a file that may be in use must never be opened beside SQLite.
fn create(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // Mode 0600 is what this makes on Unix; the write-ahead log gets the mode of the file.
    let file = tempfile::NamedTempFile::new_in(folder)?.into_temp_path();
    match file.persist_noclobber(path) {
        Err(taken) if taken.error.kind() != io::ErrorKind::AlreadyExists => return Err(taken.error),
        _ => {}
    }
    std::fs::File::open(folder)?.sync_all()
}

/// Connects, and brings the file to the current form.
///
/// SQLite does not wait for others while it switches a new file to its write-ahead log, and migrations hold no lock between
/// their look at the file and their work on it: who comes second when two start on a new file fails, and tries again.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, LogError> {
    let mut attempt = 1;
    loop {
        match connect_once(options).await {
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => tokio::time::sleep(PAUSE).await,
            connected => return connected,
        }
        attempt += 1;
    }
}

async fn connect_once(options: &SqliteConnectOptions) -> Result<SqliteConnection, LogError> {
    let mut connection = options.connect().await.map_err(LogError::unavailable)?;
    // Not `run`, whose future the compiler does not take for one that may change threads.
    MIGRATIONS
        .run_direct(None, &mut connection, false)
        .await
        .map_err(LogError::unavailable)?;
    Ok(connection)
}
