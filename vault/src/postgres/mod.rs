//! The store of a larger installation: how its two schemas are reached, and by whom each transaction is made.

#[cfg(test)]
mod leaks;
mod prepare;
#[cfg(test)]
mod tenancy;
mod vacuum;

use std::future::Future;
use std::io;
use std::time::Duration;

use domain::AccountId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions, PgPool, Postgres, Row, SqlSafeStr, SqlStr, Transaction};
use uuid::Uuid;

use crate::VaultError;

pub use postgres_url::PostgresUrl;
pub(crate) use prepare::prepare;
pub(crate) use vacuum::Vacuum;

/// The most connections of one process to one of the two parts.
const CONNECTIONS: u32 = 8;
/// How long somebody waits for a connection, also while a server that was restarted comes up again.
const ACQUIRE: Duration = Duration::from_secs(8);
/// How long the server works on one statement, the wait for locks included.
const STATEMENT: &str = "8s";
/// After that long without a word a transaction is ended by the server: its node is gone or stands still.
const IDLE: &str = "15s";
/// How long one read or one change takes at most, whatever happens to the connection.
const LIMIT: Duration = Duration::from_secs(15);
/// The condition by which a statement names the account that it is for. Row-level security says the same once more.
const TENANT: &str = "account = $1";

/// Whose rows a transaction sees and writes. The database enforces it: see `migrations/*/postgres`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// Those of one account.
    Account(&'a AccountId),
    /// Those of all accounts: for the start, the sweeper, rotation and status, and to find out whose a row is.
    All,
}

impl Scope<'_> {
    /// The value of `soconnective.account`. No account has the name `*`.
    fn setting(&self) -> &str {
        match self {
            Self::Account(account) => account.as_str(),
            Self::All => "*",
        }
    }
}

/// A pool of connections to one of the two parts of the vault.
pub(crate) struct Server {
    pool: PgPool,
    store: &'static str,
    /// Takes the account out of every `WHERE`, so that a test sees what row-level security does alone.
    #[cfg(test)]
    pub(crate) policy_alone: bool,
}

impl Server {
    /// Connects when somebody asks for something, and again whenever a connection was lost.
    pub(crate) fn new(url: &PostgresUrl, store: &'static str) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            // One that the server has closed meanwhile is replaced instead of failing whoever gets it.
            .test_before_acquire(true);
        Self {
            pool: pool.connect_lazy_with(bounded(url.options(), STATEMENT)),
            store,
            #[cfg(test)]
            policy_alone: false,
        }
    }

    /// Begins a transaction that sees what `scope` says.
    pub(crate) async fn begin(&self, scope: Scope<'_>) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        set_scope(&mut transaction, scope).await?;
        Ok(transaction)
    }

    /// A statement whose `WHERE` names the account.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "the tests have it otherwise"))]
    pub(crate) fn of_tenant(&self, statement: &'static str) -> SqlStr {
        debug_assert!(statement.contains(TENANT), "{statement}");
        #[cfg(test)]
        if self.policy_alone {
            return sqlx::AssertSqlSafe(statement.replace(TENANT, "$1::text IS NOT NULL")).into_sql_str();
        }
        statement.into_sql_str()
    }

    /// Waits for one read or one change, but not for ever.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, VaultError> {
        let late = || {
            sqlx::Error::Io(io::Error::new(
                io::ErrorKind::TimedOut,
                "the server did not answer in time",
            ))
        };
        match tokio::time::timeout(LIMIT, work).await {
            Ok(outcome) => outcome.map_err(refused(self.store)),
            Err(_) => Err(refused(self.store)(late())),
        }
    }

    /// The id that vault and keystore share; none in a schema that is new.
    pub(crate) async fn pair(&self, query: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
        self.within(sqlx::query_scalar(query).fetch_optional(&self.pool)).await
    }

    /// Lets go of all connections.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// From here to the end of the transaction, or to the next of these, it sees what `scope` says.
pub(crate) async fn set_scope(
    transaction: &mut Transaction<'_, Postgres>,
    scope: Scope<'_>,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query("SELECT set_config('soconnective.account', $1, true)").bind(scope.setting());
    query.execute(&mut **transaction).await.map(drop)
}

/// Lets a commit return before it is on the disk, for what is made up for when it gets lost.
pub(crate) async fn let_lag(transaction: &mut Transaction<'_, Postgres>) -> Result<(), sqlx::Error> {
    let query = sqlx::query("SET LOCAL synchronous_commit = off");
    query.execute(&mut **transaction).await.map(drop)
}

/// What every session of the vault is like, whatever the server's own defaults are.
fn bounded(options: &PgConnectOptions, statement: &str) -> PgConnectOptions {
    // Not even a slow statement gets into the log of the program.
    let options = options.clone().disable_statement_logging();
    options.options([
        ("statement_timeout", statement),
        ("idle_in_transaction_session_timeout", IDLE),
        // A commit is on the disk when it returns; on a synchronous standby's too, where there is one.
        ("synchronous_commit", "on"),
        // Two changes of one row: the later one sees what the earlier one left.
        ("default_transaction_isolation", "read committed"),
        ("row_security", "on"),
    ])
}

/// Says which part an error came from, without the details in which PostgreSQL repeats rows and parameters.
fn refused(store: &'static str) -> impl Fn(sqlx::Error) -> VaultError + Copy {
    move |error| {
        let source = match error {
            sqlx::Error::PoolClosed => return VaultError::Stopped("it was closed"),
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default().into_owned();
                sqlx::Error::Protocol(format!("PostgreSQL says {code}: {}", refusal.message()))
            }
            other => other,
        };
        VaultError::Database { store, source }
    }
}

/// A column that holds an id.
pub(crate) fn uuid(row: &PgRow, column: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(row.try_get(column)?).map_err(|_| malformed("an id is not a UUID"))
}

/// A column that holds an account.
pub(crate) fn account(row: &PgRow) -> Result<AccountId, sqlx::Error> {
    let account: &str = row.try_get("account")?;
    account.parse().map_err(|_| malformed("an account id is not one"))
}

/// A column that holds a number of 32 bits; PostgreSQL has none without a sign.
pub(crate) fn number(row: &PgRow, column: &str) -> Result<u32, sqlx::Error> {
    let number: i64 = row.try_get(column)?;
    u32::try_from(number).map_err(|_| malformed("a number is out of its range"))
}

/// A row that the vault did not write.
pub(crate) fn malformed(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
