use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId, DekId, ProviderKey};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};
use uuid::Uuid;

use crate::rows::{SealedRow, SecretId};
use crate::{Hints, PendingSecret, SecretContext};

/// How many rows one query asks for by id: far below the most parameters that SQLite takes.
const CHUNK: usize = 256;

pub(super) async fn sealed(
    readers: &SqlitePool,
    account: &AccountId,
    dek: DekId,
) -> Result<Option<SealedRow>, sqlx::Error> {
    let query = "SELECT credential, version, account, provider, envelope FROM secret WHERE dek = ? AND account = ?";
    let query = sqlx::query(query)
        .bind(dek.uuid().as_bytes().to_vec())
        .bind(account.as_str());
    let row = query.fetch_optional(readers).await?;
    row.map(|row| {
        Ok(SealedRow {
            ctx: context(&row)?,
            envelope: row.try_get("envelope")?,
        })
    })
    .transpose()
}

pub(super) async fn attempts(readers: &SqlitePool, ids: &[SecretId]) -> Result<Vec<(AccountId, DekId)>, sqlx::Error> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT account, dek FROM secret WHERE (credential, version) IN (");
        push_ids(&mut query, chunk);
        for row in query.build().fetch_all(readers).await? {
            found.push((account(&row)?, DekId::new(uuid(&row, "dek")?)));
        }
    }
    Ok(found)
}

pub(super) async fn hints(
    readers: &SqlitePool,
    account: &AccountId,
    ids: &[SecretId],
) -> Result<HashMap<SecretId, Hints>, sqlx::Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT credential, version, masked, public FROM secret WHERE account = ");
        query
            .push_bind(account.as_str())
            .push(" AND (credential, version) IN (");
        push_ids(&mut query, chunk);
        // Where several attempts to save a version are pending beside a live one, the live one is shown: it comes last.
        query.push(" ORDER BY state = 'live', created_at");
        for row in query.build().fetch_all(readers).await? {
            let id = (CredentialId::new(uuid(&row, "credential")?), row.try_get("version")?);
            found.insert(
                id,
                Hints {
                    masked: texts(&row, "masked")?,
                    public: texts(&row, "public")?,
                },
            );
        }
    }
    Ok(found)
}

pub(super) async fn pending(
    readers: &SqlitePool,
    older_than: DateTime<Utc>,
) -> Result<Vec<PendingSecret>, sqlx::Error> {
    let query = "SELECT credential, version, account, provider, dek FROM secret \
                 WHERE state = 'pending' AND created_at < ? ORDER BY created_at";
    let rows = sqlx::query(query)
        .bind(older_than.timestamp_millis())
        .fetch_all(readers)
        .await?;
    let pending = rows.iter().map(|row| {
        Ok(PendingSecret {
            context: context(row)?,
            dek: DekId::new(uuid(row, "dek")?),
        })
    });
    pending.collect()
}

pub(super) async fn of_account(readers: &SqlitePool, account: &AccountId) -> Result<Vec<SecretContext>, sqlx::Error> {
    let query = "SELECT DISTINCT credential, version, account, provider FROM secret \
                 WHERE account = ? ORDER BY credential, version";
    let rows = sqlx::query(query).bind(account.as_str()).fetch_all(readers).await?;
    rows.iter().map(context).collect()
}

pub(super) async fn page(
    readers: &SqlitePool,
    after: Option<SecretId>,
    max: u32,
) -> Result<Vec<SecretContext>, sqlx::Error> {
    let query = "SELECT DISTINCT credential, version, account, provider FROM secret \
                 WHERE (credential, version) > (?, ?) ORDER BY credential, version LIMIT ?";
    // Before the first: an empty blob sorts before every id.
    let (credential, version) = after.map_or((Vec::new(), 0), |(id, version)| {
        (id.uuid().as_bytes().to_vec(), version)
    });
    let rows = sqlx::query(query)
        .bind(credential)
        .bind(version)
        .bind(max)
        .fetch_all(readers)
        .await?;
    rows.iter().map(context).collect()
}

pub(super) async fn present(readers: &SqlitePool, deks: &[DekId]) -> Result<Vec<DekId>, sqlx::Error> {
    let mut found = Vec::with_capacity(deks.len());
    for chunk in deks.chunks(CHUNK) {
        let mut query = QueryBuilder::new("SELECT dek FROM secret WHERE dek IN (");
        let mut ids = query.separated(", ");
        for dek in chunk {
            ids.push_bind(dek.uuid().as_bytes().to_vec());
        }
        query.push(")");
        for row in query.build().fetch_all(readers).await? {
            found.push(DekId::new(uuid(&row, "dek")?));
        }
    }
    Ok(found)
}

pub(super) async fn counts(readers: &SqlitePool) -> Result<(u64, u64), sqlx::Error> {
    // Each is counted in an index: the table is full of envelopes.
    let query = "SELECT (SELECT count(*) FROM secret WHERE state = 'pending'), (SELECT count(*) FROM secret)";
    let (pending, all): (i64, i64) = sqlx::query_as(query).fetch_one(readers).await?;
    Ok((pending.unsigned_abs(), (all - pending).unsigned_abs()))
}

/// Ends a query that looks for rows by id.
fn push_ids(query: &mut QueryBuilder<Sqlite>, ids: &[SecretId]) {
    query.push_values(ids, |mut row, (credential, version)| {
        row.push_bind(credential.uuid().as_bytes().to_vec()).push_bind(*version);
    });
    query.push(")");
}

pub(super) fn context(row: &SqliteRow) -> Result<SecretContext, sqlx::Error> {
    let provider: &str = row.try_get("provider")?;
    Ok(SecretContext {
        account: account(row)?,
        credential: CredentialId::new(uuid(row, "credential")?),
        version: row.try_get("version")?,
        provider: provider
            .parse::<ProviderKey>()
            .map_err(|_| malformed("a provider key is not one"))?,
    })
}

fn account(row: &SqliteRow) -> Result<AccountId, sqlx::Error> {
    let account: &str = row.try_get("account")?;
    account
        .parse::<AccountId>()
        .map_err(|_| malformed("an account id is not one"))
}

pub(super) fn uuid(row: &SqliteRow, column: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(row.try_get(column)?).map_err(|_| malformed("an id is not a UUID"))
}

fn texts(row: &SqliteRow, column: &str) -> Result<BTreeMap<String, String>, sqlx::Error> {
    serde_json::from_str(row.try_get(column)?).map_err(|_| malformed("a hint is not a JSON object of texts"))
}

pub(super) fn malformed(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
