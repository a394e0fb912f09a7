use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::Sha256Digest;
use lru::LruCache;

use super::pass::Pass;

/// How long a session lasts from its last sign-in.
pub(crate) const LIFE: TimeDelta = TimeDelta::hours(12);

/// So many sessions are kept; the one that was not used for longest makes room. Unwrapped while this is compiled.
const MOST: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// With so many tokens and memberships one may be signed in at a time.
pub(crate) const MOST_PASSES: usize = 32;

/// The digest of what the browser holds: whoever reads this process's memory cannot take over a session with it.
pub(crate) type SessionKey = Sha256Digest;

/// The sessions of this process. They end with it.
pub(crate) struct Sessions(Mutex<LruCache<SessionKey, Session>>);

/// One browser's session: what it has signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    passes: Vec<Pass>,
    active: Pass,
    notice: Option<Notice>,
    ends: DateTime<Utc>,
}

/// What the next page says about what was just done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What happened, and what to do next.
    pub(crate) text: String,
}

/// How something is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It worked.
    Good,
    /// It worked, and there is something to know.
    Caution,
    /// It did not work.
    Bad,
}

impl Tone {
    /// Its name in style sheets.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Bad => "bad",
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Sessions {
    /// Starts a session that uses a pass, and may go on with others.
    pub(crate) fn sign_in(&self, key: SessionKey, active: Pass, others: Vec<Pass>, now: DateTime<Utc>) {
        let mut passes = others;
        passes.retain(|known| *known != active);
        passes.truncate(MOST_PASSES - 1);
        passes.insert(0, active.clone());
        let session = Session {
            passes,
            active,
            notice: None,
            ends: now + LIFE,
        };
        self.lock().put(key, session);
    }

    /// The passes of a session, the one in use first; none when there is no such session.
    pub(crate) fn passes(&self, key: SessionKey, now: DateTime<Utc>) -> Vec<Pass> {
        let mut sessions = self.lock();
        let Some(session) = sessions.get(&key).filter(|session| now < session.ends) else {
            sessions.pop(&key);
            return Vec::new();
        };
        let mut passes = session.passes.clone();
        passes.sort_by_key(|pass| *pass != session.active);
        passes
    }

    /// Goes on with another pass of the session; false when it is none of it.
    pub(crate) fn switch(&self, key: SessionKey, pass: &Pass) -> bool {
        let mut sessions = self.lock();
        match sessions.get_mut(&key) {
            Some(session) if session.passes.contains(pass) => {
                session.active = pass.clone();
                true
            }
            _ => false,
        }
    }

    /// Ends a session.
    pub(crate) fn end(&self, key: SessionKey) {
        self.lock().pop(&key);
    }

    /// Leaves something for the next page to say.
    pub(crate) fn leave(&self, key: SessionKey, notice: Notice) {
        if let Some(session) = self.lock().get_mut(&key) {
            session.notice = Some(notice);
        }
    }

    /// What was left to say.
    pub(crate) fn take_notice(&self, key: SessionKey) -> Option<Notice> {
        self.lock().get_mut(&key)?.notice.take()
    }

    /// Every change is a single step: a panic elsewhere leaves them as they were.
    fn lock(&self) -> MutexGuard<'_, LruCache<SessionKey, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Sha256Digest {
        Sha256Digest::of(text.as_bytes())
    }

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn token(text: &str) -> Pass {
        Pass::Token(digest(text))
    }

    #[test]
    fn the_token_in_use_stands_first_and_only_tokens_of_the_session_can_be_switched_to() {
        let sessions = Sessions::default();
        let key = digest("cookie");
        sessions.sign_in(key, token("a"), Vec::new(), at(0));
        sessions.sign_in(key, token("b"), vec![token("a")], at(0));
        assert_eq!(sessions.passes(key, at(1)), [token("b"), token("a")]);
        assert!(sessions.switch(key, &token("a")));
        assert_eq!(sessions.passes(key, at(1)), [token("a"), token("b")]);
        assert!(!sessions.switch(key, &token("c")));
        assert!(!sessions.switch(digest("other"), &token("a")));
    }

    #[test]
    fn a_session_ends_after_its_life_and_when_it_is_told_to() {
        let sessions = Sessions::default();
        let (one, other) = (digest("1"), digest("2"));
        sessions.sign_in(one, token("a"), Vec::new(), at(0));
        sessions.sign_in(other, token("a"), Vec::new(), at(0));
        assert!(!sessions.passes(one, at(11)).is_empty());
        assert!(sessions.passes(one, at(12)).is_empty());
        sessions.end(other);
        assert!(sessions.passes(other, at(1)).is_empty());
    }

    #[test]
    fn a_notice_is_said_once() {
        let sessions = Sessions::default();
        let key = digest("1");
        let notice = Notice {
            tone: Tone::Good,
            text: "Saved.".to_owned(),
        };
        sessions.leave(key, notice.clone());
        assert_eq!(sessions.take_notice(key), None);
        sessions.sign_in(key, token("a"), Vec::new(), at(0));
        sessions.leave(key, notice.clone());
        assert_eq!(sessions.take_notice(key), Some(notice));
        assert_eq!(sessions.take_notice(key), None);
    }
}
