use domain::{AccountId, DekId};
use sqlx::{Postgres, Transaction};

use super::copy;
use crate::postgres::{Scope, Server, let_lag, set_scope};
use crate::rows::{NewRow, RowChange};

const PUT: &str = "INSERT INTO vault.secret \
                   (credential, version, account, provider, dek, envelope, sha256, state, created_at, masked, public) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)";
const MAKE_LIVE: &str = "UPDATE vault.secret SET state = 'live' WHERE account = $1 AND dek = $2";
const DISCARD: &str = "DELETE FROM vault.secret WHERE account = $1 AND dek = $2 AND state = 'pending'";
const REMOVE: &str = "DELETE FROM vault.secret WHERE account = $1 AND dek = $2";

/// Applies a change in a transaction of its own, which sees the rows of the accounts that the change names and no others.
/// Two changes of one row wait for each other; the later one finds what the earlier one made of it.
pub(super) async fn apply(server: &Server, change: &RowChange) -> Result<u64, sqlx::Error> {
    let scope = match change {
        RowChange::Put(row) => Scope::Account(&row.ctx.account),
        RowChange::MakeLive(account, _) | RowChange::Discard(account, _) => Scope::Account(account),
        RowChange::Remove(rows) => match rows.first() {
            Some((account, _)) => Scope::Account(account),
            None => return Ok(0),
        },
        RowChange::Join(_) | RowChange::Copy(_) => Scope::All,
    };
    let mut transaction = server.begin(scope).await?;
    if change.may_lag() {
        let_lag(&mut transaction).await?;
    }
    let rows = match change {
        RowChange::Join(pair) => {
            let query = sqlx::query("INSERT INTO vault.pair (one, id) VALUES (1, $1)").bind(pair.as_slice());
            query.execute(&mut *transaction).await?.rows_affected()
        }
        RowChange::Put(row) => put(&mut transaction, row).await?,
        RowChange::MakeLive(account, dek) => one(&mut transaction, server, MAKE_LIVE, account, *dek).await?,
        RowChange::Discard(account, dek) => one(&mut transaction, server, DISCARD, account, *dek).await?,
        RowChange::Remove(rows) => {
            let mut removed = 0;
            for (account, dek) in rows {
                set_scope(&mut transaction, Scope::Account(account)).await?;
                removed += one(&mut transaction, server, REMOVE, account, *dek).await?;
            }
            removed
        }
        RowChange::Copy(rows) => copy::copy(&mut transaction, rows).await?,
    };
    transaction.commit().await?;
    Ok(rows)
}

async fn put(transaction: &mut Transaction<'_, Postgres>, row: &NewRow) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(PUT)
        .bind(row.ctx.credential.uuid().as_bytes().as_slice())
        .bind(i64::from(row.ctx.version))
        .bind(row.ctx.account.as_str())
        .bind(row.ctx.provider.as_str())
        .bind(row.dek.uuid().as_bytes().to_vec())
        .bind(row.envelope.as_slice())
        .bind(row.sha256.as_bytes().as_slice())
        .bind(row.created_at.timestamp_millis())
        .bind(row.masked.as_str())
        .bind(row.public.as_str());
    Ok(query.execute(&mut **transaction).await?.rows_affected())
}

/// Runs a statement for one row.
async fn one(
    transaction: &mut Transaction<'_, Postgres>,
    server: &Server,
    statement: &'static str,
    account: &AccountId,
    dek: DekId,
) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(server.of_tenant(statement))
        .bind(account.as_str())
        .bind(dek.uuid().as_bytes().to_vec());
    Ok(query.execute(&mut **transaction).await?.rows_affected())
}
