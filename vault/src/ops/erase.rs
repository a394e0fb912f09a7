use domain::{AccountId, CredentialId, DekId};
use uuid::Uuid;

use crate::keystore::KeyChange;
use crate::rows::{RowChange, SecretId};
use crate::{SecretContext, Vault, VaultError};

impl Vault {
    /// Destroys secrets, live or pending: their keys, then their envelopes and hints, each overwritten and the
    /// write-ahead logs truncated. Once the keys are gone nobody can open them, whatever happens next. What is gone
    /// already is no error, and may be erased again to be sure.
    ///
    /// # Errors
    /// [`VaultError::NotTruncated`] when a reader held a write-ahead log for long; otherwise when a database refuses.
    /// Erase again.
    pub async fn erase(&self, credential: CredentialId, versions: &[u32]) -> Result<(), VaultError> {
        if versions.is_empty() {
            return Ok(());
        }
        let ids: Vec<SecretId> = versions.iter().map(|version| (credential, *version)).collect();
        let keys = uuids(&self.rows.deks(&ids).await?);
        let destroyed = self.keystore.destroy(keys.clone()).await;
        // Also when the write-ahead log was kept: memory must not open what the files do not.
        self.cache.forget(&ids);
        destroyed?;
        let removed = self.rows.remove(RowChange::Remove(ids)).await?;
        // One that was sealed anew between the look and the removal.
        let late = uuids(&removed.outcome().deks)
            .into_iter()
            .filter(|key| !keys.contains(key));
        self.destroy(late.collect()).await?;
        removed.for_good().map(drop)
    }

    /// Removes a secret that no event names, if it is pending. A live one stays, and what is not there is no error.
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub async fn discard(&self, ctx: &SecretContext, dek: DekId) -> Result<(), VaultError> {
        // The row first, because only its removal tells whether it was pending; the key alone opens nothing.
        let removed = self.rows.remove(RowChange::Discard(dek)).await?;
        self.cache.forget(&[(ctx.credential, ctx.version)]);
        self.destroy(uuids(&removed.outcome().deks)).await?;
        removed.for_good().map(drop)
    }

    /// Destroys every key of an account: those of its secrets, which nobody can open any more, and its fingerprint key,
    /// so that its fingerprints in the log match nothing. Envelopes and hints are left to [`Vault::erase`].
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub async fn erase_account_keys(&self, account: &AccountId) -> Result<(), VaultError> {
        let removed = self.keystore.change(KeyChange::RemoveAccount(account.clone())).await;
        self.cache.clear();
        removed.map(drop)
    }

    /// Destroys keys, if there are any.
    async fn destroy(&self, keys: Vec<Uuid>) -> Result<(), VaultError> {
        if keys.is_empty() {
            Ok(())
        } else {
            self.keystore.destroy(keys).await
        }
    }
}

fn uuids(deks: &[DekId]) -> Vec<Uuid> {
    deks.iter().copied().map(DekId::uuid).collect()
}
