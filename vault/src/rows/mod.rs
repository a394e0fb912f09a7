//! `vault.db`: the envelopes, and what may be shown of each.

mod change;
mod read;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId, DekId, Sha256Digest};
use sqlx::migrate::Migrator;
use sqlx::{SqliteConnection, SqlitePool};

use crate::lock::OpenLock;
use crate::sqlite;
use crate::writer::{Committed, Writer};
use crate::{Hints, PendingSecret, SecretContext, VaultError};

pub(crate) use change::{RowChange, RowOutcome};

/// Its name in messages.
pub(crate) const STORE: &str = "vault";

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/vault/sqlite");

/// A credential and a version of it. One row of it is live at most; each attempt to save it has a pending row of its own
/// until then, so that a row is addressed by its key.
pub(crate) type SecretId = (CredentialId, u32);

/// A row that is to be written.
pub(crate) struct NewRow {
    /// What it belongs to.
    pub ctx: SecretContext,
    /// The key that it was sealed with.
    pub dek: DekId,
    /// The sealed fields.
    pub envelope: Vec<u8>,
    /// The digest of the envelope.
    pub sha256: Sha256Digest,
    /// When.
    pub created_at: DateTime<Utc>,
    /// JSON for display.
    pub masked: String,
    /// JSON for display.
    pub public: String,
}

/// What is read of a row to open it.
pub(crate) struct SealedRow {
    /// What it belongs to, as the database says.
    pub ctx: SecretContext,
    /// The sealed fields.
    pub envelope: Vec<u8>,
}

/// Opens the file for writing.
pub(crate) async fn connect(path: &Path) -> Result<SqliteConnection, VaultError> {
    sqlite::writer(path, STORE, &MIGRATIONS).await
}

/// The open database of envelopes.
pub(crate) struct Rows {
    readers: SqlitePool,
    writer: Writer<RowChange>,
}

impl Rows {
    /// Takes the connection for writing over, and opens some for reading.
    pub(crate) async fn start(path: &Path, writer: SqliteConnection, lock: Arc<OpenLock>) -> Result<Self, VaultError> {
        let readers = sqlite::readers(path, STORE).await?;
        Ok(Self {
            readers,
            writer: Writer::start(writer, lock),
        })
    }

    /// Applies a change.
    pub(crate) async fn change(&self, change: RowChange) -> Result<RowOutcome, VaultError> {
        self.remove(change).await?.for_good()
    }

    /// Applies a change that takes rows away. Also when their bytes may still stand in the write-ahead log it tells which
    /// keys they had: these must not outlive them.
    pub(crate) async fn remove(&self, change: RowChange) -> Result<Committed<RowOutcome>, VaultError> {
        self.writer.submit(change).await
    }

    /// Closes all connections, the writing one last: it puts the write-ahead log back into the database.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The row that was sealed with a key.
    pub(crate) async fn sealed(&self, dek: DekId) -> Result<Option<SealedRow>, VaultError> {
        read::sealed(&self.readers, dek).await.map_err(VaultError::of(STORE))
    }

    /// The ids of the keys of these rows, as far as they exist.
    pub(crate) async fn deks(&self, ids: &[SecretId]) -> Result<Vec<DekId>, VaultError> {
        read::deks(&self.readers, ids).await.map_err(VaultError::of(STORE))
    }

    /// What may be shown of these rows, as far as they exist and belong to the account.
    pub(crate) async fn hints(
        &self,
        account: &AccountId,
        ids: &[SecretId],
    ) -> Result<HashMap<SecretId, Hints>, VaultError> {
        read::hints(&self.readers, account, ids)
            .await
            .map_err(VaultError::of(STORE))
    }

    /// The pending rows that are older than that, oldest first.
    pub(crate) async fn pending(&self, older_than: DateTime<Utc>) -> Result<Vec<PendingSecret>, VaultError> {
        read::pending(&self.readers, older_than)
            .await
            .map_err(VaultError::of(STORE))
    }

    /// What the rows of an account belong to.
    pub(crate) async fn of_account(&self, account: &AccountId) -> Result<Vec<SecretContext>, VaultError> {
        read::of_account(&self.readers, account)
            .await
            .map_err(VaultError::of(STORE))
    }

    /// A page of what all rows belong to, by credential and version.
    pub(crate) async fn page(&self, after: Option<SecretId>, max: u32) -> Result<Vec<SecretContext>, VaultError> {
        read::page(&self.readers, after, max)
            .await
            .map_err(VaultError::of(STORE))
    }

    /// How many rows are pending, and how many live.
    pub(crate) async fn counts(&self) -> Result<(u64, u64), VaultError> {
        read::counts(&self.readers).await.map_err(VaultError::of(STORE))
    }
}
