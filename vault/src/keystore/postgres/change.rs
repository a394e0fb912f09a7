use domain::{AccountId, KekId};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{copy, read};
use crate::keystore::{Founding, KeyChange, KeyOutcome, WrappedKey};
use crate::postgres::{Scope, Server, let_lag, malformed, set_scope};
use crate::wrap::Purpose;

// The row of the key that wraps is held until the commit: nobody promotes another one in between, so that a key that is
// being rotated out gets no more to wrap.
const INSERT: &str = "INSERT INTO keystore.wrapped_key (id, purpose, account, kek, wrapped, placed) \
                      SELECT $1, $2, $3, k.id, $5, $6 FROM keystore.kek k WHERE k.id = $4 AND k.current FOR SHARE";
const INSERT_FINGERPRINT: &str = "INSERT INTO keystore.wrapped_key (id, purpose, account, kek, wrapped, placed) \
                                  VALUES ($1, $2, $3, $4, $5, $6) \
                                  ON CONFLICT (account) WHERE purpose = 'fingerprint' DO NOTHING";
const PLACE: &str = "UPDATE keystore.wrapped_key SET placed = true WHERE account = $1 AND id = $2";
const UNPLACE: &str = "UPDATE keystore.wrapped_key SET placed = false WHERE account = $1 AND id = $2";
const SWEEP: &str = "DELETE FROM keystore.wrapped_key WHERE account = $1 AND id = $2 AND NOT placed";
const REMOVE: &str = "DELETE FROM keystore.wrapped_key WHERE account = $1 AND id = $2";
const REMOVE_ACCOUNT: &str = "DELETE FROM keystore.wrapped_key WHERE account = $1";
const UNREGISTER: &str = "DELETE FROM keystore.kek WHERE id = $1 AND NOT current \
                          AND NOT EXISTS (SELECT 1 FROM keystore.wrapped_key WHERE kek = $1)";
// One that was destroyed meanwhile stays destroyed.
const REWRAP: &str = "UPDATE keystore.wrapped_key SET kek = $1, wrapped = $2 WHERE id = $3 AND kek = $4";

type InTransaction<'a> = Transaction<'a, Postgres>;

/// Applies a change in a transaction of its own, which sees the keys of the accounts that the change names and no others.
pub(super) async fn apply(server: &Server, change: &KeyChange) -> Result<KeyOutcome, sqlx::Error> {
    let mut transaction = server.begin(scope(change)).await?;
    if change.may_lag() {
        let_lag(&mut transaction).await?;
    }
    let open = &mut transaction;
    let mut outcome = KeyOutcome::default();
    outcome.rows = match change {
        KeyChange::Found(founding) => found(open, founding).await?,
        KeyChange::Add { key, fingerprint } => {
            let rows = insert(open, INSERT, key).await?;
            if let (1.., Some(fresh)) = (rows, fingerprint) {
                outcome.fingerprint = add_fingerprint(open, fresh).await?;
            }
            rows
        }
        KeyChange::Place(keys) => each(open, server, PLACE, keys).await?,
        KeyChange::Unplace(account, key) => each(open, server, UNPLACE, &[(account.clone(), *key)]).await?,
        KeyChange::Sweep(keys) => each(open, server, SWEEP, keys).await?,
        KeyChange::Remove(keys) => each(open, server, REMOVE, keys).await?,
        KeyChange::RemoveAccount(account) => {
            let query = sqlx::query(server.of_tenant(REMOVE_ACCOUNT)).bind(account.as_str());
            query.execute(&mut **open).await?.rows_affected()
        }
        KeyChange::Register { id, check } => register(open, *id, check).await?,
        KeyChange::Promote(id) => promote(open, *id).await?,
        KeyChange::Unregister(id) => {
            alone(open).await?;
            let query = sqlx::query(UNREGISTER).bind(i64::from(id.0));
            query.execute(&mut **open).await?.rows_affected()
        }
        KeyChange::Rewrap { keys, .. } => rewrap(open, keys).await?,
        KeyChange::CopyKeks(keks) => copy::keks(open, keks).await?,
        KeyChange::CopyKeys(keys) => copy::keys(open, keys).await?,
        KeyChange::Join(pair) => join(open, pair).await?,
    };
    transaction.commit().await?;
    Ok(outcome)
}

/// Lists of keys begin with the account of the first; [`each`] goes on from there.
fn scope(change: &KeyChange) -> Scope<'_> {
    let account = match change {
        KeyChange::Add { key, .. } => key.ctx.account.as_ref(),
        KeyChange::Unplace(account, _) | KeyChange::RemoveAccount(account) => Some(account),
        KeyChange::Place(keys) | KeyChange::Sweep(keys) | KeyChange::Remove(keys) => {
            keys.first().map(|(account, _)| account)
        }
        KeyChange::Found(_)
        | KeyChange::Register { .. }
        | KeyChange::Promote(_)
        | KeyChange::Unregister(_)
        | KeyChange::Rewrap { .. }
        | KeyChange::CopyKeks(_)
        | KeyChange::CopyKeys(_)
        | KeyChange::Join(_) => None,
    };
    account.map_or(Scope::All, Scope::Account)
}

