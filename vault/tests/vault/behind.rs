//! The stores as somebody sees and changes them who gets at them without the vault.

use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};

/// All that the stores hold.
pub(crate) enum Stored {
    /// Bytes of files.
    Files(Vec<u8>),
    /// Rows as text, in which bytes are hexadecimal.
    Rows(String),
}

impl Stored {
    pub(crate) fn contain(&self, needle: &[u8]) -> bool {
        match self {
            Self::Files(bytes) => contains(bytes, needle),
            Self::Rows(text) => text.contains(&hex(needle)) || contains(text.as_bytes(), needle),
        }
    }
}

/// Somebody who reads and writes the stores behind the vault's back; on a server, as its superuser.
pub(crate) enum Behind {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Behind {
    /// Runs a statement, with bytes in it as SQLite writes them, and says how many rows it changed.
    pub(crate) async fn run(&mut self, statement: &str) -> u64 {
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query(AssertSqlSafe(statement));
                query.execute(connection).await.unwrap().rows_affected()
            }
            Self::Postgres(connection) => {
                let query = sqlx::query(AssertSqlSafe(dialect(statement)));
                query.execute(connection).await.unwrap().rows_affected()
            }
        }
    }

    /// The bytes of a query's one column.
    pub(crate) async fn bytes(&mut self, query: &str) -> Vec<Vec<u8>> {
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(connection).await,
            Self::Postgres(connection) => {
                let query = sqlx::query_scalar(AssertSqlSafe(dialect(query)));
                query.fetch_all(connection).await
            }
        }
        .unwrap()
    }

    /// The number that a query gives.
    pub(crate) async fn number(&mut self, query: &str) -> i64 {
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(connection).await,
        }
        .unwrap()
    }
}

/// The same statement for PostgreSQL.
fn dialect(statement: &str) -> String {
    statement.replace("x'", "'\\x").replace("AS BLOB", "AS bytea")
}

/// Bytes as SQLite writes them.
pub(crate) fn literal(bytes: &[u8]) -> String {
    format!("x'{}'", hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| *byte == needle[0]) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
