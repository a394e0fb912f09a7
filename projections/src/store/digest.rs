use domain::Sha256Digest;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Column, Row, TypeInfo, ValueRef};

use crate::ProjectionName;

/// The digest of a model: of all its rows, in the order of their keys, and of all their columns.
///
/// Each value is preceded by its length, and a missing one is told from an empty one, so that two different models never
/// read the same. Texts, byte strings and whole numbers look the same from every database.
pub(crate) struct Digester;

impl Digester {
    /// The digest of the rows of `table`.
    pub(crate) async fn of(
        db: &mut SqliteConnection,
        name: ProjectionName,
        table: &str,
    ) -> Result<Sha256Digest, sqlx::Error> {
        let order = if name == ProjectionName::History {
            "position"
        } else {
            "key"
        };
        let sql = format!("SELECT * FROM {table} ORDER BY {order}");
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
        let mut hash = Sha256::new();
        while let Some(row) = rows.try_next().await? {
            for column in row.columns() {
                value(&mut hash, &row, column.ordinal())?;
            }
        }
        Ok(Sha256Digest::new(hash.finalize().into()))
    }
}

fn value(hash: &mut Sha256, row: &sqlx::sqlite::SqliteRow, index: usize) -> Result<(), sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        hash.update([0]);
        return Ok(());
    }
    if raw.type_info().name() == "INTEGER" {
        hash.update([1]);
        hash.update(row.try_get::<i64, _>(index)?.to_be_bytes());
        return Ok(());
    }
    let bytes: &[u8] = row.try_get(index)?;
    hash.update([2]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
    Ok(())
}
