use domain::{AccountId, KekId};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{STORE, WrappedKey, read};
use crate::wrap::KeyContext;
use crate::writer::Change;

/// A change of the keystore.
pub(crate) enum KeyChange {
    /// Adds a credential's key and, for an account that has none yet, its fingerprint key; nothing, when the key that
    /// wrapped them is not the current one any more.
    Add {
        key: WrappedKey,
        fingerprint: Option<WrappedKey>,
    },
    /// Adds the request-digest key.
    AddOwn(WrappedKey),
    /// Destroys keys.
    Remove(Vec<Uuid>),
    /// Destroys all keys of an account.
    RemoveAccount(AccountId),
    /// Makes a key-encryption key known, if another process did not do so just before.
    Register { id: KekId, check: Vec<u8> },
    /// Makes a key-encryption key the current one.
    Promote(KekId),
    /// Forgets a key-encryption key that is not current and wraps nothing.
    Unregister(KekId),
    /// Puts keys that were wrapped anew in the place of the old ones, whose `kek` is the second part. `last`: there are
    /// no more.
    Rewrap { keys: Vec<(WrappedKey, KekId)>, last: bool },
}

/// What came of a change.
#[derive(Default)]
pub(crate) struct KeyOutcome {
    /// How many rows it wrote.
    pub rows: u64,
    /// The fingerprint key that was there already when one was to be added.
    pub fingerprint: Option<WrappedKey>,
}

impl Change for KeyChange {
    type Outcome = KeyOutcome;
    const STORE: &'static str = STORE;

    fn truncates(&self) -> bool {
        match self {
            Self::Remove(_) | Self::RemoveAccount(_) => true,
            // What the old key wrapped must be gone when the old key is thought to be useless.
            Self::Rewrap { last, .. } => *last,
            _ => false,
        }
    }

    async fn apply(&self, connection: &mut SqliteConnection) -> Result<KeyOutcome, sqlx::Error> {
        let rows = match self {
            Self::Add { key, fingerprint } => return add(connection, key, fingerprint.as_ref()).await,
            Self::AddOwn(key) => insert(connection, key).await?,
            Self::Remove(keys) => remove(connection, keys).await?,
            Self::RemoveAccount(account) => {
                let query = sqlx::query("DELETE FROM wrapped_key WHERE account = ?").bind(account.as_str());
                query.execute(connection).await?.rows_affected()
            }
            Self::Register { id, check } => {
                let query = sqlx::query("INSERT OR IGNORE INTO kek (id, check_value, current) VALUES (?, ?, 0)");
                query
                    .bind(id.0)
                    .bind(check.as_slice())
                    .execute(connection)
                    .await?
                    .rows_affected()
            }
            Self::Promote(id) => promote(connection, *id).await?,
            Self::Unregister(id) => {
                let query = "DELETE FROM kek WHERE id = ? AND current = 0 \
                             AND NOT EXISTS (SELECT 1 FROM wrapped_key WHERE kek = kek.id)";
                sqlx::query(query).bind(id.0).execute(connection).await?.rows_affected()
            }
            Self::Rewrap { keys, .. } => rewrap(connection, keys).await?,
        };
        Ok(KeyOutcome {
            rows,
            fingerprint: None,
        })
    }
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
    let query = "INSERT INTO wrapped_key (id, purpose, account, kek, wrapped) \
                 SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM kek WHERE id = ?4 AND current = 1)";
    let query = sqlx::query(query)
        .bind(key.ctx.id.as_bytes().as_slice())
        .bind(key.ctx.purpose.name())
        .bind(key.ctx.account.as_ref().map_or("", AccountId::as_str))
        .bind(key.kek.0)
        .bind(key.wrapped.as_slice());
    Ok(query.execute(connection).await?.rows_affected())
}

async fn remove(connection: &mut SqliteConnection, keys: &[Uuid]) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for key in keys {
        let query = sqlx::query("DELETE FROM wrapped_key WHERE id = ?").bind(key.as_bytes().as_slice());
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
