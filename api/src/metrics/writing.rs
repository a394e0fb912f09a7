use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long the log counts as not writable after an append that failed, unless another one works: long enough to be
/// seen, and short enough that a node which got no requests because of it tries again.
const REMEMBERED: Duration = Duration::from_secs(15);

/// Whether this process can write the log, by what became of its last append.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writing(Arc<Last>);

#[derive(Debug, Default)]
struct Last {
    any_failed: AtomicBool,
    failed: Mutex<Option<Instant>>,
}

impl Writing {
    /// An append was stored.
    pub(crate) fn works(&self) {
        // For every append but those after a failure this is all.
        if self.0.any_failed.swap(false, Ordering::AcqRel) {
            self.note(None);
        }
    }

    /// An append was not stored, or nobody knows: the disk is full, or the log is away.
    pub(crate) fn failed(&self) {
        self.note(Some(Instant::now()));
        self.0.any_failed.store(true, Ordering::Release);
    }

    /// Whether the last append was stored, as far as it is worth knowing.
    pub(crate) fn is_fine(&self) -> bool {
        let failed = *self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_none_or(|at| at.elapsed() > REMEMBERED)
    }

    fn note(&self, failed: Option<Instant>) {
        *self.0.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_append_that_failed_counts_until_one_works() {
        let writing = Writing::default();
        assert!(writing.is_fine());
        writing.failed();
        assert!(!writing.is_fine());
        writing.clone().works();
        assert!(writing.is_fine());
    }
}
