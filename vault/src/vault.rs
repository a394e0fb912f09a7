use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::Cache;
use crate::key::{Key, MacKey};
use crate::keyring::held::{self, CheckedRing, HeldKeys};
use crate::keyring::{KeyProvider, KeyringError, KeyringFile};
use crate::keystore::{Keystore, WrappedKey};
use crate::rows::Rows;
use crate::stores::Stores;
use crate::{VaultError, VaultPaths, VaultPlace, open};

/// The vault: seals secrets, opens them, and destroys them.
///
/// # What a crash leaves
///
/// The two stores commit one after the other, so a crash, of a node or of a server, can fall between. Every state that it
/// can leave is one in which either all is in place or nobody can read what is left:
///
/// | while | left behind | what becomes of it |
/// |---|---|---|
/// | first start | a key ring and no keystore | the next start takes the ring |
/// | first start | a keystore without keys and an empty vault | the next start joins the two |
/// | `seal`, between the stores | a key that is not placed, without an envelope | removed by a start |
/// | `seal`, before the key is placed | a pending row | it opens; a start places the key; then as below |
/// | `seal`, before the event | a pending row | the caller's sweeper: [`Vault::pending`], [`Vault::discard`] |
/// | `make_live` | a pending row whose event exists | it opens; the sweeper makes it live |
/// | `discard`, before the row | a pending row whose key is not placed | it opens; the sweeper discards it again |
/// | `discard`, between the stores | a key that is not placed, without an envelope | removed by a start |
/// | `erase`, between the stores | an envelope without a key: nobody can open it | the caller erases again |
/// | `erase`, before the truncation (SQLite) | the same, and old bytes in a write-ahead log | the caller erases again |
/// | `erase`, before the vacuum (PostgreSQL) | dead versions of rows | the server clears them away in time |
/// | `add_kek` | a key in the ring that the keystore does not know | the next start makes it known |
/// | [`crate::copy`] | keys, and envelopes that have theirs; it does not open | the copy is started again |
/// | `rewrap_batch` | some keys under the old one, some under the new one | both open; the next batch goes on |
///
/// When a server's answer to a commit is lost, the caller gets an error and what it did may stand or not: that is one of
/// the states above, too.
///
/// A start removes a key only when the keystore knows that its envelope was never written. Of SQLite files only a process
/// that has them alone removes anything, because what looks like a remainder may be a write in progress; on PostgreSQL,
/// where others are always at work, only keys that are an hour old are looked at, and a seal that takes longer than that
/// finds its key gone and fails.
pub struct Vault {
    pub(crate) keystore: Box<dyn Keystore>,
    pub(crate) rows: Box<dyn Rows>,
    pub(crate) keys: HeldKeys,
    pub(crate) digest_key: MacKey,
    pub(crate) cache: Cache,
}

impl Vault {
    /// Opens the vault in SQLite files, with its key ring in a file. All three files are made at the very first start; after that it
    /// stays closed when one of them is missing or belongs elsewhere.
    ///
    /// # Errors
    /// [`VaultError::Keyring`] when the key ring is missing, exposed to others, damaged or not the right one;
    /// [`VaultError::Inconsistent`] when the databases do not belong together; otherwise when a file cannot be used.
    pub async fn open(paths: &VaultPaths) -> Result<Self, VaultError> {
        let provider = Arc::new(KeyringFile::new(&paths.keyring));
        Self::open_with(paths.vault.clone(), paths.keystore.clone(), provider).await
    }

    /// Opens the vault in SQLite files, with key-encryption keys from `provider`.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn open_with(
        vault: PathBuf,
        keystore: PathBuf,
        provider: Arc<dyn KeyProvider>,
    ) -> Result<Self, VaultError> {
        Self::connect(&VaultPlace::Sqlite { vault, keystore }, provider).await
    }

    /// Opens the vault in files or on PostgreSQL, with key-encryption keys from `provider`. Any number of processes may
    /// have it open at once.
    ///
    /// # Errors
    /// As [`Vault::open`]; on PostgreSQL also [`VaultError::Role`] and [`VaultError::Unforced`], when the database would
    /// not keep accounts apart.
    pub async fn connect(place: &VaultPlace, provider: Arc<dyn KeyProvider>) -> Result<Self, VaultError> {
        let (stores, starting) = Stores::open(place).await?;
        let opened = open::open(&stores, &starting, &provider).await;
        let opened = match (opened, starting.over().await) {
            (Ok(opened), Ok(())) => opened,
            (Err(error), _) | (_, Err(error)) => {
                // In order, so that whoever tries again finds nobody at work.
                stores.close().await;
                return Err(error);
            }
        };
        Ok(Self {
            keystore: stores.keystore,
            rows: stores.rows,
            keys: HeldKeys::new(provider, opened.ring),
            digest_key: opened.digest_key,
            cache: Cache::new(),
        })
    }

    /// Finishes what was begun and closes both stores. Whatever is asked of it afterwards is refused. Without it, when
    /// the vault is just dropped, nothing is lost; but the files are in order only a moment later.
    pub async fn close(&self) {
        self.keystore.close().await;
        self.rows.close().await;
        self.cache.clear();
    }

    /// Unwraps a key. When the key that wrapped it is not known here, the ring is loaded anew: another process may have
    /// added it.
    pub(crate) async fn unwrap<const N: usize>(&self, key: &WrappedKey) -> Result<Key<N>, VaultError> {
        match self.keys.ring().unwrap(key) {
            Err(VaultError::Keyring(KeyringError::Unknown { .. })) => self.reload_ring().await?.unwrap(key),
            other => other,
        }
    }

    /// Loads the key ring anew and checks it against the keystore.
    pub(crate) async fn reload_ring(&self) -> Result<Arc<CheckedRing>, VaultError> {
        let provider = self.keys.provider();
        let place = provider.place();
        let missing = || KeyringError::Missing {
            place: provider.place(),
        };
        let ring = held::load(&provider).await?.ok_or_else(missing)?;
        let (known, in_use) = (self.keystore.keks().await?, self.keystore.in_use().await?);
        Ok(self.keys.replace(CheckedRing::check(ring, place, &known, &in_use)?))
    }
}
