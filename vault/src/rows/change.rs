use domain::DekId;
use sqlx::{Row, SqliteConnection};

use super::{NewRow, STORE, SecretId, read};
use crate::writer::Change;

/// A change of the database of envelopes.
pub(crate) enum RowChange {
    /// Writes a pending row, in the place of another pending row of the same version; nothing, when that is live.
    Put(Box<NewRow>),
    /// Makes a row live.
    MakeLive(SecretId),
    /// Removes a row when it is pending.
    Discard(SecretId),
    /// Removes rows.
    Remove(Vec<SecretId>),
}

/// What came of a change.
#[derive(Default)]
pub(crate) struct RowOutcome {
    /// How many rows it found or wrote.
    pub rows: u64,
    /// The keys of the rows that it took away or replaced.
    pub deks: Vec<DekId>,
}

impl Change for RowChange {
    type Outcome = RowOutcome;
    const STORE: &'static str = STORE;

    fn may_lag(&self) -> bool {
        // A row that is pending again after a power cut is not lost: its event is in the log, by which the sweeper
        // makes it live, and until then it opens all the same.
        matches!(self, Self::MakeLive(_))
    }

    fn truncates(&self) -> bool {
        matches!(self, Self::Discard(_) | Self::Remove(_))
    }

    async fn apply(&self, connection: &mut SqliteConnection) -> Result<RowOutcome, sqlx::Error> {
        match self {
            Self::Put(row) => put(connection, row).await,
            Self::MakeLive(id) => make_live(connection, *id).await,
            Self::Discard(id) => {
                let query =
                    "DELETE FROM secret WHERE credential = ? AND version = ? AND state = 'pending' RETURNING dek";
                remove(connection, query, &[*id]).await
            }
            Self::Remove(ids) => {
                let query = "DELETE FROM secret WHERE credential = ? AND version = ? RETURNING dek";
                remove(connection, query, ids).await
            }
        }
    }
}

async fn put(connection: &mut SqliteConnection, row: &NewRow) -> Result<RowOutcome, sqlx::Error> {
    let credential = row.ctx.credential.uuid();
    let query = sqlx::query("SELECT dek, state FROM secret WHERE credential = ? AND version = ?")
        .bind(credential.as_bytes().as_slice())
        .bind(row.ctx.version);
    let mut deks = Vec::new();
    if let Some(present) = query.fetch_optional(&mut *connection).await? {
        if present.try_get::<&str, _>("state")? != "pending" {
            return Ok(RowOutcome::default());
        }
        deks.push(DekId::new(read::uuid(&present, "dek")?));
    }
    let query = "INSERT OR REPLACE INTO secret \
                 (credential, version, account, provider, dek, envelope, sha256, state, created_at, masked, public) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)";
    let query = sqlx::query(query)
        .bind(credential.as_bytes().as_slice())
        .bind(row.ctx.version)
        .bind(row.ctx.account.as_str())
        .bind(row.ctx.provider.as_str())
        .bind(row.dek.uuid().as_bytes().to_vec())
        .bind(row.envelope.as_slice())
        .bind(row.sha256.as_bytes().as_slice())
        .bind(row.created_at.timestamp_millis())
        .bind(row.masked.as_str())
        .bind(row.public.as_str());
    let rows = query.execute(connection).await?.rows_affected();
    Ok(RowOutcome { rows, deks })
}

async fn make_live(connection: &mut SqliteConnection, id: SecretId) -> Result<RowOutcome, sqlx::Error> {
    let query = sqlx::query("UPDATE secret SET state = 'live' WHERE credential = ? AND version = ?")
        .bind(id.0.uuid().as_bytes().to_vec())
        .bind(id.1);
    Ok(RowOutcome {
        rows: query.execute(connection).await?.rows_affected(),
        deks: Vec::new(),
    })
}

async fn remove(
    connection: &mut SqliteConnection,
    query: &'static str,
    ids: &[SecretId],
) -> Result<RowOutcome, sqlx::Error> {
    let mut outcome = RowOutcome::default();
    for (credential, version) in ids {
        let query = sqlx::query(query)
            .bind(credential.uuid().as_bytes().to_vec())
            .bind(*version);
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            outcome.rows += 1;
            outcome.deks.push(DekId::new(read::uuid(&row, "dek")?));
        }
    }
    Ok(outcome)
}
