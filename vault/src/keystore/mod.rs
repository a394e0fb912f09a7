//! `keystore.db`: the wrapped keys, and how to recognise the keys that wrapped them.

mod change;
mod read;

use std::path::Path;
use std::sync::Arc;

use domain::{AccountId, KekId};
use sqlx::migrate::Migrator;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use crate::VaultError;
use crate::lock::OpenLock;
use crate::sqlite;
use crate::wrap::KeyContext;
use crate::writer::Writer;

pub(crate) use change::{KeyChange, KeyOutcome};
pub(crate) use read::{keks, keks_in_use, request_digest_key};

/// Its name in messages.
pub(crate) const STORE: &str = "keystore";

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/keystore/sqlite");

/// A key as the keystore holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    /// What it is bound to.
    pub ctx: KeyContext,
    /// The key that wrapped it.
    pub kek: KekId,
    /// The bytes.
    pub wrapped: Vec<u8>,
}

/// A key-encryption key as the keystore knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownKek {
    /// Its number.
    pub id: KekId,
    /// What it is recognised by.
    pub check: Vec<u8>,
    /// Whether it wraps new keys.
    pub current: bool,
}

/// How much one key-encryption key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekStatus {
    /// Its number.
    pub id: KekId,
    /// Whether it wraps new keys.
    pub current: bool,
    /// Whether the key ring holds it. One that is not there and wraps nothing is retired.
    pub in_ring: bool,
    /// How many keys it wraps.
    pub keys: u64,
}

/// Opens the file for writing.
pub(crate) async fn connect(path: &Path) -> Result<SqliteConnection, VaultError> {
    sqlite::writer(path, STORE, &MIGRATIONS).await
}

/// The open keystore.
pub(crate) struct Keystore {
    readers: SqlitePool,
    writer: Writer<KeyChange>,
}

impl Keystore {
    /// Takes the connection for writing over, and opens some for reading.
    pub(crate) async fn start(path: &Path, writer: SqliteConnection, lock: Arc<OpenLock>) -> Result<Self, VaultError> {
        let readers = sqlite::readers(path, STORE).await?;
        Ok(Self {
            readers,
            writer: Writer::start(writer, lock),
        })
    }

    /// Applies a change, durably.
    pub(crate) async fn change(&self, change: KeyChange) -> Result<KeyOutcome, VaultError> {
        self.writer.submit(change).await?.for_good()
    }

    /// Destroys keys, also in the write-ahead log. Without them nobody opens what they sealed.
    pub(crate) async fn destroy(&self, keys: Vec<Uuid>) -> Result<(), VaultError> {
        self.change(KeyChange::Remove(keys)).await.map(drop)
    }

    /// Closes all connections, the writing one last: it puts the write-ahead log back into the database.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// One key.
    pub(crate) async fn key(&self, id: Uuid) -> Result<Option<WrappedKey>, VaultError> {
        read::key(&self.readers, id).await.map_err(VaultError::of(STORE))
    }

    /// The fingerprint key of an account.
    pub(crate) async fn fingerprint_key(&self, account: &AccountId) -> Result<Option<WrappedKey>, VaultError> {
        read::fingerprint_key(&self.readers, account)
            .await
            .map_err(VaultError::of(STORE))
    }

    /// At most `max` keys that `kek` does not wrap.
    pub(crate) async fn not_wrapped_by(&self, kek: KekId, max: u32) -> Result<Vec<WrappedKey>, VaultError> {
        read::not_wrapped_by(&self.readers, kek, max)
            .await
            .map_err(VaultError::of(STORE))
    }

    /// All key-encryption keys that it knows.
    pub(crate) async fn keks(&self) -> Result<Vec<KnownKek>, VaultError> {
        let mut connection = self.readers.acquire().await.map_err(VaultError::of(STORE))?;
        keks(&mut connection).await.map_err(VaultError::of(STORE))
    }

    /// How many keys each of them wraps.
    pub(crate) async fn counts(&self) -> Result<Vec<(KekId, u64)>, VaultError> {
        read::counts(&self.readers).await.map_err(VaultError::of(STORE))
    }

    /// The numbers of those that wrap something.
    pub(crate) async fn in_use(&self) -> Result<Vec<KekId>, VaultError> {
        let mut connection = self.readers.acquire().await.map_err(VaultError::of(STORE))?;
        keks_in_use(&mut connection).await.map_err(VaultError::of(STORE))
    }
}
