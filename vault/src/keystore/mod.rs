//! The wrapped keys, and how to recognise the keys that wrapped them: what the vault asks of the store that keeps them.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use async_trait::async_trait;
use domain::{AccountId, KekId};
use uuid::Uuid;

use crate::VaultError;
use crate::wrap::KeyContext;

/// Its name in messages, and the name of its schema.
pub(crate) const STORE: &str = "keystore";

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

/// A wrapped key with what the keystore notes about it.
pub(crate) struct StoredKey {
    /// The key.
    pub key: WrappedKey,
    /// Whether its envelope is known to be written; so it is, of keys that have none.
    pub placed: bool,
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

/// Everything that a keystore starts with.
pub(crate) struct Founding {
    /// The key-encryption keys of the ring.
    pub keks: Vec<KnownKek>,
    /// The request-digest key.
    pub digest_key: WrappedKey,
    /// The id that vault and keystore share.
    pub pair: Vec<u8>,
}

/// A change of the keystore, durable and all or nothing.
///
/// A credential's key is *placed* once its envelope is known to be written. Only a key that never was may be taken for
/// the remainder of a crash: a placed key without an envelope says that the vault is an older one than the keystore, and
/// is kept for the day on which the right one is put back.
pub(crate) enum KeyChange {
    /// Writes what a keystore starts with.
    Found(Box<Founding>),
    /// Adds a credential's key, not placed yet, and, for an account that has none yet, its fingerprint key; nothing, when
    /// the key that wrapped them is not the current one any more.
    Add {
        key: WrappedKey,
        fingerprint: Option<WrappedKey>,
    },
    /// Notes that the envelopes of some keys are written.
    Place(Vec<(AccountId, Uuid)>),
    /// Takes that back, because the envelope is about to be discarded.
    Unplace(AccountId, Uuid),
    /// Destroys keys that were never placed; one that was placed meanwhile stays.
    Sweep(Vec<(AccountId, Uuid)>),
    /// Destroys keys.
    Remove(Vec<(AccountId, Uuid)>),
    /// Destroys all keys of an account.
    RemoveAccount(AccountId),
    /// Makes a key-encryption key known, if another process did not do so just before.
    Register { id: KekId, check: Vec<u8> },
    /// Makes a key-encryption key the current one.
    Promote(KekId),
    /// Forgets a key-encryption key that is not current and wraps nothing.
    Unregister(KekId),
    /// Puts keys that were wrapped anew in the place of the old ones, whose `kek` is the second part. `last`: there are
    /// no more.
    Rewrap { keys: Vec<(WrappedKey, KekId)>, last: bool },
    /// Adds key-encryption keys of another keystore, as they are there; those that are here already stay.
    CopyKeks(Vec<KnownKek>),
    /// Adds keys of another keystore, as they are there; those that are here already stay.
    CopyKeys(Vec<StoredKey>),
    /// Writes down which vault it belongs to, once. A keystore without that does not open.
    Join(Vec<u8>),
}

impl KeyChange {
    /// Whether the commit may reach the disk only with a later one. It is still all or nothing.
    ///
    /// A key whose envelope is written is placed at the next start, if it is not yet.
    pub(crate) const fn may_lag(&self) -> bool {
        matches!(self, Self::Place(_))
    }

    /// Whether it takes something away that must not be found again.
    pub(crate) const fn erases(&self) -> bool {
        match self {
            Self::Sweep(_) | Self::Remove(_) | Self::RemoveAccount(_) => true,
            // What the old key wrapped must be gone when the old key is thought to be useless.
            Self::Rewrap { last, .. } => *last,
            _ => false,
        }
    }
}

/// What came of a change.
#[derive(Default)]
pub(crate) struct KeyOutcome {
    /// How many rows it wrote.
    pub rows: u64,
    /// The fingerprint key that was there already when one was to be added.
    pub fingerprint: Option<WrappedKey>,
}

/// How many credential keys there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CredentialKeys {
    /// Whose envelope is known to be written.
    pub placed: u64,
    /// Whose envelope is not.
    pub unplaced: u64,
}

/// The store of the wrapped keys. What names an account sees keys of that account alone.
#[async_trait]
pub(crate) trait Keystore: Send + Sync {
    /// Which vault it belongs to; none before the first start is over.
    async fn pair(&self) -> Result<Option<Vec<u8>>, VaultError>;

    /// Applies a change. When something was to be destroyed but may still stand in a write-ahead log it is an error,
    /// although it is done.
    async fn change(&self, change: KeyChange) -> Result<KeyOutcome, VaultError>;

    /// The key of request digests.
    async fn request_digest_key(&self) -> Result<Option<WrappedKey>, VaultError>;

    /// One key of the account.
    async fn key(&self, account: &AccountId, id: Uuid) -> Result<Option<WrappedKey>, VaultError>;

    /// The fingerprint key of an account.
    async fn fingerprint_key(&self, account: &AccountId) -> Result<Option<WrappedKey>, VaultError>;

    /// At most `max` keys that `kek` does not wrap.
    async fn not_wrapped_by(&self, kek: KekId, max: u32) -> Result<Vec<WrappedKey>, VaultError>;

    /// All key-encryption keys that it knows, by number.
    async fn keks(&self) -> Result<Vec<KnownKek>, VaultError>;

    /// How many keys each of them wraps.
    async fn counts(&self) -> Result<Vec<(KekId, u64)>, VaultError>;

    /// The numbers of those that wrap something.
    async fn in_use(&self) -> Result<Vec<KekId>, VaultError>;

    /// At most `max` keys after `after`, by id, that are not placed, and that nobody can be just placing.
    async fn unplaced(&self, after: Option<Uuid>, max: u32) -> Result<Vec<(AccountId, Uuid)>, VaultError>;

    /// At most `max` keys after `after`, by id.
    async fn page(&self, after: Option<Uuid>, max: u32) -> Result<Vec<StoredKey>, VaultError>;

    /// How many credential keys there are.
    async fn credential_keys(&self) -> Result<CredentialKeys, VaultError>;

    /// Finishes what was begun and closes all connections.
    async fn close(&self);
}
