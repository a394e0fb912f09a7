//! Whole rows, for moving house. `created_at` stays behind: it is by the clock of each database, which counts from the copy.

use domain::AccountId;
use sqlx::{Postgres, QueryBuilder, Row, Transaction};
use uuid::Uuid;

use super::read::wrapped_key;
use crate::keystore::{KnownKek, StoredKey};
use crate::postgres::{Scope, Server};

const PAGE: &str = "SELECT id, purpose, account, kek, wrapped, placed FROM keystore.wrapped_key \
                    WHERE id > $1 ORDER BY id LIMIT $2";

pub(super) async fn page(server: &Server, after: Option<Uuid>, max: u32) -> Result<Vec<StoredKey>, sqlx::Error> {
    // Before the first: no bytes sort before every id.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let mut transaction = server.begin(Scope::All).await?;
    let query = sqlx::query(PAGE).bind(after).bind(i64::from(max));
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let keys = rows.iter().map(|row| {
        Ok(StoredKey {
            key: wrapped_key(row)?,
            placed: row.try_get("placed")?,
        })
    });
    keys.collect()
}

pub(super) async fn keks(transaction: &mut Transaction<'_, Postgres>, keks: &[KnownKek]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new("INSERT INTO keystore.kek (id, check_value, current) ");
    query.push_values(keks, |mut row, kek| {
        row.push_bind(i64::from(kek.id.0)).push_bind(kek.check.as_slice());
        row.push_bind(kek.current);
    });
    query.push(" ON CONFLICT (id) DO NOTHING");
    Ok(query.build().execute(&mut **transaction).await?.rows_affected())
}

pub(super) async fn keys(transaction: &mut Transaction<'_, Postgres>, keys: &[StoredKey]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new("INSERT INTO keystore.wrapped_key (id, purpose, account, kek, wrapped, placed) ");
    query.push_values(keys, |mut row, StoredKey { key, placed }| {
        row.push_bind(key.ctx.id.as_bytes().as_slice())
            .push_bind(key.ctx.purpose.name())
            .push_bind(key.ctx.account.as_ref().map_or("", AccountId::as_str))
            .push_bind(i64::from(key.kek.0))
            .push_bind(key.wrapped.as_slice())
            .push_bind(*placed);
    });
    query.push(" ON CONFLICT (id) DO NOTHING");
    Ok(query.build().execute(&mut **transaction).await?.rows_affected())
}
