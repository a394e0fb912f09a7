use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Sha256Digest;
use lru::LruCache;
use tokio::time::Instant;

use crate::SecretContext;
use crate::keystore::WrappedKey;
use crate::rows::SecretId;

/// The most rows that are held.
const ROWS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// A row is read anew after that long: another process may have erased it.
const LONGEST_AGE: Duration = Duration::from_mins(1);
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
    rows: LruCache<SecretId, Held>,
    erasures: u64,
}

/// A row, and when it was read.
struct Held {
    row: Arc<Ciphertext>,
    read_at: Instant,
}

/// When something is read from the databases, and how many erasures there had been before.
pub(crate) struct Before {
    erasures: u64,
    read_at: Instant,
}

impl Cache {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            rows: LruCache::new(ROWS),
            erasures: 0,
        }))
    }

    /// The row, if it is held and was read lately.
    pub(crate) fn get(&self, id: SecretId, now: Instant) -> Option<Arc<Ciphertext>> {
        let mut state = self.state();
        let held = state.rows.get(&id)?;
        if now.duration_since(held.read_at) < LONGEST_AGE {
            return Some(held.row.clone());
        }
        state.rows.pop(&id);
        None
    }

    /// To be called before the databases are read for [`Cache::put`].
    pub(crate) fn before(&self, now: Instant) -> Before {
        Before {
            erasures: self.state().erasures,
            read_at: now,
        }
    }

    /// Holds a row, unless something was erased since `before`: it might have been this one.
    pub(crate) fn put(&self, id: SecretId, row: Arc<Ciphertext>, before: &Before) {
        let mut state = self.state();
        if state.erasures == before.erasures && row.envelope.len() <= LONGEST {
            let read_at = before.read_at;
            state.rows.put(id, Held { row, read_at });
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

#[cfg(test)]
mod tests {
    use domain::{CredentialId, KekId};
    use uuid::Uuid;

    use super::*;
    use crate::wrap::{KeyContext, Purpose};

    fn row() -> Arc<Ciphertext> {
        let ctx = KeyContext {
            id: Uuid::nil(),
            purpose: Purpose::Credential,
            account: None,
        };
        Arc::new(Ciphertext {
            ctx: SecretContext {
                account: "acme".parse().unwrap(),
                credential: CredentialId::new(Uuid::nil()),
                version: 1,
                provider: "mailchimp".parse().unwrap(),
            },
            envelope: Vec::new(),
            sha256: Sha256Digest::of(b""),
            key: WrappedKey {
                ctx,
                kek: KekId(1),
                wrapped: Vec::new(),
            },
        })
    }

    #[test]
    fn a_row_is_read_anew_after_a_minute_because_another_process_may_have_erased_it() {
        let (cache, id, start) = (Cache::new(), (CredentialId::new(Uuid::nil()), 1), Instant::now());
        cache.put(id, row(), &cache.before(start));

        assert!(cache.get(id, start + Duration::from_secs(59)).is_some());
        assert!(cache.get(id, start + Duration::from_mins(1)).is_none());
        assert!(cache.get(id, start).is_none(), "nothing of it is left in memory");
    }

    #[test]
    fn a_row_that_was_read_before_an_erasure_is_not_held() {
        let (cache, id, start) = (Cache::new(), (CredentialId::new(Uuid::nil()), 1), Instant::now());
        let before = cache.before(start);
        cache.forget(&[id]);
        cache.put(id, row(), &before);
        assert!(cache.get(id, start).is_none());
    }
}
