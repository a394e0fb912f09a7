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

/// The releases of the last minute.
pub(crate) struct Leases(Mutex<LruCache<LeaseKey, DateTime<Utc>>>);

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
}

impl Leases {
    pub(crate) fn new() -> Self {
        let capacity = NonZeroUsize::new(MAX_LEASES).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(capacity)))
    }

    /// Until when a release is good that was made before `now`. A clock that was set back ends it.
    pub(crate) fn running(&self, key: &LeaseKey, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases
            .get(key)
            .copied()
            .filter(|until| now < *until && *until <= now + LEASE)
    }

    pub(crate) fn grant(&self, key: LeaseKey, until: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, until);
    }
}
