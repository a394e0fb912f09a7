use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{AccountId, CredentialId};

use crate::{Hints, PendingSecret, SecretContext, Vault, VaultError};

impl Vault {
    /// What may be shown of some secrets of an account. Those that do not exist, or belong to another account, are left
    /// out.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn hints(
        &self,
        account: &AccountId,
        ids: &[(CredentialId, u32)],
    ) -> Result<HashMap<(CredentialId, u32), Hints>, VaultError> {
        self.rows.hints(account, ids).await
    }

    /// The pending secrets that were sealed before that time, oldest first. One that an event names by its key is to be
    /// made live, any other to be discarded.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn pending(&self, older_than: DateTime<Utc>) -> Result<Vec<PendingSecret>, VaultError> {
        self.rows.pending(older_than).await
    }

    /// The versions of an account of which there are secrets, pending or live, by credential and version.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn secrets_of(&self, account: &AccountId) -> Result<Vec<SecretContext>, VaultError> {
        self.rows.of_account(account).await
    }

    /// At most `max` versions after `after` of which there are secrets, by credential and version; an empty page is the
    /// end.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn all(&self, after: Option<(CredentialId, u32)>, max: u32) -> Result<Vec<SecretContext>, VaultError> {
        self.rows.page(after, max).await
    }
}
