use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::Sha256Digest;
use lru::LruCache;

use super::port::Proof;

/// How long somebody may take to sign in at the provider.
pub(crate) const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// So many attempts are kept; the oldest makes room. Unwrapped while this is compiled.
const MOST: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// Who was sent to the provider and is not back yet, by the digest of the attempt's state.
pub(crate) struct Attempts(Mutex<LruCache<Sha256Digest, Attempt>>);

/// One way to the provider and back.
pub(crate) struct Attempt {
    /// The browser that was sent, by the digest of the number that it holds.
    pub(crate) browser: Sha256Digest,
    /// What the answer must fit.
    pub(crate) proof: Proof,
    /// Where to go on to.
    pub(crate) next: String,
    /// Until when it counts.
    pub(crate) ends: DateTime<Utc>,
}

/// Why an answer belongs to no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAttempt {
    /// It never was one of this browser, or it was used before.
    Unknown,
    /// It took too long.
    Expired,
}

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Attempts {
    /// Keeps an attempt until it is taken.
    pub(crate) fn keep(&self, state: Sha256Digest, attempt: Attempt) {
        self.lock().put(state, attempt);
    }

    /// Takes an attempt of this browser: it counts once. Another browser's stays where it is.
    pub(crate) fn take(
        &self,
        state: Sha256Digest,
        browser: Sha256Digest,
        now: DateTime<Utc>,
    ) -> Result<Attempt, NoAttempt> {
        let mut attempts = self.lock();
        if attempts.peek(&state).is_none_or(|attempt| attempt.browser != browser) {
            return Err(NoAttempt::Unknown);
        }
        let attempt = attempts.pop(&state).ok_or(NoAttempt::Unknown)?;
        if now < attempt.ends {
            Ok(attempt)
        } else {
            Err(NoAttempt::Expired)
        }
    }

    /// Every change is a single step: a panic elsewhere leaves them as they were.
    fn lock(&self) -> MutexGuard<'_, LruCache<Sha256Digest, Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Sha256Digest {
        Sha256Digest::of(text.as_bytes())
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn kept() -> Attempts {
        let attempts = Attempts::default();
        let proof = Proof {
            nonce: "n".to_owned(),
            verifier: "v".into(),
        };
        let attempt = Attempt {
            browser: digest("browser"),
            proof,
            next: "/audit".to_owned(),
            ends: at(0) + PATIENCE,
        };
        attempts.keep(digest("state"), attempt);
        attempts
    }

    #[test]
    fn an_attempt_counts_once() {
        let attempts = kept();
        let take = || {
            attempts
                .take(digest("state"), digest("browser"), at(9))
                .map(|it| it.next)
        };
        assert_eq!(take(), Ok("/audit".to_owned()));
        assert_eq!(take(), Err(NoAttempt::Unknown));
    }

    #[test]
    fn another_browser_can_neither_use_nor_spend_it() {
        let attempts = kept();
        let other = attempts.take(digest("state"), digest("other"), at(1));
        assert_eq!(other.err(), Some(NoAttempt::Unknown));
        assert!(attempts.take(digest("state"), digest("browser"), at(1)).is_ok());
    }

    #[test]
    fn it_ends_after_ten_minutes() {
        let late = kept().take(digest("state"), digest("browser"), at(10));
        assert_eq!(late.err(), Some(NoAttempt::Expired));
    }
}
