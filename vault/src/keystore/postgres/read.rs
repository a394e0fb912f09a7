use domain::{AccountId, KekId};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use crate::keystore::{CredentialKeys, KnownKek, WrappedKey};
use crate::postgres::{Scope, Server, account, malformed, number, uuid};
use crate::wrap::{KeyContext, Purpose};

const KEY: &str = "SELECT id, purpose, account, kek, wrapped FROM keystore.wrapped_key WHERE account = $1 AND id = $2";
const FINGERPRINT_KEY: &str = "SELECT id, purpose, account, kek, wrapped FROM keystore.wrapped_key \
                               WHERE account = $1 AND purpose = 'fingerprint'";
const REQUEST_DIGEST_KEY: &str = "SELECT id, purpose, account, kek, wrapped FROM keystore.wrapped_key \
                                  WHERE purpose = 'request-digest'";
const NOT_WRAPPED_BY: &str = "SELECT id, purpose, account, kek, wrapped FROM keystore.wrapped_key \
                              WHERE kek <> $1 ORDER BY id LIMIT $2";
const UNPLACED: &str = "SELECT account, id FROM keystore.wrapped_key \
                        WHERE NOT placed AND created_at < now() - interval '1 hour' AND id > $1 ORDER BY id LIMIT $2";
// Each is counted in an index; only a credential's key can be one that is not placed.
const CREDENTIAL_KEYS: &str = "SELECT (SELECT count(*) FROM keystore.wrapped_key) \
                               - (SELECT count(*) FROM keystore.wrapped_key WHERE purpose = 'fingerprint') \
                               - (SELECT count(*) FROM keystore.wrapped_key WHERE purpose = 'request-digest'), \
                               (SELECT count(*) FROM keystore.wrapped_key WHERE NOT placed)";
const KEKS: &str = "SELECT id, check_value, current FROM keystore.kek ORDER BY id";
const COUNTS: &str = "SELECT kek, count(*) FROM keystore.wrapped_key GROUP BY kek ORDER BY kek";
const IN_USE: &str = "SELECT k.id FROM keystore.kek k \
                      WHERE EXISTS (SELECT 1 FROM keystore.wrapped_key w WHERE w.kek = k.id) ORDER BY k.id";

pub(super) async fn key(server: &Server, account: &AccountId, id: Uuid) -> Result<Option<WrappedKey>, sqlx::Error> {
    let mut transaction = server.begin(Scope::Account(account)).await?;
    let query = sqlx::query(server.of_tenant(KEY))
        .bind(account.as_str())
        .bind(id.as_bytes().as_slice());
    let row = query.fetch_optional(&mut *transaction).await?;
    transaction.commit().await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) async fn fingerprint_key(server: &Server, account: &AccountId) -> Result<Option<WrappedKey>, sqlx::Error> {
    let mut transaction = server.begin(Scope::Account(account)).await?;
    let query = sqlx::query(server.of_tenant(FINGERPRINT_KEY)).bind(account.as_str());
    let row = query.fetch_optional(&mut *transaction).await?;
    transaction.commit().await?;
    row.as_ref().map(wrapped_key).transpose()
}

/// The fingerprint key of an account, inside a transaction.
pub(super) async fn fingerprint_key_in(
    transaction: &mut Transaction<'_, Postgres>,
    account: &AccountId,
) -> Result<Option<WrappedKey>, sqlx::Error> {
    let query = sqlx::query(FINGERPRINT_KEY).bind(account.as_str());
    let row = query.fetch_optional(&mut **transaction).await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) async fn request_digest_key(server: &Server) -> Result<Option<WrappedKey>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let row = sqlx::query(REQUEST_DIGEST_KEY)
        .fetch_optional(&mut *transaction)
        .await?;
    transaction.commit().await?;
    row.as_ref().map(wrapped_key).transpose()
}

pub(super) async fn not_wrapped_by(server: &Server, kek: KekId, max: u32) -> Result<Vec<WrappedKey>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let query = sqlx::query(NOT_WRAPPED_BY).bind(i64::from(kek.0)).bind(i64::from(max));
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(wrapped_key).collect()
}

pub(super) async fn unplaced(
    server: &Server,
    after: Option<Uuid>,
    max: u32,
) -> Result<Vec<(AccountId, Uuid)>, sqlx::Error> {
    // Before the first: no bytes sort before every id.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let mut transaction = server.begin(Scope::All).await?;
    let query = sqlx::query(UNPLACED).bind(after).bind(i64::from(max));
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(|row| Ok((account(row)?, uuid(row, "id")?))).collect()
}

pub(super) async fn credential_keys(server: &Server) -> Result<CredentialKeys, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let (all, unplaced): (i64, i64) = sqlx::query_as(CREDENTIAL_KEYS).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(CredentialKeys {
        placed: (all - unplaced).unsigned_abs(),
        unplaced: unplaced.unsigned_abs(),
    })
}

pub(super) async fn keks(server: &Server) -> Result<Vec<KnownKek>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let rows = sqlx::query(KEKS).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let known = rows.iter().map(|row| {
        Ok(KnownKek {
            id: KekId(number(row, "id")?),
            check: row.try_get("check_value")?,
            current: row.try_get("current")?,
        })
    });
    known.collect()
}

pub(super) async fn counts(server: &Server) -> Result<Vec<(KekId, u64)>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let rows = sqlx::query(COUNTS).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let counts = rows.iter().map(|row| {
        let keys: i64 = row.try_get("count")?;
        Ok((KekId(number(row, "kek")?), keys.unsigned_abs()))
    });
    counts.collect()
}

pub(super) async fn in_use(server: &Server) -> Result<Vec<KekId>, sqlx::Error> {
    let mut transaction = server.begin(Scope::All).await?;
    let rows = sqlx::query(IN_USE).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    rows.iter().map(|row| Ok(KekId(number(row, "id")?))).collect()
}

pub(super) fn wrapped_key(row: &PgRow) -> Result<WrappedKey, sqlx::Error> {
    let owner = match row.try_get("account")? {
        "" => None,
        _ => Some(account(row)?),
    };
    let purpose = Purpose::by_name(row.try_get("purpose")?);
    let ctx = KeyContext {
        id: uuid(row, "id")?,
        purpose: purpose.ok_or_else(|| malformed("a key has an unknown purpose"))?,
        account: owner,
    };
    Ok(WrappedKey {
        ctx,
        kek: KekId(number(row, "kek")?),
        wrapped: row.try_get("wrapped")?,
    })
}
