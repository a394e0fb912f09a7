use std::collections::BTreeMap;

use domain::KekId;

use super::KeyringError;
use crate::key::SivKey;

/// Where the key-encryption keys come from. The vault calls it at its start, when a key is added, and when it meets a
/// key that was added meanwhile. Calls may block.
pub trait KeyProvider: Send + Sync {
    /// All keys; `None` when there has never been one.
    ///
    /// # Errors
    /// When the keys are there but cannot be trusted or read.
    fn load(&self) -> Result<Option<KeyRing>, KeyringError>;

    /// Adds a new random key, durably, under a number above `above` and above all numbers of the ring; the ring is made
    /// when there is none. Answers with the number.
    ///
    /// # Errors
    /// [`KeyringError::ReadOnly`] when keys are made elsewhere; otherwise when it cannot be written.
    fn add(&self, above: KekId) -> Result<KekId, KeyringError>;

    /// Takes a key out of the ring, durably. One that is not there is no error.
    ///
    /// # Errors
    /// As [`KeyProvider::add`].
    fn remove(&self, id: KekId) -> Result<(), KeyringError>;

    /// Where that is, for messages.
    fn place(&self) -> String;
}

/// Some key-encryption keys, by number. Nothing prints them.
#[derive(Default)]
pub struct KeyRing {
    keys: BTreeMap<KekId, SivKey>,
}

impl KeyRing {
    /// The most keys that a ring holds: a bound on what is parsed, far above what rotation needs.
    pub const MAX_KEYS: usize = 256;

    /// Puts a key of 64 bytes into the ring, for another provider than a file. Answers whether it was taken: not when
    /// the number is 0 or is there already, or the key has another length, or the ring is full.
    #[must_use]
    pub fn insert(&mut self, id: KekId, key: &[u8]) -> bool {
        let free = id.0 != 0 && self.keys.len() < Self::MAX_KEYS && !self.keys.contains_key(&id);
        match SivKey::from_bytes(key) {
            Some(key) if free => self.keys.insert(id, key).is_none(),
            _ => false,
        }
    }

    /// The numbers of the keys, ascending.
    #[must_use]
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = KekId> {
        self.keys.keys().copied()
    }

    pub(crate) fn get(&self, id: KekId) -> Option<&SivKey> {
        self.keys.get(&id)
    }

    pub(crate) fn put(&mut self, id: KekId, key: SivKey) {
        self.keys.insert(id, key);
    }

    pub(crate) fn take_out(&mut self, id: KekId) -> bool {
        self.keys.remove(&id).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (KekId, &SivKey)> {
        self.keys.iter().map(|(id, key)| (*id, key))
    }
}
