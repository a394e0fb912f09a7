//! The schema `keystore`.

mod change;
mod copy;
mod read;

use async_trait::async_trait;
use domain::{AccountId, KekId};
use sqlx::migrate::Migrator;
use uuid::Uuid;

use super::{CredentialKeys, KeyChange, KeyOutcome, Keystore, KnownKek, STORE, StoredKey, WrappedKey};
use crate::VaultError;
use crate::postgres::{PostgresUrl, Server, Vacuum};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/keystore/postgres");

/// The keystore on a server. Each change is a transaction of its own, so that many run at once, on however many nodes.
pub(crate) struct PostgresKeystore {
    server: Server,
    vacuum: Vacuum,
}

impl PostgresKeystore {
    /// The schema at `url`, which is up to date.
    pub(crate) fn new(url: &PostgresUrl) -> Self {
        Self {
            server: Server::new(url, STORE),
            vacuum: Vacuum::new("VACUUM (SKIP_LOCKED) keystore.wrapped_key"),
        }
    }

    /// The same, with the account taken out of every `WHERE`.
    #[cfg(test)]
    pub(crate) fn by_policy_alone(url: &PostgresUrl) -> Self {
        let mut this = Self::new(url);
        this.server.policy_alone = true;
        this
    }
}

#[async_trait]
impl Keystore for PostgresKeystore {
    async fn pair(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.server.pair("SELECT id FROM keystore.pair").await
    }

    async fn change(&self, change: KeyChange) -> Result<KeyOutcome, VaultError> {
        let outcome = self.server.within(change::apply(&self.server, &change)).await?;
        if outcome.rows > 0 && change.erases() {
            self.vacuum.run(&self.server).await;
        }
        Ok(outcome)
    }

    async fn request_digest_key(&self) -> Result<Option<WrappedKey>, VaultError> {
        self.server.within(read::request_digest_key(&self.server)).await
    }

    async fn key(&self, account: &AccountId, id: Uuid) -> Result<Option<WrappedKey>, VaultError> {
        self.server.within(read::key(&self.server, account, id)).await
    }

    async fn fingerprint_key(&self, account: &AccountId) -> Result<Option<WrappedKey>, VaultError> {
        self.server.within(read::fingerprint_key(&self.server, account)).await
    }

    async fn not_wrapped_by(&self, kek: KekId, max: u32) -> Result<Vec<WrappedKey>, VaultError> {
        self.server.within(read::not_wrapped_by(&self.server, kek, max)).await
    }

    async fn keks(&self) -> Result<Vec<KnownKek>, VaultError> {
        self.server.within(read::keks(&self.server)).await
    }

    async fn counts(&self) -> Result<Vec<(KekId, u64)>, VaultError> {
        self.server.within(read::counts(&self.server)).await
    }

    async fn in_use(&self) -> Result<Vec<KekId>, VaultError> {
        self.server.within(read::in_use(&self.server)).await
    }

    /// Only those that are an hour old by the database's clock: a seal is over long before that, on whatever node. One
    /// that is not fails when it wants to place its key, and loses nothing.
    async fn unplaced(&self, after: Option<Uuid>, max: u32) -> Result<Vec<(AccountId, Uuid)>, VaultError> {
        self.server.within(read::unplaced(&self.server, after, max)).await
    }

    async fn page(&self, after: Option<Uuid>, max: u32) -> Result<Vec<StoredKey>, VaultError> {
        self.server.within(copy::page(&self.server, after, max)).await
    }

    async fn credential_keys(&self) -> Result<CredentialKeys, VaultError> {
        self.server.within(read::credential_keys(&self.server)).await
    }

    async fn close(&self) {
        self.server.close().await;
    }
}
