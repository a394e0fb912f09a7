use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Position, TokenId};
use lru::LruCache;
use projections::ProjectionName;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::problem::Problem;
use crate::state::App;

/// A revocation is honoured within this time, whatever the read model of the tokens does.
const WITHIN: Duration = Duration::from_secs(1);

/// How often the end of the log is noted, while the read model is behind it.
const NOTED: Duration = Duration::from_millis(100);

/// How many revocations of this node are remembered: more than are made in the second after which the read model, or the
/// log itself, tells of them. Unwrapped while this is compiled: a zero would not build.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Whether tokens that the read model knows as good were revoked meanwhile.
///
/// What this node revoked is known at once. What others revoked is in the read model, unless that is more than a second
/// behind the log or has stopped: then the token's own stream is asked, at the cost of a look into the log.
pub(crate) struct Standing {
    head: watch::Receiver<Position>,
    any_revoked: AtomicBool,
    revoked: Mutex<LruCache<TokenId, ()>>,
    /// Where the log ended when it was last looked at, the oldest first: not older than a second.
    ends: Mutex<VecDeque<(Instant, Position)>>,
}

impl Standing {
    /// Over a log that tells of its growth by `head`.
    pub(crate) fn new(head: watch::Receiver<Position>) -> Self {
        Self {
            head,
            any_revoked: AtomicBool::new(false),
            revoked: Mutex::new(LruCache::new(REMEMBERED)),
            ends: Mutex::default(),
        }
    }

    /// A token was revoked by this node: it is refused from here on.
    pub(crate) fn revoke(&self, token: TokenId) {
        lock(&self.revoked).put(token, ());
        self.any_revoked.store(true, Ordering::Release);
    }

    /// Whether a token that the read model knows as good still is.
    ///
    /// # Errors
    /// When that cannot be found out: nobody is let in on a token that may be revoked.
    pub(crate) async fn holds(&self, app: &App, token: TokenId) -> Result<bool, Problem> {
        if self.any_revoked.load(Ordering::Acquire) && lock(&self.revoked).contains(&token) {
            return Ok(false);
        }
        let applied = app.projections.status_of(ProjectionName::Tokens).position;
        let head = *self.head.borrow();
        if applied >= head || self.is_recent(applied, head, Instant::now()) {
            return Ok(true);
        }
        Ok(app.commands.token_stands(token).await?)
    }

    /// Whether what was in the log a second ago is applied. When nobody looked at the log for so long, that is unknown.
    fn is_recent(&self, applied: Position, head: Position, now: Instant) -> bool {
        let mut ends = lock(&self.ends);
        while ends.front().is_some_and(|(at, _)| now.duration_since(*at) > WITHIN) {
            ends.pop_front();
        }
        let recent = ends.iter().any(|(_, end)| applied >= *end);
        if ends.back().is_none_or(|(at, _)| now.duration_since(*at) >= NOTED) {
            ends.push_back((now, head));
        }
        recent
    }
}

/// Every change is a single step: a panic elsewhere leaves them as they were.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_a_moment_behind_is_relied_on_and_one_that_stands_still_is_not() {
        let (_grows, head) = watch::channel(Position::START);
        let standing = Standing::new(head);
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let position = Position::from_stored;
        // Nobody has looked before: it is not known for how long it has been behind.
        assert!(!standing.is_recent(position(1), position(2), at(0)));
        // It moves on, and what was the end of the log then is applied.
        assert!(standing.is_recent(position(2), position(5), at(150)));
        assert!(standing.is_recent(position(4), position(9), at(900)));
        // It has stopped: a second later nothing recent is applied.
        assert!(!standing.is_recent(position(4), position(9), at(1200)));
        assert!(!standing.is_recent(position(4), position(20), at(5000)));
    }
}
