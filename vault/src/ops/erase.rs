use domain::{AccountId, CredentialId, DekId};

use crate::keystore::KeyChange;
use crate::rows::{RowChange, SecretId};
use crate::{SecretContext, Vault, VaultError};

/// How often an erasure looks again for what was sealed while it was at work.
const MAX_ROUNDS: usize = 5;

impl Vault {
    /// Destroys secrets, live or pending: their keys, then their envelopes and hints. In SQLite files each is overwritten
    /// and the write-ahead logs are truncated; on PostgreSQL they are deleted and vacuumed, and `SECURITY.md` says where
    /// copies of what was deleted may remain. Once the keys are gone nobody can open them, whatever happens next. What is
    /// gone already is no error, and may be erased again to be sure.
    ///
    /// # Errors
    /// [`VaultError::NotTruncated`] when a reader held a write-ahead log for long; otherwise when a database refuses.
    /// Erase again.
    pub async fn erase(&self, credential: CredentialId, versions: &[u32]) -> Result<(), VaultError> {
        if versions.is_empty() {
            return Ok(());
        }
        let ids: Vec<SecretId> = versions.iter().map(|version| (credential, *version)).collect();
        for round in 0..MAX_ROUNDS {
            let found = self.rows.attempts(&ids).await?;
            // The first time also when nothing is found: what an earlier attempt left in a write-ahead log goes, too.
            if found.is_empty() && round > 0 {
                return Ok(());
            }
            let keys = found.iter().map(|(account, dek)| (account.clone(), dek.uuid()));
            let destroyed = self.keystore.change(KeyChange::Remove(keys.collect())).await;
            // Also when the write-ahead log was kept: memory must not open what the files do not.
            self.cache.forget(&ids);
            destroyed?;
            self.rows.change(RowChange::Remove(found)).await?.for_good()?;
            // Once more for what was sealed anew between the look and the removal.
        }
        Err(VaultError::Stopped(
            "the secret is saved again as fast as it is erased: erase again",
        ))
    }

    /// Removes a secret that no event names, if it is pending. A live one stays, and what is not there is no error.
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub async fn discard(&self, ctx: &SecretContext, dek: DekId) -> Result<(), VaultError> {
        let account = &ctx.account;
        // So that a start removes the key, if this ends between the row and the key.
        let unplace = KeyChange::Unplace(account.clone(), dek.uuid());
        self.keystore.change(unplace).await?;
        // The row first, because only its removal tells whether it was pending; the key alone opens nothing.
        let removed = self.rows.change(RowChange::Discard(account.clone(), dek)).await?;
        self.cache.forget(&[(ctx.credential, ctx.version)]);
        let key = vec![(account.clone(), dek.uuid())];
        let change = if *removed.outcome() > 0 {
            KeyChange::Remove(key)
        } else {
            KeyChange::Place(key)
        };
        self.keystore.change(change).await?;
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
}