async fn found(transaction: &mut InTransaction<'_>, founding: &Founding) -> Result<u64, sqlx::Error> {
    for kek in &founding.keks {
        register(transaction, kek.id, &kek.check).await?;
        if kek.current {
            promote(transaction, kek.id).await?;
        }
    }
    insert(transaction, INSERT, &founding.digest_key).await?;
    join(transaction, &founding.pair).await
}

async fn join(transaction: &mut InTransaction<'_>, pair: &[u8]) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("INSERT INTO keystore.pair (one, id) VALUES (1, $1)").bind(pair);
    Ok(query.execute(&mut **transaction).await?.rows_affected())
}

async fn insert(
    transaction: &mut InTransaction<'_>,
    statement: &'static str,
    key: &WrappedKey,
) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(statement)
        .bind(key.ctx.id.as_bytes().as_slice())
        .bind(key.ctx.purpose.name())
        .bind(key.ctx.account.as_ref().map_or("", AccountId::as_str))
        .bind(i64::from(key.kek.0))
        .bind(key.wrapped.as_slice())
        .bind(key.ctx.purpose != Purpose::Credential);
    Ok(query.execute(&mut **transaction).await?.rows_affected())
}

/// Adds an account's fingerprint key, or gives the one that another node added just before: it waits for that one's
/// commit.
async fn add_fingerprint(
    transaction: &mut InTransaction<'_>,
    fresh: &WrappedKey,
) -> Result<Option<WrappedKey>, sqlx::Error> {
    let account = fresh.ctx.account.as_ref();
    let account = account.ok_or_else(|| malformed("a fingerprint key belongs to nobody"))?;
    // Between the two looks it may be destroyed, with all others of its account; not over and over.
    for _ in 0..3 {
        if insert(transaction, INSERT_FINGERPRINT, fresh).await? > 0 {
            return Ok(None);
        }
        let present = read::fingerprint_key_in(transaction, account).await?;
        if present.is_some() {
            return Ok(present);
        }
    }
    Err(malformed("the account's fingerprint key comes and goes"))
}

/// Runs a statement for each of some keys, within the rows of its account.
async fn each(
    transaction: &mut InTransaction<'_>,
    server: &Server,
    statement: &'static str,
    keys: &[(AccountId, Uuid)],
) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for (at, (account, key)) in keys.iter().enumerate() {
        if at > 0 {
            set_scope(transaction, Scope::Account(account)).await?;
        }
        let query = sqlx::query(server.of_tenant(statement))
            .bind(account.as_str())
            .bind(key.as_bytes().as_slice());
        rows += query.execute(&mut **transaction).await?.rows_affected();
    }
    Ok(rows)
}

/// Waits for whoever else changes which keys wrap. Those who only wrap go on.
async fn alone(transaction: &mut InTransaction<'_>) -> Result<(), sqlx::Error> {
    let query = sqlx::query("LOCK TABLE keystore.kek IN SHARE ROW EXCLUSIVE MODE");
    query.execute(&mut **transaction).await.map(drop)
}

async fn register(transaction: &mut InTransaction<'_>, id: KekId, check: &[u8]) -> Result<u64, sqlx::Error> {
    let query =
        "INSERT INTO keystore.kek (id, check_value, current) VALUES ($1, $2, false) ON CONFLICT (id) DO NOTHING";
    let query = sqlx::query(query).bind(i64::from(id.0)).bind(check);
    Ok(query.execute(&mut **transaction).await?.rows_affected())
}

async fn promote(transaction: &mut InTransaction<'_>, id: KekId) -> Result<u64, sqlx::Error> {
    alone(transaction).await?;
    let known = sqlx::query("SELECT 1 FROM keystore.kek WHERE id = $1").bind(i64::from(id.0));
    if known.fetch_optional(&mut **transaction).await?.is_none() {
        return Ok(0);
    }
    // In two steps: at no moment may two be current.
    let query = sqlx::query("UPDATE keystore.kek SET current = false WHERE current");
    query.execute(&mut **transaction).await?;
    let query = sqlx::query("UPDATE keystore.kek SET current = true WHERE id = $1").bind(i64::from(id.0));
    Ok(query.execute(&mut **transaction).await?.rows_affected())
}

async fn rewrap(transaction: &mut InTransaction<'_>, keys: &[(WrappedKey, KekId)]) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for (key, before) in keys {
        let query = sqlx::query(REWRAP)
            .bind(i64::from(key.kek.0))
            .bind(key.wrapped.as_slice())
            .bind(key.ctx.id.as_bytes().as_slice())
            .bind(i64::from(before.0));
        rows += query.execute(&mut **transaction).await?.rows_affected();
    }
    Ok(rows)
}
