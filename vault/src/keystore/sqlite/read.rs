use domain::{AccountId, KekId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};
use uuid::Uuid;

use crate::keystore::{CredentialKeys, KnownKek, WrappedKey};
use crate::wrap::{KeyContext, Purpose};

const FINGERPRINT_KEY: &str =
    "SELECT id, purpose, account, kek, wrapped FROM wrapped_key WHERE account = ? AND purpose = 'fingerprint'";

pub(super) async fn key(
    readers: &SqlitePool,
    account: &AccountId,
    id: Uuid,
) -> Result<Option<WrappedKey>, sqlx::Error> {
    let query = "SELECT id, purpose, account, kek, wrapped FROM wrapped_key WHERE id = ? AND account = ?";
    let row = sqlx::query(query)
        .bind(id.as_bytes().as_slice())
        .bind(account.as_str())
        .fetch_optional(readers)
        .await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) async fn fingerprint_key(
    readers: &SqlitePool,
    account: &AccountId,
) -> Result<Option<WrappedKey>, sqlx::Error> {
    let row = sqlx::query(FINGERPRINT_KEY)
        .bind(account.as_str())
        .fetch_optional(readers)
        .await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) async fn request_digest_key(readers: &SqlitePool) -> Result<Option<WrappedKey>, sqlx::Error> {
    let query = "SELECT id, purpose, account, kek, wrapped FROM wrapped_key WHERE purpose = 'request-digest'";
    let row = sqlx::query(query).fetch_optional(readers).await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) async fn not_wrapped_by(readers: &SqlitePool, kek: KekId, max: u32) -> Result<Vec<WrappedKey>, sqlx::Error> {
    let query = "SELECT id, purpose, account, kek, wrapped FROM wrapped_key WHERE kek <> ? ORDER BY id LIMIT ?";
    let rows = sqlx::query(query).bind(kek.0).bind(max).fetch_all(readers).await?;
    rows.iter().map(wrapped_key).collect()
}

pub(super) async fn counts(readers: &SqlitePool) -> Result<Vec<(KekId, u64)>, sqlx::Error> {
    let query = "SELECT kek, count(*) FROM wrapped_key GROUP BY kek ORDER BY kek";
    let rows: Vec<(u32, i64)> = sqlx::query_as(query).fetch_all(readers).await?;
    Ok(rows
        .into_iter()
        .map(|(kek, keys)| (KekId(kek), keys.unsigned_abs()))
        .collect())
}

pub(super) async fn keks(readers: &SqlitePool) -> Result<Vec<KnownKek>, sqlx::Error> {
    let query = "SELECT id, check_value, current FROM kek ORDER BY id";
    let rows: Vec<(u32, Vec<u8>, bool)> = sqlx::query_as(query).fetch_all(readers).await?;
    Ok(rows
        .into_iter()
        .map(|(id, check, current)| KnownKek {
            id: KekId(id),
            check,
            current,
        })
        .collect())
}

pub(super) async fn in_use(readers: &SqlitePool) -> Result<Vec<KekId>, sqlx::Error> {
    let query = "SELECT id FROM kek WHERE EXISTS (SELECT 1 FROM wrapped_key WHERE kek = kek.id) ORDER BY id";
    let rows: Vec<(u32,)> = sqlx::query_as(query).fetch_all(readers).await?;
    Ok(rows.into_iter().map(|(id,)| KekId(id)).collect())
}

pub(super) async fn unplaced(
    readers: &SqlitePool,
    after: Option<Uuid>,
    max: u32,
) -> Result<Vec<(AccountId, Uuid)>, sqlx::Error> {
    let query = "SELECT account, id FROM wrapped_key WHERE placed = 0 AND id > ? ORDER BY id LIMIT ?";
    // Before the first: an empty blob sorts before every id.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let rows = sqlx::query(query).bind(after).bind(max).fetch_all(readers).await?;
    let keys = rows.iter().map(|row| {
        let account: &str = row.try_get("account")?;
        let account = account.parse().map_err(|_| malformed("an account id is not one"))?;
        Ok((account, uuid(row)?))
    });
    keys.collect()
}

pub(super) async fn credential_keys(readers: &SqlitePool) -> Result<CredentialKeys, sqlx::Error> {
    // Each is counted in an index; only a credential's key can be one that is not placed.
    let query = "SELECT (SELECT count(*) FROM wrapped_key) \
                 - (SELECT count(*) FROM wrapped_key WHERE purpose = 'fingerprint') \
                 - (SELECT count(*) FROM wrapped_key WHERE purpose = 'request-digest'), \
                 (SELECT count(*) FROM wrapped_key WHERE placed = 0)";
    let (all, unplaced): (i64, i64) = sqlx::query_as(query).fetch_one(readers).await?;
    Ok(CredentialKeys {
        placed: (all - unplaced).unsigned_abs(),
        unplaced: unplaced.unsigned_abs(),
    })
}

/// The fingerprint key of an account, inside a transaction.
pub(super) async fn fingerprint_key_in(
    connection: &mut SqliteConnection,
    account: &AccountId,
) -> Result<Option<WrappedKey>, sqlx::Error> {
    let row = sqlx::query(FINGERPRINT_KEY)
        .bind(account.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) fn wrapped_key(row: &SqliteRow) -> Result<WrappedKey, sqlx::Error> {
    let account = match row.try_get("account")? {
        "" => None,
        text => Some(
            text.parse::<AccountId>()
                .map_err(|_| malformed("an account id is not one"))?,
        ),
    };
    let purpose = Purpose::by_name(row.try_get("purpose")?);
    let ctx = KeyContext {
        id: uuid(row)?,
        purpose: purpose.ok_or_else(|| malformed("a key has an unknown purpose"))?,
        account,
    };
    Ok(WrappedKey {
        ctx,
        kek: KekId(row.try_get("kek")?),
        wrapped: row.try_get("wrapped")?,
    })
}

fn uuid(row: &SqliteRow) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(row.try_get("id")?).map_err(|_| malformed("a key's id is not a UUID"))
}

fn malformed(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
