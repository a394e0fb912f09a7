use domain::KekId;

use crate::keyring::held::{self, CheckedRing};
use crate::keystore::{KekStatus, KeyChange, WrappedKey};
use crate::wrap::Purpose;
use crate::{Vault, VaultError};

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RewrapProgress {
    /// How many keys this batch wrapped anew.
    pub rewrapped: u64,
    /// How many keys are left under another key than the current one.
    pub remaining: u64,
}

/// What the vault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultStatus {
    /// The key-encryption keys, by number.
    pub keks: Vec<KekStatus>,
    /// How many secrets are pending.
    pub pending: u64,
    /// How many secrets are live.
    pub live: u64,
}

impl Vault {
    /// Adds a key-encryption key to the ring. It wraps nothing until it is promoted, so that the ring can be brought to
    /// every machine first.
    ///
    /// # Errors
    /// [`VaultError::Keyring`] when the ring cannot be written.
    pub async fn add_kek(&self) -> Result<KekId, VaultError> {
        let provider = self.keys.provider();
        let known = self
            .keystore
            .keks()
            .await?
            .iter()
            .map(|kek| kek.id)
            .max()
            .unwrap_or(KekId(0));
        let id = held::add(&provider, known).await?;
        let check = self.reload_ring().await?.check_value(id)?;
        self.keystore.change(KeyChange::Register { id, check }).await?;
        self.reload_ring().await?;
        Ok(id)
    }

    /// Makes a key-encryption key the one that wraps new keys. Older keys stay under theirs until
    /// [`Vault::rewrap_batch`].
    ///
    /// # Errors
    /// [`VaultError::Keyring`] when the ring does not hold it; [`VaultError::Inconsistent`] when the keystore does not
    /// know it.
    pub async fn promote_kek(&self, kek: KekId) -> Result<(), VaultError> {
        // Wrapping by a key that is not at hand would lock everything that is saved from now on.
        self.reload_ring().await?.check_value(kek)?;
        if self.keystore.change(KeyChange::Promote(kek)).await?.rows == 0 {
            return Err(VaultError::Inconsistent(
                "the keystore does not know that key-encryption key: add it first",
            ));
        }
        self.reload_ring().await.map(drop)
    }

    /// Wraps at most `max` keys anew, by the current key-encryption key. Envelopes are not touched. It may be
    /// interrupted at any time and goes on with the next call; it is done when nothing remains.
    ///
    /// # Errors
    /// [`VaultError::KeyNotAuthentic`] when a stored key was changed; [`VaultError::NotTruncated`] after the last
    /// batch, when a reader held the write-ahead log.
    pub async fn rewrap_batch(&self, max: u32) -> Result<RewrapProgress, VaultError> {
        let ring = self.reload_ring().await?;
        let before = self.left_behind(ring.current()).await?;
        let old = self.keystore.not_wrapped_by(ring.current(), max).await?;
        let last = u64::try_from(old.len()).is_ok_and(|batch| batch >= before);
        let mut keys = Vec::with_capacity(old.len());
        for key in old {
            keys.push((rewrap(&ring, &key)?, key.kek));
        }
        let rewrapped = self.keystore.change(KeyChange::Rewrap { keys, last }).await?.rows;
        self.cache.clear();
        Ok(RewrapProgress {
            rewrapped,
            remaining: self.left_behind(ring.current()).await?,
        })
    }

    /// How many keys another key-encryption key than `current` wraps.
    async fn left_behind(&self, current: KekId) -> Result<u64, VaultError> {
        let counts = self.keystore.counts().await?;
        Ok(counts
            .iter()
            .filter(|(kek, _)| *kek != current)
            .map(|(_, keys)| keys)
            .sum())
    }

    /// Takes a key-encryption key that wraps nothing any more out of the ring, for good. Backups of the keystore from
    /// before its rotation cannot be read without it: keep a copy of the ring as long as those.
    ///
    /// # Errors
    /// [`VaultError::Inconsistent`] when it is current, wraps something, or is not known.
    pub async fn remove_kek(&self, kek: KekId) -> Result<(), VaultError> {
        if self.keystore.change(KeyChange::Unregister(kek)).await?.rows == 0 {
            return Err(VaultError::Inconsistent(
                "that key-encryption key is current, still wraps keys, or is not known: promote another one, wrap the \
                 keys anew, then remove it",
            ));
        }
        held::remove(&self.keys.provider(), kek).await?;
        self.reload_ring().await.map(drop)
    }

    /// How many keys each key-encryption key wraps, and how many secrets there are.
    ///
    /// # Errors
    /// [`VaultError::Database`] or [`VaultError::Keyring`].
    pub async fn status(&self) -> Result<VaultStatus, VaultError> {
        let ring = self.reload_ring().await?;
        let counts = self.keystore.counts().await?;
        let keks = self.keystore.keks().await?.into_iter().map(|kek| KekStatus {
            id: kek.id,
            current: kek.current,
            in_ring: ring.holds(kek.id),
            keys: counts.iter().find(|(id, _)| *id == kek.id).map_or(0, |(_, keys)| *keys),
        });
        let (pending, live) = self.rows.counts().await?;
        Ok(VaultStatus {
            keks: keks.collect(),
            pending,
            live,
        })
    }
}

/// The same key, wrapped by the current key-encryption key.
fn rewrap(ring: &CheckedRing, key: &WrappedKey) -> Result<WrappedKey, VaultError> {
    match key.ctx.purpose {
        Purpose::Credential => ring.wrap::<64>(key.ctx.clone(), &ring.unwrap(key)?),
        Purpose::Fingerprint | Purpose::RequestDigest => ring.wrap::<32>(key.ctx.clone(), &ring.unwrap(key)?),
    }
}
