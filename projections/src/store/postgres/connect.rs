use std::time::Duration;

use postgres_url::PostgresUrl;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection};

use super::transaction::within;
use crate::ProjectionError;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/read/postgres");

/// The schema that holds the read models, beside whatever else the database holds.
pub(super) const SCHEMA: &str = "soconnective_read";
/// Queries, and transactions that write, which run at the same time.
const READERS: u32 = 8;
const WRITERS: u32 = 16;
const KEEPERS: u32 = 2;
/// How long anybody waits for a connection: a server that restarts is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// The advisory lock under which the schema is made: several processes may start at once.
const SCHEMA_LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('soconnective_read'))";

/// The connections of one process.
pub(super) struct Pools {
    pub(super) readers: PgPool,
    pub(super) writers: PgPool,
    /// For the connection that listens, and the one that looks after leases: it never waits for others.
    pub(super) keeper: PgPool,
}

/// Brings the bookkeeping to its current form.
///
/// # Errors
/// [`ProjectionError::PostgresUrl`], [`ProjectionError::PrivilegedRole`], [`ProjectionError::Database`] and
/// [`ProjectionError::Migrate`]. None of them repeats the URL, which may hold a password.
pub(super) async fn connect(url: &str) -> Result<Pools, ProjectionError> {
    let url = PostgresUrl::parse(url)?;
    let options = url
        .options()
        .clone()
        .application_name("soconnective read models")
        .options([("search_path", SCHEMA)]);
    let mut connection = within(PATIENCE, PgConnection::connect_with(&options)).await?;
    check_role(&mut connection).await?;
    make_schema(&mut connection).await?;
    MIGRATIONS.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    // Rows and checkpoint are in the same commit, so a server that is killed loses the newest commits at most, and they are
    // applied again from the log.
    let options = options.options([("synchronous_commit", "off"), ("lock_timeout", "10s")]);
    let readers = options.clone().options([("statement_timeout", "10s")]);
    // Whoever stands still in the middle of a transaction, a process that is paused say, does not keep others out for long.
    let writers = options.clone().options([
        ("statement_timeout", "60s"),
        ("idle_in_transaction_session_timeout", "3s"),
    ]);
    let pool = |most| PgPoolOptions::new().max_connections(most).acquire_timeout(PATIENCE);
    Ok(Pools {
        readers: pool(READERS).connect_lazy_with(readers),
        writers: pool(WRITERS).connect_lazy_with(writers),
        keeper: pool(KEEPERS).connect_lazy_with(options.options([("statement_timeout", "10s")])),
    })
}

/// Refuses a role for which row-level security does not hold.
async fn check_role(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    let (role, privileged): (String, bool) = sqlx::query_as(
        "SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )
    .fetch_one(connection)
    .await?;
    if privileged {
        return Err(ProjectionError::PrivilegedRole { role });
    }
    Ok(())
}

async fn make_schema(connection: &mut PgConnection) -> Result<(), ProjectionError> {
    let mut tx = connection.begin().await?;
    sqlx::query(SCHEMA_LOCK).execute(&mut *tx).await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)")
        .bind(SCHEMA)
        .fetch_one(&mut *tx)
        .await?;
    if !exists {
        sqlx::query("CREATE SCHEMA soconnective_read").execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
