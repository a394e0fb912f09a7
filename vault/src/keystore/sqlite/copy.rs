//! Whole rows, for moving house.

use domain::AccountId;
use sqlx::{QueryBuilder, Row, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::read::wrapped_key;
use crate::keystore::{KnownKek, StoredKey};

pub(super) async fn page(readers: &SqlitePool, after: Option<Uuid>, max: u32) -> Result<Vec<StoredKey>, sqlx::Error> {
    let query = "SELECT id, purpose, account, kek, wrapped, placed FROM wrapped_key WHERE id > ? ORDER BY id LIMIT ?";
    // Before the first: an empty blob sorts before every id.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let rows = sqlx::query(query).bind(after).bind(max).fetch_all(readers).await?;
    let keys = rows.iter().map(|row| {
        Ok(StoredKey {
            key: wrapped_key(row)?,
            placed: row.try_get("placed")?,
        })
    });
    keys.collect()
}

pub(super) async fn keks(connection: &mut SqliteConnection, keks: &[KnownKek]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new("INSERT INTO kek (id, check_value, current) ");
    query.push_values(keks, |mut row, kek| {
        row.push_bind(kek.id.0).push_bind(kek.check.as_slice());
        row.push_bind(kek.current);
    });
    query.push(" ON CONFLICT (id) DO NOTHING");
    Ok(query.build().execute(connection).await?.rows_affected())
}

pub(super) async fn keys(connection: &mut SqliteConnection, keys: &[StoredKey]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new("INSERT INTO wrapped_key (id, purpose, account, kek, wrapped, placed) ");
    query.push_values(keys, |mut row, StoredKey { key, placed }| {
        row.push_bind(key.ctx.id.as_bytes().as_slice())
            .push_bind(key.ctx.purpose.name())
            .push_bind(key.ctx.account.as_ref().map_or("", AccountId::as_str))
            .push_bind(key.kek.0)
            .push_bind(key.wrapped.as_slice())
            .push_bind(*placed);
    });
    query.push(" ON CONFLICT (id) DO NOTHING");
    Ok(query.build().execute(connection).await?.rows_affected())
}
