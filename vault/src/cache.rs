use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Sha256Digest;
use lru::LruCache;

use crate::SecretContext;
use crate::keystore::WrappedKey;
use crate::rows::SecretId;

/// The most rows that are held.
const ROWS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Longer envelopes are read from the database each time, so that the cache stays below 40 MB.
const LONGEST: usize = 8 * 1024;

/// What is needed to open a secret, still encrypted.
pub(crate) struct Ciphertext {
    /// What the row belongs to, as the database says.
    pub ctx: SecretContext,
    /// The sealed fields.
    pub envelope: Vec<u8>,
    /// The digest of these very bytes.
    pub sha256: Sha256Digest,
    /// The key of the envelope, wrapped.
    pub key: WrappedKey,
}

/// The rows that were opened lately, as ciphertext: each opening decrypts anew, and no plaintext stays in memory.
pub(crate) struct Cache(Mutex<State>);

struct State {
    rows: LruCache<SecretId, Arc<Ciphertext>>,
    erasures: u64,
}

/// How many erasures there had been before something was read from the databases.
pub(crate) struct Before(u64);

impl Cache {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            rows: LruCache::new(ROWS),
            erasures: 0,
        }))
    }

    /// The row, if it is held.
    pub(crate) fn get(&self, id: SecretId) -> Option<Arc<Ciphertext>> {
        self.state().rows.get(&id).cloned()
    }

    /// To be called before the databases are read for [`Cache::put`].
    pub(crate) fn before(&self) -> Before {
        Before(self.state().erasures)
    }

    /// Holds a row, unless something was erased since `before`: it might have been this one.
    pub(crate) fn put(&self, id: SecretId, row: Arc<Ciphertext>, before: &Before) {
        let mut state = self.state();
        if state.erasures == before.0 && row.envelope.len() <= LONGEST {
            state.rows.put(id, row);
        }
    }

    /// Lets go of rows that were erased or replaced.
    pub(crate) fn forget(&self, ids: &[SecretId]) {
        let mut state = self.state();
        state.erasures += 1;
        for id in ids {
            state.rows.pop(id);
        }
    }

    /// Lets go of everything.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.erasures += 1;
        state.rows.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic left is a cache as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
