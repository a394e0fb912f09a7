use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountId, CredentialId};
use lru::LruCache;

use super::ReleaseRequest;

/// For how long requests of one principal are one release.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(60);

/// The most leases that are remembered. One that is forgotten costs one more event in the log.
const MAX_LEASES: usize = 10_000;

/// How many purposes one principal may name for one version of a key while a lease lasts. Each is an event of its own, so
/// that without a bound a caller could grow the history by the pace of its requests.
const MAX_PURPOSES: usize = 20;

/// The releases of the last minute.
pub(crate) struct Leases(Mutex<Running>);

struct Running {
    until: LruCache<LeaseKey, DateTime<Utc>>,
    /// When the leases of one use end, whatever their purposes: no more than [`MAX_PURPOSES`].
    by_use: LruCache<LeaseKey, VecDeque<DateTime<Utc>>>,
}

/// What is one release: who got which version, for whom and what for. Each use that differs is on record by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LeaseKey {
    credential: CredentialId,
    version: u32,
    principal: String,
    purpose: Option<String>,
    on_behalf_of: Option<AccountId>,
}

impl LeaseKey {
    pub(crate) fn new(request: &ReleaseRequest, credential: CredentialId, version: u32) -> Self {
        Self {
            credential,
            version,
            principal: request.principal.clone(),
            purpose: request.purpose.clone(),
            on_behalf_of: request.on_behalf_of.clone(),
        }
    }

    fn without_purpose(&self) -> Self {
        Self {
            purpose: None,
            ..self.clone()
        }
    }
}

impl Leases {
    pub(crate) fn new() -> Self {
        let capacity = NonZeroUsize::new(MAX_LEASES).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(Running {
            until: LruCache::new(capacity),
            by_use: LruCache::new(capacity),
        }))
    }

    /// Whether the principal has named as many purposes as a minute has room for.
    pub(crate) fn are_spent(&self, key: &LeaseKey, now: DateTime<Utc>) -> bool {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ends) = leases.by_use.get_mut(&key.without_purpose()) else {
            return false;
        };
        // A clock that was set back ends them.
        ends.retain(|until| now < *until && *until <= now + LEASE);
        ends.len() >= MAX_PURPOSES
    }

    /// Until when a release is good that was made before `now`. A clock that was set back ends it.
    pub(crate) fn running(&self, key: &LeaseKey, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases
            .until
            .get(key)
            .copied()
            .filter(|until| now < *until && *until <= now + LEASE)
    }

    pub(crate) fn grant(&self, key: LeaseKey, until: DateTime<Utc>) {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = leases.by_use.get_or_insert_mut(key.without_purpose(), VecDeque::new);
        ends.truncate(MAX_PURPOSES - 1);
        ends.push_front(until);
        leases.until.put(key, until);
    }
}
