use std::sync::{Arc, PoisonError, RwLock};

use domain::KekId;
use subtle::ConstantTimeEq;

use super::{KeyProvider, KeyRing, KeyringError};
use crate::VaultError;
use crate::key::{Key, SivKey};
use crate::keystore::{KnownKek, WrappedKey};
use crate::wrap;

/// The keys of the ring in memory, as long as the vault is open.
pub(crate) struct HeldKeys {
    provider: Arc<dyn KeyProvider>,
    ring: RwLock<Arc<CheckedRing>>,
}

/// A ring that was checked against the keystore.
pub(crate) struct CheckedRing {
    ring: KeyRing,
    current: KekId,
    place: String,
}

impl CheckedRing {
    /// Checks that the ring holds every key that the keystore needs, and that each is the key it was.
    ///
    /// A key of the ring that the keystore does not know is let pass: another process is just adding it.
    pub(crate) fn check(
        ring: KeyRing,
        place: String,
        known: &[KnownKek],
        in_use: &[KekId],
    ) -> Result<Self, VaultError> {
        for kek in known {
            match ring.get(kek.id) {
                Some(key) if matches(kek, key) => {}
                Some(_) => return Err(KeyringError::Wrong { place, kek: kek.id }.into()),
                None if kek.current || in_use.contains(&kek.id) => {
                    return Err(KeyringError::Unknown { place, kek: kek.id }.into());
                }
                None => {}
            }
        }
        let current = known.iter().find(|kek| kek.current).map(|kek| kek.id);
        let current = current.ok_or(VaultError::Inconsistent(
            "the keystore names no current key-encryption key",
        ))?;
        Ok(Self { ring, current, place })
    }

    /// The number of the key that wraps new keys.
    pub(crate) fn current(&self) -> KekId {
        self.current
    }

    /// Whether the ring holds the key.
    pub(crate) fn holds(&self, id: KekId) -> bool {
        self.ring.get(id).is_some()
    }

    /// The value by which a key of the ring is recognised.
    pub(crate) fn check_value(&self, id: KekId) -> Result<Vec<u8>, VaultError> {
        check_value(id, self.kek(id)?)
    }

    /// Wraps a key by the current one.
    pub(crate) fn wrap<const N: usize>(&self, ctx: wrap::KeyContext, key: &Key<N>) -> Result<WrappedKey, VaultError> {
        let wrapped = wrap::wrap((self.current, self.kek(self.current)?), &ctx, key);
        let wrapped = wrapped.map_err(|_| VaultError::KeyNotAuthentic { key: ctx.id })?;
        Ok(WrappedKey {
            ctx,
            kek: self.current,
            wrapped,
        })
    }

    /// Unwraps a key of `N` bytes.
    pub(crate) fn unwrap<const N: usize>(&self, key: &WrappedKey) -> Result<Key<N>, VaultError> {
        let broken = || VaultError::KeyNotAuthentic { key: key.ctx.id };
        let kek = self.kek(wrap::kek_of(&key.wrapped).ok_or_else(broken)?)?;
        wrap::unwrap(kek, &key.ctx, &key.wrapped).map_err(|_| broken())
    }

    fn kek(&self, id: KekId) -> Result<&SivKey, VaultError> {
        let unknown = || KeyringError::Unknown {
            place: self.place.clone(),
            kek: id,
        };
        Ok(self.ring.get(id).ok_or_else(unknown)?)
    }
}

impl HeldKeys {
    /// Holds a checked ring.
    pub(crate) fn new(provider: Arc<dyn KeyProvider>, ring: CheckedRing) -> Self {
        Self {
            provider,
            ring: RwLock::new(Arc::new(ring)),
        }
    }

    /// Where the keys come from.
    pub(crate) fn provider(&self) -> Arc<dyn KeyProvider> {
        self.provider.clone()
    }

    /// The ring as it was last loaded.
    pub(crate) fn ring(&self) -> Arc<CheckedRing> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a ring that was loaded anew.
    pub(crate) fn replace(&self, ring: CheckedRing) -> Arc<CheckedRing> {
        let ring = Arc::new(ring);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring.clone();
        ring
    }
}

/// Loads the ring, away from the threads that serve.
pub(crate) async fn load(provider: &Arc<dyn KeyProvider>) -> Result<Option<KeyRing>, VaultError> {
    let provider = provider.clone();
    let loading = tokio::task::spawn_blocking(move || provider.load());
    Ok(loading
        .await
        .map_err(|_| VaultError::Stopped("the runtime is ending"))??)
}

/// Adds a key to the ring, away from the threads that serve.
pub(crate) async fn add(provider: &Arc<dyn KeyProvider>, above: KekId) -> Result<KekId, VaultError> {
    let provider = provider.clone();
    let adding = tokio::task::spawn_blocking(move || provider.add(above));
    Ok(adding
        .await
        .map_err(|_| VaultError::Stopped("the runtime is ending"))??)
}

/// Takes a key out of the ring, away from the threads that serve.
pub(crate) async fn remove(provider: &Arc<dyn KeyProvider>, id: KekId) -> Result<(), VaultError> {
    let provider = provider.clone();
    let removing = tokio::task::spawn_blocking(move || provider.remove(id));
    Ok(removing
        .await
        .map_err(|_| VaultError::Stopped("the runtime is ending"))??)
}

/// The value by which a key-encryption key is recognised.
pub(crate) fn check_value(id: KekId, key: &SivKey) -> Result<Vec<u8>, VaultError> {
    wrap::check_value(id, key).map_err(|_| VaultError::Stopped("a key cannot be used"))
}

fn matches(known: &KnownKek, key: &SivKey) -> bool {
    wrap::check_value(known.id, key).is_ok_and(|value| value.ct_eq(&known.check).into())
}
