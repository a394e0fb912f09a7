use domain::DekId;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::{NewRow, STORE, SecretId, read};
use crate::writer::Change;

/// A change of the database of envelopes.
pub(crate) enum RowChange {
    /// Writes a pending row.
    Put(Box<NewRow>),
    /// Makes a row live.
    MakeLive(DekId),
    /// Removes a row when it is pending.
    Discard(DekId),
    /// Removes all rows of these versions.
    Remove(Vec<SecretId>),
}

/// What came of a change.
#[derive(Default)]
pub(crate) struct RowOutcome {
    /// How many rows it found or wrote.
    pub rows: u64,
    /// The keys of the rows that it took away.
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
            Self::MakeLive(dek) => make_live(connection, *dek).await,
            Self::Discard(dek) => discard(connection, *dek).await,
            Self::Remove(ids) => remove(connection, ids).await,
        }
    }
}

async fn put(connection: &mut SqliteConnection, row: &NewRow) -> Result<RowOutcome, sqlx::Error> {
    let query = "INSERT INTO secret \
                 (credential, version, account, provider, dek, envelope, sha256, state, created_at, masked, public) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)";
    let query = sqlx::query(query)
        .bind(row.ctx.credential.uuid().as_bytes().to_vec())
        .bind(row.ctx.version)
        .bind(row.ctx.account.as_str())
        .bind(row.ctx.provider.as_str())
        .bind(row.dek.uuid().as_bytes().to_vec())
        .bind(row.envelope.as_slice())
        .bind(row.sha256.as_bytes().as_slice())
        .bind(row.created_at.timestamp_millis())
        .bind(row.masked.as_str())
        .bind(row.public.as_str());
    Ok(RowOutcome {
        rows: query.execute(connection).await?.rows_affected(),
        deks: Vec::new(),
    })
}

async fn make_live(connection: &mut SqliteConnection, dek: DekId) -> Result<RowOutcome, sqlx::Error> {
    let query = sqlx::query("UPDATE secret SET state = 'live' WHERE dek = ?").bind(dek.uuid().as_bytes().to_vec());
    Ok(RowOutcome {
        rows: query.execute(connection).await?.rows_affected(),
        deks: Vec::new(),
    })
}

async fn discard(connection: &mut SqliteConnection, dek: DekId) -> Result<RowOutcome, sqlx::Error> {
    let query = "DELETE FROM secret WHERE dek = ? AND state = 'pending' RETURNING dek";
    let removed = sqlx::query(query)
        .bind(dek.uuid().as_bytes().to_vec())
        .fetch_all(connection)
        .await?;
    taken_away(&removed)
}

async fn remove(connection: &mut SqliteConnection, ids: &[SecretId]) -> Result<RowOutcome, sqlx::Error> {
    let mut removed = Vec::with_capacity(ids.len());
    for (credential, version) in ids {
        let query = sqlx::query("DELETE FROM secret WHERE credential = ? AND version = ? RETURNING dek")
            .bind(credential.uuid().as_bytes().to_vec())
            .bind(*version);
        removed.extend(query.fetch_all(&mut *connection).await?);
    }
    taken_away(&removed)
}

fn taken_away(rows: &[SqliteRow]) -> Result<RowOutcome, sqlx::Error> {
    let deks: Vec<DekId> = rows
        .iter()
        .map(|row| read::uuid(row, "dek").map(DekId::new))
        .collect::<Result<_, _>>()?;
    Ok(RowOutcome {
        rows: deks.len() as u64,
        deks,
    })
}
