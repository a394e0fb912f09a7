//! `keystore.db`.

mod change;
mod copy;
mod read;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccountId, KekId};
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use uuid::Uuid;

use super::{CredentialKeys, KeyChange, KeyOutcome, Keystore, KnownKek, STORE, StoredKey, WrappedKey};
use crate::VaultError;
use crate::sqlite::{self, OpenLock, Writer};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/keystore/sqlite");

/// The keystore's file, open.
pub(crate) struct SqliteKeystore {
    readers: SqlitePool,
    writer: Writer<KeyChange>,
}

impl SqliteKeystore {
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
impl Keystore for SqliteKeystore {
    async fn pair(&self) -> Result<Option<Vec<u8>>, VaultError> {
        sqlite::pair(&self.readers).await.map_err(VaultError::of(STORE))
    }

    async fn change(&self, change: KeyChange) -> Result<KeyOutcome, VaultError> {
        self.writer.submit(change).await?.for_good()
    }

    async fn request_digest_key(&self) -> Result<Option<WrappedKey>, VaultError> {
        let found = read::request_digest_key(&self.readers).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn key(&self, account: &AccountId, id: Uuid) -> Result<Option<WrappedKey>, VaultError> {
        let found = read::key(&self.readers, account, id).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn fingerprint_key(&self, account: &AccountId) -> Result<Option<WrappedKey>, VaultError> {
        let found = read::fingerprint_key(&self.readers, account).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn not_wrapped_by(&self, kek: KekId, max: u32) -> Result<Vec<WrappedKey>, VaultError> {
        let found = read::not_wrapped_by(&self.readers, kek, max).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn keks(&self) -> Result<Vec<KnownKek>, VaultError> {
        read::keks(&self.readers).await.map_err(VaultError::of(STORE))
    }

    async fn counts(&self) -> Result<Vec<(KekId, u64)>, VaultError> {
        read::counts(&self.readers).await.map_err(VaultError::of(STORE))
    }

    async fn in_use(&self) -> Result<Vec<KekId>, VaultError> {
        read::in_use(&self.readers).await.map_err(VaultError::of(STORE))
    }

    /// Of whatever age: who asks is alone with the file, as its lock says.
    async fn unplaced(&self, after: Option<Uuid>, max: u32) -> Result<Vec<(AccountId, Uuid)>, VaultError> {
        let found = read::unplaced(&self.readers, after, max).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn page(&self, after: Option<Uuid>, max: u32) -> Result<Vec<StoredKey>, VaultError> {
        let found = copy::page(&self.readers, after, max).await;
        found.map_err(VaultError::of(STORE))
    }

    async fn credential_keys(&self) -> Result<CredentialKeys, VaultError> {
        let found = read::credential_keys(&self.readers).await;
        found.map_err(VaultError::of(STORE))
    }

    /// The writing one last: it puts the write-ahead log back into the database.
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
