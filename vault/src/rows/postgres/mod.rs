//! The schema `vault`.

mod change;
mod copy;
mod read;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{AccountId, DekId};
use sqlx::migrate::Migrator;

use super::{RowChange, RowId, Rows, STORE, SealedRow, SecretId, StoredRow};
use crate::committed::Committed;
use crate::postgres::{PostgresUrl, Server, Vacuum};
use crate::{Hints, PendingSecret, SecretContext, VaultError};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/vault/postgres");

/// The envelopes on a server. Each change is a transaction of its own, so that many run at once, on however many nodes.
pub(crate) struct PostgresRows {
    server: Server,
    vacuum: Vacuum,
}

impl PostgresRows {
    /// The schema at `url`, which is up to date.
    pub(crate) fn new(url: &PostgresUrl) -> Self {
        Self {
            server: Server::new(url, STORE),
            vacuum: Vacuum::new("VACUUM (SKIP_LOCKED) vault.secret"),
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
impl Rows for PostgresRows {
    async fn pair(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.server.pair("SELECT id FROM vault.pair").await
    }

    async fn change(&self, change: RowChange) -> Result<Committed<u64>, VaultError> {
        let rows = self.server.within(change::apply(&self.server, &change)).await?;
        if rows > 0 && change.erases() {
            self.vacuum.run(&self.server).await;
        }
        Ok(Committed::new(rows, None))
    }

    async fn sealed(&self, account: &AccountId, dek: DekId) -> Result<Option<SealedRow>, VaultError> {
        self.server.within(read::sealed(&self.server, account, dek)).await
    }

    async fn attempts(&self, ids: &[SecretId]) -> Result<Vec<(AccountId, DekId)>, VaultError> {
        self.server.within(read::attempts(&self.server, ids)).await
    }

    async fn hints(&self, account: &AccountId, ids: &[SecretId]) -> Result<HashMap<SecretId, Hints>, VaultError> {
        self.server.within(read::hints(&self.server, account, ids)).await
    }

    async fn pending(&self, older_than: DateTime<Utc>) -> Result<Vec<PendingSecret>, VaultError> {
        self.server.within(read::pending(&self.server, older_than)).await
    }

    async fn of_account(&self, account: &AccountId) -> Result<Vec<SecretContext>, VaultError> {
        self.server.within(read::of_account(&self.server, account)).await
    }

    async fn page(&self, after: Option<SecretId>, max: u32) -> Result<Vec<SecretContext>, VaultError> {
        self.server.within(read::page(&self.server, after, max)).await
    }

    async fn stored(&self, after: Option<RowId>, max: u32) -> Result<Vec<StoredRow>, VaultError> {
        self.server.within(copy::stored(&self.server, after, max)).await
    }

    async fn present(&self, deks: &[DekId]) -> Result<Vec<DekId>, VaultError> {
        self.server.within(read::present(&self.server, deks)).await
    }

    async fn counts(&self) -> Result<(u64, u64), VaultError> {
        self.server.within(read::counts(&self.server)).await
    }

    async fn close(&self) {
        self.server.close().await;
    }
}
