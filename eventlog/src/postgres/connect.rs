use std::io;
use std::time::Duration;

use domain::Position;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};
use uuid::Uuid;

use super::failure::patiently;
use super::options::SCHEMA;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/log/postgres");

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// The oldest server that has all that is asked of it.
const OLDEST: u32 = 13;

/// A log that is ready for work.
pub(super) struct Opened {
    pub(super) connection: PgConnection,
    pub(super) head: Position,
    pub(super) log_id: Uuid,
}

/// Connects, and makes the log or brings it to the current form.
pub(super) async fn open(options: &PgConnectOptions) -> Result<Opened, sqlx::Error> {
    let mut connection = connect(options).await?;
    if connection
        .server_version_num()
        .is_some_and(|version| version < OLDEST * 10_000)
    {
        let too_old = format!("the log needs PostgreSQL {OLDEST} or newer");
        return Err(sqlx::Error::Configuration(too_old.into()));
    }
    patiently(migrate(&mut connection)).await?;
    let query = "SELECT log_id::text, (SELECT position FROM log_head), current_setting('fsync') FROM log_meta";
    let row = patiently(sqlx::query(query).fetch_one(&mut connection)).await?;
    let log_id: &str = row.try_get(0)?;
    let log_id = Uuid::try_parse(log_id).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let head: i64 = row.try_get(1)?;
    if row.try_get::<&str, _>(2)? == "off" {
        tracing::warn!("the server of the log has fsync off: what it acknowledges is lost when its machine fails");
    }
    Ok(Opened {
        connection,
        head: Position::from_stored(head.cast_unsigned()),
        log_id,
    })
}

/// A connection for writing: what it commits is on the disk, even where the server's default is to acknowledge earlier.
/// A stricter setting than `on` is left as it is.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connecting = tokio::time::timeout(CONNECT, options.connect()).await;
    let mut connection = connecting.unwrap_or_else(|_| {
        let silent = "the server of the log does not answer";
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, silent)))
    })?;
    let durable = "SELECT set_config('synchronous_commit', 'on', false)
                    WHERE current_setting('synchronous_commit') IN ('off', 'local')";
    patiently(sqlx::query(durable).execute(&mut connection)).await?;
    Ok(connection)
}

/// Migrations of several processes that start at once come one after the other: the lock is for the whole database.
async fn migrate(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.lock().await?;
    // Not `IF NOT EXISTS`: that needs the right to create a schema even where there is one.
    let exists: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(SCHEMA)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        connection.create_schema_if_not_exists(SCHEMA).await?;
    }
    // Not `run`, whose future the compiler does not take for one that may change threads.
    MIGRATIONS.run_direct(None, connection, false).await?;
    connection.unlock().await?;
    Ok(())
}
