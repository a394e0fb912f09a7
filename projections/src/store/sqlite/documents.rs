use std::collections::HashMap;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteExecutor};

use super::bulk::Bulk;
use crate::store::select::after_all_with;
use crate::store::{DocumentRow, DocumentSelect};

/// Makes the table of a model of documents: a key, a second key to look it up by, and the document as JSON.
pub(super) fn ddl(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (key TEXT NOT NULL PRIMARY KEY, lookup TEXT, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE INDEX {table}_lookup ON {table} (lookup) WHERE lookup IS NOT NULL;"
    )
}

pub(super) async fn load(
    db: impl SqliteExecutor<'_>,
    table: &str,
    keys: &[&Arc<str>],
) -> Result<HashMap<String, String>, sqlx::Error> {
    let keys = serde_json::to_string(keys).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    let sql = format!("SELECT key, document FROM {table} WHERE key IN (SELECT value FROM json_each(?1))");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(keys).fetch_all(db).await?;
    rows.into_iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

pub(super) async fn count(
    db: impl SqliteExecutor<'_>,
    table: &str,
    ending: &str,
    member: &str,
) -> Result<u64, sqlx::Error> {
    let sql = format!(
        "SELECT count(*) FROM {table}
         WHERE substr(key, -length(?1)) = ?1 AND json_extract(document, '$.' || ?2) IS NOT NULL"
    );
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(ending).bind(member);
    query.fetch_one(db).await
}

pub(super) async fn select(
    db: impl SqliteExecutor<'_>,
    table: &str,
    select: DocumentSelect<'_>,
) -> Result<Vec<String>, sqlx::Error> {
    let condition = match select {
        DocumentSelect::Key(_) => "key = ?1",
        DocumentSelect::Range { .. } => "key >= ?1 AND key < ?2 AND key > ?3 ORDER BY key LIMIT ?4",
        DocumentSelect::Lookup { .. } => "lookup = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
    };
    let query = sqlx::query_scalar(AssertSqlSafe(format!("SELECT document FROM {table} WHERE {condition}")));
    let query = match select {
        DocumentSelect::Key(key) => query.bind(key),
        DocumentSelect::Range { prefix, after, limit } => {
            query.bind(prefix).bind(after_all_with(prefix)).bind(after).bind(limit)
        }
        DocumentSelect::Lookup { lookup, after, limit } => query.bind(lookup).bind(after).bind(limit),
    };
    query.fetch_all(db).await
}

pub(super) async fn write(db: &mut SqliteConnection, table: &str, rows: Vec<DocumentRow>) -> Result<(), sqlx::Error> {
    let bulk = Bulk {
        insert: &format!("INSERT INTO {table} (key, lookup, document)"),
        columns: 3,
        tail: "ON CONFLICT (key) DO UPDATE SET lookup = excluded.lookup, document = excluded.document",
    };
    let encode = |row: DocumentRow, arguments: &mut sqlx::sqlite::SqliteArguments| {
        arguments.add(row.key)?;
        arguments.add(row.lookup)?;
        arguments.add(row.document)
    };
    bulk.write(db, rows, encode).await
}
