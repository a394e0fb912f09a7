//! `vault.db`.

mod change;
mod copy;
mod read;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{AccountId, DekId};
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;

use super::{RowChange, RowId, Rows, STORE, SealedRow, SecretId, StoredRow};
use crate::committed::Committed;
use crate::sqlite::{self, OpenLock, Writer};
use crate::{Hints, PendingSecret, SecretContext, VaultError};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/vault/sqlite");

/// The file of envelopes, open.
pub(crate) struct SqliteRows {
    readers: SqlitePool,
    writer: Writer<RowChange>,
}

impl SqliteRows {
    /// Opens the file for writing and for reading, makes it when it is not there, and holds the lock until it is closed.
    pub(crate) async fn open(path: &Path, lock: Arc<OpenLock>) -> Result<Self, VaultError> {
        let writer = sqlite::writer(path, STORE, &MIGRATIONS).await?;
        Ok(Self {
            readers: sqlite::readers(path, STORE).await?,
            writer: Writer::start(writer, lock),
        })
    }
}

#[async_trait]
impl Rows for SqliteRows {
    async fn pair(&self) -> Result<Option<Vec<u8>>, VaultError> {
        sqlite::pair(&self.readers).await.map_err(VaultError::of(STORE))
    }

    async fn change(&self, change: RowChange) -> Result<Committed<u64>, VaultError> {
        self.writer.submit(change).await
    }

    async fn sealed(&self, account: &AccountId, dek: DekId) -> Result<Option<SealedRow>, VaultError> {
        let found = read::sealed(&self.readers, account, dek).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn attempts(&self, ids: &[SecretId]) -> Result<Vec<(AccountId, DekId)>, VaultError> {
        let found = read::attempts(&self.readers, ids).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn hints(&self, account: &AccountId, ids: &[SecretId]) -> Result<HashMap<SecretId, Hints>, VaultError> {
        let found = read::hints(&self.readers, account, ids).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn pending(&self, older_than: DateTime<Utc>) -> Result<Vec<PendingSecret>, VaultError> {
        let found = read::pending(&self.readers, older_than).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn of_account(&self, account: &AccountId) -> Result<Vec<SecretContext>, VaultError> {
        let found = read::of_account(&self.readers, account).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn page(&self, after: Option<SecretId>, max: u32) -> Result<Vec<SecretContext>, VaultError> {
        let found = read::page(&self.readers, after, max).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn stored(&self, after: Option<RowId>, max: u32) -> Result<Vec<StoredRow>, VaultError> {
        let found = copy::stored(&self.readers, after, max).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn present(&self, deks: &[DekId]) -> Result<Vec<DekId>, VaultError> {
        let found = read::present(&self.readers, deks).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn counts(&self) -> Result<(u64, u64), VaultError> {
        read::counts(&self.readers).await.map_err(VaultError::of(STORE))
    }

    /// The writing one last: it puts the write-ahead log back into the database.
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
