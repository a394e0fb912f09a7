use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row};

use super::piece::fitting;
use super::text::{escaped, unescaped};
use crate::store::select::after_all_with;
use crate::store::{DocumentRow, DocumentSelect};

/// How many rows one statement writes at most.
const ROWS: usize = 8192;

pub(super) async fn load(
    db: impl PgExecutor<'_>,
    table: &str,
    keys: &[&Arc<str>],
) -> Result<HashMap<String, String>, sqlx::Error> {
    let keys: Vec<Cow<'_, str>> = keys.iter().map(|key| escaped(key)).collect();
    let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
    let sql = format!("SELECT key, document FROM {table} WHERE key = ANY($1)");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(keys).fetch_all(db).await?;
    rows.into_iter()
        .map(|row| Ok((unescaped(row.try_get(0)?).into_owned(), row.try_get(1)?)))
        .collect()
}

pub(super) async fn count(
    db: impl PgExecutor<'_>,
    table: &str,
    ending: &str,
    member: &str,
) -> Result<u64, sqlx::Error> {
    // Not `jsonb`, which takes no text with a NUL in it, wherever that stands.
    let sql =
        format!("SELECT count(*) FROM {table} WHERE right(key, length($1)) = $1 AND document::json ->> $2 IS NOT NULL");
    let query = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(escaped(ending))
        .bind(member);
    let count: i64 = query.fetch_one(db).await?;
    Ok(count.unsigned_abs())
}

pub(super) async fn select(
    db: impl PgExecutor<'_>,
    table: &str,
    select: DocumentSelect<'_>,
) -> Result<Vec<String>, sqlx::Error> {
    let condition = match select {
        DocumentSelect::Key(_) => "key = $1",
        DocumentSelect::Range { .. } => "key >= $1 AND key < $2 AND key > $3 ORDER BY key LIMIT $4",
        DocumentSelect::Lookup { .. } => "lookup = $1 AND key > $2 ORDER BY key LIMIT $3",
    };
    let query = sqlx::query_scalar(AssertSqlSafe(format!("SELECT document FROM {table} WHERE {condition}")));
    let query = match select {
        DocumentSelect::Key(key) => query.bind(escaped(key)),
        DocumentSelect::Range { prefix, after, limit } => query
            .bind(escaped(prefix))
            .bind(after_all_with(prefix))
            .bind(escaped(after))
            .bind(i64::from(limit)),
        DocumentSelect::Lookup { lookup, after, limit } => {
            query.bind(escaped(lookup)).bind(escaped(after)).bind(i64::from(limit))
        }
    };
    query.fetch_all(db).await
}

pub(super) async fn write(db: &mut PgConnection, table: &str, rows: &[DocumentRow]) -> Result<(), sqlx::Error> {
    let sql: Arc<str> = format!(
        "INSERT INTO {table} (key, lookup, document)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[])
         ON CONFLICT (key) DO UPDATE SET lookup = excluded.lookup, document = excluded.document"
    )
    .into();
    let mut left = rows;
    while !left.is_empty() {
        let (now, later) = left.split_at(fitting(left, ROWS, size));
        left = later;
        let keys: Vec<Cow<'_, str>> = now.iter().map(|row| escaped(&row.key)).collect();
        let lookups: Vec<Option<Cow<'_, str>>> = now.iter().map(|row| row.lookup.as_deref().map(escaped)).collect();
        sqlx::query(AssertSqlSafe(Arc::clone(&sql)))
            .bind(keys.iter().map(|key| &**key).collect::<Vec<&str>>())
            .bind(
                lookups
                    .iter()
                    .map(|lookup| lookup.as_deref())
                    .collect::<Vec<Option<&str>>>(),
            )
            .bind(now.iter().map(|row| &*row.document).collect::<Vec<&str>>())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

fn size(row: &DocumentRow) -> usize {
    row.key.len() + row.lookup.as_ref().map_or(0, String::len) + row.document.len()
}
