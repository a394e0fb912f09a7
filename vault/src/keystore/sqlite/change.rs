use domain::{AccountId, KekId};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{copy, read};
use crate::keystore::{Founding, KeyChange, KeyOutcome, STORE, WrappedKey};
use crate::sqlite::{self, Change};
use crate::wrap::{KeyContext, Purpose};

impl Change for KeyChange {
    type Outcome = KeyOutcome;
    const STORE: &'static str = STORE;

    fn may_lag(&self) -> bool {
        self.may_lag()
    }

    fn truncates(&self) -> bool {
        self.erases()
    }

    async fn apply(&self, connection: &mut SqliteConnection) -> Result<KeyOutcome, sqlx::Error> {
        let rows = match self {
            Self::Found(founding) => found(connection, founding).await?,
            Self::Add { key, fingerprint } => return add(connection, key, fingerprint.as_ref()).await,
            Self::Place(keys) => {
                each(
                    connection,
                    keys,
                    "UPDATE wrapped_key SET placed = 1 WHERE account = ? AND id = ?",
                )
                .await?
            }
            Self::Unplace(account, key) => {
                let query = "UPDATE wrapped_key SET placed = 0 WHERE account = ? AND id = ?";
                each(connection, &[(account.clone(), *key)], query).await?
            }
            Self::Sweep(keys) => {
                let query = "DELETE FROM wrapped_key WHERE account = ? AND id = ? AND placed = 0";
                each(connection, keys, query).await?
            }
            Self::Remove(keys) => {
                each(connection, keys, "DELETE FROM wrapped_key WHERE account = ? AND id = ?").await?
            }
            Self::RemoveAccount(account) => {
                let query = sqlx::query("DELETE FROM wrapped_key WHERE account = ?").bind(account.as_str());
                query.execute(connection).await?.rows_affected()
            }
            Self::Register { id, check } => register(connection, *id, check).await?,
            Self::Promote(id) => promote(connection, *id).await?,
            Self::Unregister(id) => {
                let query = "DELETE FROM kek WHERE id = ? AND current = 0 \
                             AND NOT EXISTS (SELECT 1 FROM wrapped_key WHERE kek = kek.id)";
                sqlx::query(query).bind(id.0).execute(connection).await?.rows_affected()
            }
            Self::Rewrap { keys, .. } => rewrap(connection, keys).await?,
            Self::CopyKeks(keks) => copy::keks(connection, keks).await?,
            Self::CopyKeys(keys) => copy::keys(connection, keys).await?,
            Self::Join(pair) => sqlite::write_pair(connection, pair).await?,
        };
        Ok(KeyOutcome {
            rows,
            fingerprint: None,
        })
    }
}

async fn found(connection: &mut SqliteConnection, founding: &Founding) -> Result<u64, sqlx::Error> {
    for kek in &founding.keks {
        register(connection, kek.id, &kek.check).await?;
        if kek.current {
            promote(connection, kek.id).await?;
        }
    }
    insert(connection, &founding.digest_key).await?;
    sqlite::write_pair(connection, &founding.pair).await
}

async fn register(connection: &mut SqliteConnection, id: KekId, check: &[u8]) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("INSERT OR IGNORE INTO kek (id, check_value, current) VALUES (?, ?, 0)")
        .bind(id.0)
        .bind(check);
    Ok(query.execute(connection).await?.rows_affected())
}

async fn add(
    connection: &mut SqliteConnection,
    key: &WrappedKey,
    fingerprint: Option<&WrappedKey>,
) -> Result<KeyOutcome, sqlx::Error> {
    let rows = insert(connection, key).await?;
    let mut present = None;
    if rows > 0
        && let Some(KeyContext {
            account: Some(account), ..
        }) = fingerprint.map(|key| &key.ctx)
    {
        // Somebody else may have added it since the caller looked. Inside this transaction nobody can.
        present = read::fingerprint_key_in(connection, account).await?;
        if let (None, Some(fresh)) = (&present, fingerprint) {
            insert(connection, fresh).await?;
        }
    }
    Ok(KeyOutcome {
        rows,
        fingerprint: present,
    })
}

/// Inserts a key, when the one that wrapped it is current: a key that is being rotated out gets no more to wrap.
async fn insert(connection: &mut SqliteConnection, key: &WrappedKey) -> Result<u64, sqlx::Error> {
    let query = "INSERT INTO wrapped_key (id, purpose, account, kek, wrapped, placed) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM kek WHERE id = ?4 AND current = 1)";
    let query = sqlx::query(query)
        .bind(key.ctx.id.as_bytes().as_slice())
        .bind(key.ctx.purpose.name())
        .bind(key.ctx.account.as_ref().map_or("", AccountId::as_str))
        .bind(key.kek.0)
        .bind(key.wrapped.as_slice())
        .bind(key.ctx.purpose != Purpose::Credential);
    Ok(query.execute(connection).await?.rows_affected())
}

/// Runs a statement for each of some keys.
async fn each(
    connection: &mut SqliteConnection,
    keys: &[(AccountId, Uuid)],
    statement: &'static str,
) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for (account, key) in keys {
        let query = sqlx::query(statement)
            .bind(account.as_str())
            .bind(key.as_bytes().as_slice());
        rows += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(rows)
}

async fn promote(connection: &mut SqliteConnection, id: KekId) -> Result<u64, sqlx::Error> {
    let known = sqlx::query("SELECT 1 FROM kek WHERE id = ?")
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_none() {
        return Ok(0);
    }
    // In two steps: at no moment may two be current.
    sqlx::query("UPDATE kek SET current = 0 WHERE current = 1")
        .execute(&mut *connection)
        .await?;
    let query = sqlx::query("UPDATE kek SET current = 1 WHERE id = ?").bind(id.0);
    Ok(query.execute(connection).await?.rows_affected())
}

async fn rewrap(connection: &mut SqliteConnection, keys: &[(WrappedKey, KekId)]) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for (key, before) in keys {
        // One that was destroyed meanwhile stays destroyed.
        let query = sqlx::query("UPDATE wrapped_key SET kek = ?, wrapped = ? WHERE id = ? AND kek = ?")
            .bind(key.kek.0)
            .bind(key.wrapped.as_slice())
            .bind(key.ctx.id.as_bytes().as_slice())
            .bind(before.0);
        rows += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(rows)
}
