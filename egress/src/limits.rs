use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{AccountId, Actor, ProviderKey};
use tokio::time::Instant;

use crate::config::{EgressConfig, Quota};

/// The most shares, and the most providers, that are counted at a time.
const MAX_KEYS: usize = 10_000;

/// On whose share a test is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Share {
    /// An account's, whose key it is.
    Account(AccountId),
    /// A person's, who tries a row with a key of no account.
    Actor(Actor),
}

/// How often tests may be made: per account or person, so that none can use up the others' share, and per provider, so that none
/// is flooded in this system's name.
pub(crate) struct Limits {
    counters: Mutex<Counters>,
}

struct Counters {
    shares: Limiter<Share>,
    providers: Limiter<ProviderKey>,
}

impl Limits {
    /// Empty counters with the quotas of a configuration.
    pub(crate) fn new(config: &EgressConfig) -> Self {
        Self {
            counters: Mutex::new(Counters {
                shares: Limiter::new(config.account_quota, MAX_KEYS),
                providers: Limiter::new(config.provider_quota, MAX_KEYS),
            }),
        }
    }

    /// Counts one test if both quotas allow it, and counts nothing if either does not.
    pub(crate) fn admit(&self, share: &Share, provider: &ProviderKey, now: Instant) -> bool {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(for_share), Some(for_provider)) =
            (counters.shares.next(share, now), counters.providers.next(provider, now))
        else {
            return false;
        };
        counters.shares.due.insert(share.clone(), for_share);
        counters.providers.due.insert(provider.clone(), for_provider);
        true
    }
}

/// The generic cell rate algorithm (ITU-T I.371, appendix I), which is a token bucket that keeps one moment per key:
/// when the bucket will be full again. A key whose moment has passed needs no entry.
struct Limiter<K> {
    interval: Duration,
    tolerance: Duration,
    capacity: usize,
    due: HashMap<K, Instant>,
}

impl<K: Eq + std::hash::Hash> Limiter<K> {
    fn new(quota: Quota, capacity: usize) -> Self {
        let interval = Duration::from_mins(1) / quota.per_minute.get();
        Self {
            interval,
            tolerance: interval * (quota.burst.get() - 1),
            capacity,
            due: HashMap::new(),
        }
    }

    /// The key's next moment if it may go on now. With no room left for another key it may not: what cannot be counted
    /// is not allowed.
    fn next(&mut self, key: &K, now: Instant) -> Option<Instant> {
        if self.due.len() >= self.capacity && !self.due.contains_key(key) {
            self.due.retain(|_, due| *due > now);
            if self.due.len() >= self.capacity {
                return None;
            }
        }
        let due = self.due.get(key).copied().unwrap_or(now).max(now);
        (due - now <= self.tolerance).then(|| due + self.interval)
    }
}

#[cfg(test)]
mod tests {
    use domain::ActorKind;

    use super::*;

    fn limits(account: Quota, provider: Quota) -> Limits {
        Limits::new(&EgressConfig {
            account_quota: account,
            provider_quota: provider,
            ..EgressConfig::default()
        })
    }

    fn account(id: &str) -> Share {
        Share::Account(id.parse().unwrap())
    }

    fn provider(key: &str) -> ProviderKey {
        key.parse().unwrap()
    }

    #[test]
    fn an_account_that_tests_too_often_waits_while_others_go_on() {
        let limits = limits(Quota::new(2, 60), Quota::new(100, 100));
        let (acme, globex, stripe) = (account("acme"), account("globex"), provider("stripe"));
        let now = Instant::now();
        assert!(limits.admit(&acme, &stripe, now));
        assert!(limits.admit(&acme, &stripe, now));
        assert!(!limits.admit(&acme, &stripe, now));
        assert!(limits.admit(&globex, &stripe, now));
        assert!(!limits.admit(&acme, &stripe, now + Duration::from_millis(999)));
        assert!(limits.admit(&acme, &stripe, now + Duration::from_secs(1)));
        assert!(!limits.admit(&acme, &stripe, now + Duration::from_secs(1)));
    }

    #[test]
    fn who_tries_a_row_uses_up_a_share_of_his_own() {
        let limits = limits(Quota::new(1, 1), Quota::new(100, 100));
        let actor = |id: &str| {
            Share::Actor(Actor {
                kind: ActorKind::User,
                id: id.to_owned(),
            })
        };
        let (stripe, now) = (provider("stripe"), Instant::now());
        assert!(limits.admit(&actor("acme"), &stripe, now));
        assert!(!limits.admit(&actor("acme"), &stripe, now));
        assert!(limits.admit(&account("acme"), &stripe, now));
        assert!(limits.admit(&actor("other"), &stripe, now));
    }

    #[test]
    fn a_provider_is_not_flooded_by_many_accounts() {
        let limits = limits(Quota::new(100, 100), Quota::new(3, 60));
        let now = Instant::now();
        let taken = (0..10)
            .filter(|n| limits.admit(&account(&format!("a{n}")), &provider("stripe"), now))
            .count();
        assert_eq!(taken, 3);
        assert!(limits.admit(&account("a0"), &provider("twilio"), now));
    }

    #[test]
    fn a_test_that_the_provider_s_quota_refuses_costs_the_account_nothing() {
        let limits = limits(Quota::new(2, 1), Quota::new(1, 1));
        let (acme, now) = (account("acme"), Instant::now());
        assert!(limits.admit(&acme, &provider("stripe"), now));
        assert!(!limits.admit(&acme, &provider("stripe"), now));
        assert!(limits.admit(&acme, &provider("twilio"), now));
        assert!(!limits.admit(&acme, &provider("openai"), now));
    }

    #[test]
    fn quiet_saves_up_no_more_than_one_burst() {
        let limits = limits(Quota::new(2, 60), Quota::new(100, 6000));
        let (acme, stripe, start) = (account("acme"), provider("stripe"), Instant::now());
        assert!(limits.admit(&acme, &stripe, start));
        let later = start + Duration::from_hours(1);
        let taken = (0..10).filter(|_| limits.admit(&acme, &stripe, later)).count();
        assert_eq!(taken, 2);
    }

    #[test]
    fn a_full_table_refuses_new_keys_until_old_ones_are_at_rest() {
        let mut limiter = Limiter::new(Quota::new(1, 60), 2);
        let now = Instant::now();
        for key in ["a", "b"] {
            let due = limiter.next(&key, now).unwrap();
            limiter.due.insert(key, due);
        }
        assert!(limiter.next(&"c", now).is_none());
        assert!(limiter.next(&"c", now + Duration::from_secs(1)).is_some());
        assert!(limiter.due.is_empty());
    }
}
