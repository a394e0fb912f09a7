use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::ProviderKey;
use tokio::time::Instant;

use crate::config::EgressConfig;

/// The most circuits that are remembered at a time. Only those that failed lately are.
const MAX_CIRCUITS: usize = 10_000;

/// How many pauses a circuit that never came up again is remembered for.
const REMEMBERED_PAUSES: u32 = 20;

/// One circuit: a provider at one of its hosts. By the host too, since some rows name the account's own server or a
/// region: one account's broken server must not keep the others from theirs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CircuitKey {
    /// The provider.
    pub(crate) provider: ProviderKey,
    /// The host, as the guard spells it.
    pub(crate) host: String,
}

/// A circuit breaker: a provider that failed several times in a row is left alone for a while; then one call may try,
/// and its result decides.
pub(crate) struct Breaker {
    failures: u32,
    pause: Duration,
    capacity: usize,
    circuits: Mutex<HashMap<CircuitKey, Circuit>>,
}

struct Circuit {
    failures: u32,
    last_failure: Instant,
    /// Whether the one call that may try is on its way.
    trying: bool,
}

/// The leave to make one call. Its result is to be recorded; when it is dropped without (the caller went away), another
/// call may try in its place.
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    key: CircuitKey,
    trial: bool,
}

impl Breaker {
    /// A breaker with every circuit closed.
    pub(crate) fn new(config: &EgressConfig) -> Self {
        Self {
            failures: config.breaker_failures.max(1),
            pause: config.breaker_pause,
            capacity: MAX_CIRCUITS,
            circuits: Mutex::default(),
        }
    }

    /// The leave to call, unless the circuit is open. It is open too when there is no room to remember another one:
    /// what cannot be counted is not allowed.
    pub(crate) fn admit(&self, key: CircuitKey, now: Instant) -> Option<Permit<'_>> {
        let mut circuits = self.circuits();
        let mut trial = false;
        if let Some(circuit) = circuits.get_mut(&key) {
            if circuit.failures >= self.failures {
                if circuit.trying || now < circuit.last_failure + self.pause {
                    return None;
                }
                circuit.trying = true;
                trial = true;
            }
        } else if circuits.len() >= self.capacity {
            let memory = self.pause * REMEMBERED_PAUSES;
            circuits.retain(|_, circuit| circuit.trying || now < circuit.last_failure + memory);
            if circuits.len() >= self.capacity {
                return None;
            }
        }
        drop(circuits);
        Some(Permit {
            breaker: self,
            key,
            trial,
        })
    }

    fn circuits(&self) -> MutexGuard<'_, HashMap<CircuitKey, Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The provider answered, whatever it said of the key.
    pub(crate) fn reached(mut self) {
        self.trial = false;
        self.breaker.circuits().remove(&self.key);
    }

    /// The provider could not be reached, or was out of order.
    pub(crate) fn failed(mut self, now: Instant) {
        self.trial = false;
        let mut circuits = self.breaker.circuits();
        let circuit = circuits.entry(self.key.clone()).or_insert(Circuit {
            failures: 0,
            last_failure: now,
            trying: false,
        });
        circuit.failures = circuit.failures.saturating_add(1);
        circuit.last_failure = now;
        circuit.trying = false;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.trial
            && let Some(circuit) = self.breaker.circuits().get_mut(&self.key)
        {
            circuit.trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(&EgressConfig {
            breaker_failures: 3,
            breaker_pause: PAUSE,
            ..EgressConfig::default()
        })
    }

    fn stripe(host: &str) -> CircuitKey {
        CircuitKey {
            provider: "stripe".parse().unwrap(),
            host: host.to_owned(),
        }
    }

    fn key() -> CircuitKey {
        stripe("api.stripe.com")
    }

    fn open(breaker: &Breaker, now: Instant) {
        for _ in 0..3 {
            breaker.admit(key(), now).unwrap().failed(now);
        }
    }

    #[test]
    fn it_opens_after_as_many_failures_in_a_row() {
        let (breaker, now) = (breaker(), Instant::now());
        breaker.admit(key(), now).unwrap().failed(now);
        breaker.admit(key(), now).unwrap().failed(now);
        breaker.admit(key(), now).unwrap().reached();
        open(&breaker, now);
        assert!(breaker.admit(key(), now).is_none());
        assert!(breaker.admit(key(), now + PAUSE - Duration::from_millis(1)).is_none());
    }

    #[test]
    fn after_the_pause_one_call_tries_and_closes_it() {
        let (breaker, start) = (breaker(), Instant::now());
        open(&breaker, start);
        let now = start + PAUSE;
        let trial = breaker.admit(key(), now).unwrap();
        assert!(breaker.admit(key(), now).is_none(), "only one at a time");
        trial.reached();
        let first = breaker.admit(key(), now);
        assert!(first.is_some() && breaker.admit(key(), now).is_some());
    }

    #[test]
    fn a_trial_that_fails_opens_it_again() {
        let (breaker, start) = (breaker(), Instant::now());
        open(&breaker, start);
        let now = start + PAUSE;
        breaker.admit(key(), now).unwrap().failed(now);
        assert!(breaker.admit(key(), now + PAUSE / 2).is_none());
        assert!(breaker.admit(key(), now + PAUSE).is_some());
    }

    #[test]
    fn a_trial_that_was_given_up_leaves_room_for_the_next() {
        let (breaker, start) = (breaker(), Instant::now());
        open(&breaker, start);
        let now = start + PAUSE;
        drop(breaker.admit(key(), now).unwrap());
        assert!(breaker.admit(key(), now).is_some());
    }

    #[test]
    fn a_broken_server_of_one_account_leaves_the_others_alone() {
        let (breaker, now) = (breaker(), Instant::now());
        open(&breaker, now);
        assert!(breaker.admit(stripe("other.stripe.com"), now).is_some());
    }

    #[test]
    fn a_full_table_is_closed_to_new_hosts_until_old_failures_are_forgotten() {
        let mut breaker = breaker();
        breaker.capacity = 2;
        let now = Instant::now();
        for host in ["a.example.com", "b.example.com"] {
            breaker.admit(stripe(host), now).unwrap().failed(now);
        }
        assert!(breaker.admit(key(), now).is_none());
        assert!(
            breaker.admit(stripe("a.example.com"), now).is_some(),
            "a known host is still counted"
        );
        assert!(breaker.admit(key(), now + PAUSE * REMEMBERED_PAUSES).is_some());
    }
}
