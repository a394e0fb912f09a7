use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::account::Account;
use domain::integration::Integration;
use domain::keyring::Keyring;
use domain::provider::Provider;
use domain::token::Token;
use domain::{Aggregate, StreamId};
use lru::LruCache;

use crate::loaded::Loaded;

/// The aggregates of one kind that were used last. What it holds may be behind the log: the expected revision of an
/// append finds out.
pub(crate) struct Cache<A>(Mutex<LruCache<StreamId, Arc<Loaded<A>>>>);

impl<A: Aggregate> Cache<A> {
    fn new(capacity: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(capacity)))
    }

    /// The lock is never held across a panic that leaves the map broken, so a poisoned one is used as it is.
    fn lock(&self) -> MutexGuard<'_, LruCache<StreamId, Arc<Loaded<A>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, stream: &StreamId) -> Option<Arc<Loaded<A>>> {
        self.lock().get(stream).cloned()
    }

    /// Keeps `loaded`, unless something newer is kept.
    pub(crate) fn put(&self, stream: &StreamId, loaded: &Arc<Loaded<A>>) {
        let mut cache = self.lock();
        if cache.peek(stream).is_none_or(|kept| kept.revision < loaded.revision) {
            cache.put(stream.clone(), Arc::clone(loaded));
        }
    }

    /// Gives up what is kept at `revision`, so that whoever makes something newer of it need not copy it.
    pub(crate) fn release(&self, stream: &StreamId, revision: u64) {
        let mut cache = self.lock();
        if cache.peek(stream).is_some_and(|kept| kept.revision == revision) {
            cache.pop(stream);
        }
    }

    /// Forgets what is older than `revision`.
    fn note(&self, stream: &StreamId, revision: u64) {
        let mut cache = self.lock();
        if cache.peek(stream).is_some_and(|kept| kept.revision < revision) {
            cache.pop(stream);
        }
    }

    fn clear(&self) {
        self.lock().clear();
    }
}

/// One cache for each kind of aggregate.
pub(crate) struct Caches {
    providers: Cache<Provider>,
    accounts: Cache<Account>,
    integrations: Cache<Integration>,
    tokens: Cache<Token>,
    keyring: Cache<Keyring>,
}

/// How many of a kind are kept: the catalog is small, accounts and their integrations are many.
const PROVIDERS: NonZeroUsize = capacity(2_000);
const ACCOUNTS: NonZeroUsize = capacity(20_000);
const INTEGRATIONS: NonZeroUsize = capacity(20_000);
const TOKENS: NonZeroUsize = capacity(1_000);

const fn capacity(entries: usize) -> NonZeroUsize {
    match NonZeroUsize::new(entries) {
        Some(entries) => entries,
        None => NonZeroUsize::MIN,
    }
}

impl Caches {
    pub(crate) fn new() -> Self {
        Self {
            providers: Cache::new(PROVIDERS),
            accounts: Cache::new(ACCOUNTS),
            integrations: Cache::new(INTEGRATIONS),
            tokens: Cache::new(TOKENS),
            keyring: Cache::new(NonZeroUsize::MIN),
        }
    }

    /// Forgets what an event at `revision` of `stream` has made old.
    pub(crate) fn note(&self, stream: &StreamId, revision: u64) {
        match stream {
            StreamId::Provider(_) => self.providers.note(stream, revision),
            StreamId::Account(_) => self.accounts.note(stream, revision),
            StreamId::Integration(..) => self.integrations.note(stream, revision),
            StreamId::Token(_) => self.tokens.note(stream, revision),
            StreamId::Keyring => self.keyring.note(stream, revision),
            StreamId::Access(_) | StreamId::Operations => {}
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.providers.clear();
        self.accounts.clear();
        self.integrations.clear();
        self.tokens.clear();
        self.keyring.clear();
    }
}

/// An aggregate that is kept in memory.
pub(crate) trait Cached: Aggregate {
    fn cache(caches: &Caches) -> &Cache<Self>;
}

impl Cached for Provider {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.providers
    }
}

impl Cached for Account {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.accounts
    }
}

impl Cached for Integration {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.integrations
    }
}

impl Cached for Token {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.tokens
    }
}

impl Cached for Keyring {
    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.keyring
    }
}
