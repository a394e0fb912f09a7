use domain::{AccountId, CredentialId, DekId};

use crate::keystore::KeyChange;
use crate::rows::{RowChange, SecretId};
use crate::{Vault, VaultError};

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
        let keys = uuids(self.rows.deks(&ids).await?);
        self.keystore.destroy(keys.clone()).await?;
        self.cache.forget(&ids);
        let removed = self.rows.change(RowChange::Remove(ids)).await?;
        // One that was sealed anew between the look and the removal.
        let late: Vec<_> = uuids(removed.deks)
            .into_iter()
            .filter(|key| !keys.contains(key))
            .collect();
        if late.is_empty() {
            Ok(())
        } else {
            self.keystore.destroy(late).await
        }
    }

    /// Removes a secret that no event names, if it is pending. A live one stays, and what is not there is no error.
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub async fn discard(&self, credential: CredentialId, version: u32) -> Result<(), VaultError> {
        let id = (credential, version);
        // The row first, because only its removal tells whether it was pending; the key alone opens nothing.
        let removed = self.rows.change(RowChange::Discard(id)).await?;
        if removed.deks.is_empty() {
            return Ok(());
        }
        self.cache.forget(&[id]);
        self.keystore.destroy(uuids(removed.deks)).await
    }

    /// Destroys every key of an account: those of its secrets, which nobody can open any more, and its fingerprint key,
    /// so that its fingerprints in the log match nothing. Envelopes and hints are left to [`Vault::erase`].
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub async fn erase_account_keys(&self, account: &AccountId) -> Result<(), VaultError> {
        self.keystore.change(KeyChange::RemoveAccount(account.clone())).await?;
        self.cache.clear();
        Ok(())
    }
}

fn uuids(deks: Vec<DekId>) -> Vec<uuid::Uuid> {
    deks.into_iter().map(DekId::uuid).collect()
}
