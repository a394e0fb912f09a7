use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use domain::{AccountId, StreamId};
use tokio::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Locks of this process by name. They keep two saves of one connection from sealing the same version, and a save from
/// slipping through while its account is closed. Names may share a lock; that costs a wait, and nothing else.
///
/// Who takes both takes the account's first.
pub(crate) struct Locks {
    hasher: RandomState,
    streams: Vec<Mutex<()>>,
    accounts: Vec<RwLock<()>>,
}

/// Enough that 64 writers seldom meet.
const STRIPES: usize = 1024;

impl Locks {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            streams: (0..STRIPES).map(|_| Mutex::new(())).collect(),
            accounts: (0..STRIPES).map(|_| RwLock::new(())).collect(),
        }
    }

    /// Alone on `stream`.
    pub(crate) async fn stream(&self, stream: &StreamId) -> MutexGuard<'_, ()> {
        self.streams[self.stripe(stream)].lock().await
    }

    /// With others in `account`, while it stays open.
    pub(crate) async fn inside(&self, account: &AccountId) -> RwLockReadGuard<'_, ()> {
        self.accounts[self.stripe(account)].read().await
    }

    /// Alone in `account`, to close it.
    pub(crate) async fn closing(&self, account: &AccountId) -> RwLockWriteGuard<'_, ()> {
        self.accounts[self.stripe(account)].write().await
    }

    fn stripe(&self, name: &impl Hash) -> usize {
        let hash = self.hasher.hash_one(name) % STRIPES as u64;
        usize::try_from(hash).unwrap_or_default()
    }
}
