use domain::DekId;
use sqlx::SqliteConnection;

use super::copy;
use crate::rows::{NewRow, RowChange, STORE};
use crate::sqlite::{self, Change};

impl Change for RowChange {
    type Outcome = u64;
    const STORE: &'static str = STORE;

    fn may_lag(&self) -> bool {
        self.may_lag()
    }

    fn truncates(&self) -> bool {
        self.erases()
    }

    async fn apply(&self, connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        match self {
            Self::Join(pair) => sqlite::write_pair(connection, pair).await,
            Self::Put(row) => put(connection, row).await,
            Self::MakeLive(account, dek) => {
                let query = sqlx::query("UPDATE secret SET state = 'live' WHERE account = ? AND dek = ?")
                    .bind(account.as_str())
                    .bind(bytes(*dek));
                Ok(query.execute(connection).await?.rows_affected())
            }
            Self::Discard(account, dek) => {
                let query = sqlx::query("DELETE FROM secret WHERE account = ? AND dek = ? AND state = 'pending'")
                    .bind(account.as_str())
                    .bind(bytes(*dek));
                Ok(query.execute(connection).await?.rows_affected())
            }
            Self::Remove(rows) => {
                let mut removed = 0;
                for (account, dek) in rows {
                    let query = sqlx::query("DELETE FROM secret WHERE account = ? AND dek = ?")
                        .bind(account.as_str())
                        .bind(bytes(*dek));
                    removed += query.execute(&mut *connection).await?.rows_affected();
                }
                Ok(removed)
            }
            Self::Copy(rows) => copy::copy(connection, rows).await,
        }
    }
}

async fn put(connection: &mut SqliteConnection, row: &NewRow) -> Result<u64, sqlx::Error> {
    let query = "INSERT INTO secret \
                 (credential, version, account, provider, dek, envelope, sha256, state, created_at, masked, public) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)";
    let query = sqlx::query(query)
        .bind(row.ctx.credential.uuid().as_bytes().to_vec())
        .bind(row.ctx.version)
        .bind(row.ctx.account.as_str())
        .bind(row.ctx.provider.as_str())
        .bind(bytes(row.dek))
        .bind(row.envelope.as_slice())
        .bind(row.sha256.as_bytes().as_slice())
        .bind(row.created_at.timestamp_millis())
        .bind(row.masked.as_str())
        .bind(row.public.as_str());
    Ok(query.execute(connection).await?.rows_affected())
}

fn bytes(dek: DekId) -> Vec<u8> {
    dek.uuid().as_bytes().to_vec()
}
