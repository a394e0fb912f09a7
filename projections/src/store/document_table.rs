use std::collections::HashMap;
use std::sync::Arc;

use sqlx::{Arguments, AssertSqlSafe, Row as _, SqliteExecutor};

use super::{Bulk, Statement};

/// The table of one model of documents: a key, a second key to look it up by, and the document as JSON.
///
/// The name is the projection's own and never holds input, so the statements may be put together from it.
#[derive(Debug, Clone)]
pub(crate) struct DocumentTable {
    name: Arc<str>,
    load: Arc<str>,
    upsert: Bulk,
}

/// One document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: Arc<str>,
    pub(crate) lookup: Option<String>,
    pub(crate) document: Arc<str>,
}

impl DocumentTable {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            load: format!("SELECT key, document FROM {name} WHERE key IN (SELECT value FROM json_each(?1))").into(),
            upsert: Bulk::new(
                format!("INSERT INTO {name} (key, lookup, document)"),
                3,
                "ON CONFLICT (key) DO UPDATE SET lookup = excluded.lookup, document = excluded.document",
            ),
        }
    }

    /// Makes the table.
    pub(crate) fn ddl(name: &str) -> String {
        format!(
            "CREATE TABLE {name} (key TEXT NOT NULL PRIMARY KEY, lookup TEXT, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
             CREATE INDEX {name}_lookup ON {name} (lookup) WHERE lookup IS NOT NULL;"
        )
    }

    /// The documents of these keys, as far as they exist.
    pub(crate) async fn load(
        &self,
        db: impl SqliteExecutor<'_>,
        keys: &[&Arc<str>],
    ) -> Result<HashMap<String, String>, sqlx::Error> {
        let keys = serde_json::to_string(keys).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
        let rows = sqlx::query(AssertSqlSafe(Arc::clone(&self.load)))
            .bind(keys)
            .fetch_all(db)
            .await?;
        rows.into_iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    /// One document.
    pub(crate) async fn get(&self, db: impl SqliteExecutor<'_>, key: &str) -> Result<Option<String>, sqlx::Error> {
        let sql = format!("SELECT document FROM {} WHERE key = ?1", self.name);
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(key)
            .fetch_optional(db)
            .await
    }

    /// The documents whose key starts with `prefix`, in the order of their keys: at most `limit` after the key `after`.
    pub(crate) async fn range(
        &self,
        db: impl SqliteExecutor<'_>,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, sqlx::Error> {
        let sql = format!(
            "SELECT document FROM {} WHERE key >= ?1 AND key < ?2 AND key > ?3 ORDER BY key LIMIT ?4",
            self.name
        );
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(prefix)
            .bind(after_all_with(prefix))
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await
    }

    /// The documents that are found by `lookup`, in the order of their keys: at most `limit` after the key `after`.
    pub(crate) async fn find(
        &self,
        db: impl SqliteExecutor<'_>,
        lookup: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, sqlx::Error> {
        let sql = format!(
            "SELECT document FROM {} WHERE lookup = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
            self.name
        );
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(lookup)
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await
    }

    /// The statements that write these documents, each key once.
    pub(crate) fn upsert(
        &self,
        documents: impl Iterator<Item = Result<Row, sqlx::Error>>,
    ) -> Result<Vec<Statement>, sqlx::Error> {
        let mut rows = self.upsert.rows();
        for document in documents {
            let Row { key, lookup, document } = document?;
            rows.add(|arguments| {
                arguments.add(key)?;
                arguments.add(lookup)?;
                arguments.add(document)
            })?;
        }
        Ok(rows.take())
    }
}

/// The smallest text after all that start with `prefix`, which ends in an ASCII character.
fn after_all_with(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    if let Some(last) = end.pop() {
        end.extend(char::from_u32(last as u32 + 1));
    } else {
        end.push(char::MAX);
    }
    end
}
