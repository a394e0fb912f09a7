//! Whole rows, for moving house.

use chrono::DateTime;
use domain::{DekId, Sha256Digest};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection, SqlitePool};

use super::read::{context, malformed, uuid};
use crate::rows::{NewRow, RowId, StoredRow};

pub(super) async fn stored(
    readers: &SqlitePool,
    after: Option<RowId>,
    max: u32,
) -> Result<Vec<StoredRow>, sqlx::Error> {
    let query = "SELECT credential, version, account, provider, dek, envelope, sha256, state = 'live' AS live, \
                 created_at, masked, public FROM secret \
                 WHERE (credential, version, dek) > (?, ?, ?) ORDER BY credential, version, dek LIMIT ?";
    // Before the first: an empty blob sorts before every id.
    let (credential, version, dek) = after.map_or((Vec::new(), 0, Vec::new()), |(id, version, dek)| {
        (id.uuid().as_bytes().to_vec(), version, dek.uuid().as_bytes().to_vec())
    });
    let query = sqlx::query(query).bind(credential).bind(version).bind(dek).bind(max);
    query.fetch_all(readers).await?.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<StoredRow, sqlx::Error> {
    let sha256: [u8; 32] = row
        .try_get::<&[u8], _>("sha256")?
        .try_into()
        .map_err(|_| malformed("a digest is none"))?;
    let created_at = DateTime::from_timestamp_millis(row.try_get("created_at")?);
    let whole = NewRow {
        ctx: context(row)?,
        dek: DekId::new(uuid(row, "dek")?),
        envelope: row.try_get("envelope")?,
        sha256: Sha256Digest::new(sha256),
        created_at: created_at.ok_or_else(|| malformed("a time is out of its range"))?,
        masked: row.try_get("masked")?,
        public: row.try_get("public")?,
    };
    Ok(StoredRow {
        row: whole,
        live: row.try_get("live")?,
    })
}

pub(super) async fn copy(connection: &mut SqliteConnection, rows: &[StoredRow]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "INSERT INTO secret \
         (credential, version, account, provider, dek, envelope, sha256, state, created_at, masked, public) ",
    );
    query.push_values(rows, |mut values, StoredRow { row, live }| {
        values
            .push_bind(row.ctx.credential.uuid().as_bytes().to_vec())
            .push_bind(row.ctx.version)
            .push_bind(row.ctx.account.as_str())
            .push_bind(row.ctx.provider.as_str())
            .push_bind(row.dek.uuid().as_bytes().to_vec())
            .push_bind(row.envelope.as_slice())
            .push_bind(row.sha256.as_bytes().as_slice())
            .push_bind(if *live { "live" } else { "pending" })
            .push_bind(row.created_at.timestamp_millis())
            .push_bind(row.masked.as_str())
            .push_bind(row.public.as_str());
    });
    query.push(" ON CONFLICT (credential, version, dek) DO NOTHING");
    Ok(query.build().execute(connection).await?.rows_affected())
}
