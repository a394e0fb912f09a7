use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

/// Counts the commits that changed a read model: while it stands still, so does every answer.
#[derive(Debug, Default)]
pub(crate) struct Changes(AtomicU64);

impl Changes {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn bump(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Answers that were worked out from a read model, kept while it does not change. The least recently used make room.
pub(crate) struct AnswerCache<K, V> {
    answers: Mutex<(u64, LruCache<K, V>)>,
}

impl<K: Hash + Eq, V: Clone> AnswerCache<K, V> {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            answers: Mutex::new((0, LruCache::new(capacity))),
        }
    }

    /// The answer to `key`, if it was worked out since the model last changed.
    pub(crate) fn get(&self, changes: &Changes, key: &K) -> Option<V> {
        let mut answers = lock(&self.answers);
        if answers.0 != changes.count() {
            return None;
        }
        answers.1.get(key).cloned()
    }

    /// Keeps an answer. `count` is the number of changes from before the model was read for it: when there have been more
    /// since, the answer may be of a model that is no more, and is not kept.
    pub(crate) fn put(&self, changes: &Changes, count: u64, key: K, answer: V) {
        let mut answers = lock(&self.answers);
        if changes.count() != count {
            return;
        }
        if answers.0 != count {
            answers.1.clear();
            answers.0 = count;
        }
        answers.1.put(key, answer);
    }
}

/// Documents of a read model, kept in memory until they change: only the changed ones are read again.
pub(crate) struct DocumentCache<D> {
    inner: Mutex<Documents<D>>,
}

struct Documents<D> {
    /// Moves with every commit, so that what was read before it is not put here after it.
    epoch: u64,
    documents: LruCache<String, Option<Arc<D>>>,
}

impl<D> DocumentCache<D> {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            inner: Mutex::new(Documents {
                epoch: 0,
                documents: LruCache::new(capacity),
            }),
        }
    }

    /// The document, or none of it where there is none, if it is known; and the epoch to [`DocumentCache::put`] with.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Arc<D>>, u64> {
        let mut inner = lock(&self.inner);
        match inner.documents.get(key) {
            Some(document) => Ok(document.clone()),
            None => Err(inner.epoch),
        }
    }

    pub(crate) fn put(&self, epoch: u64, key: &str, document: Option<Arc<D>>) {
        let mut inner = lock(&self.inner);
        if inner.epoch == epoch {
            inner.documents.put(key.to_owned(), document);
        }
    }

    /// Forgets what a commit changed.
    pub(crate) fn invalidate<'a>(&self, keys: impl Iterator<Item = &'a str>) {
        let mut inner = lock(&self.inner);
        inner.epoch += 1;
        for key in keys {
            inner.documents.pop(key);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut inner = lock(&self.inner);
        inner.epoch += 1;
        inner.documents.clear();
    }
}

/// A panic elsewhere leaves a cache as good as it was: every change to one is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
