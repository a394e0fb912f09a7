use std::sync::atomic::{AtomicU64, Ordering};

use domain::Position;
use tokio::sync::{Mutex, watch};

use crate::{CommandError, Commands};

/// Keeps the caches as new as the log, at the cost of reading each event once, and of nothing while the log rests.
pub(crate) struct Follower {
    wakeups: watch::Receiver<Position>,
    /// How far the log was read, for a look without a lock.
    seen: AtomicU64,
    reading: Mutex<()>,
}

/// How many events are read at a time.
const PAGE: usize = 1000;
/// After so many pages it is cheaper to forget everything and start at the end.
const MAX_PAGES: usize = 10;

impl Follower {
    pub(crate) fn new(wakeups: watch::Receiver<Position>) -> Self {
        // The caches are empty: nothing before this moment can make them old.
        let seen = AtomicU64::new(wakeups.borrow().to_stored());
        Self {
            wakeups,
            seen,
            reading: Mutex::new(()),
        }
    }

    fn is_behind(&self) -> bool {
        self.wakeups.borrow().to_stored() > self.seen.load(Ordering::Acquire)
    }
}

impl Commands {
    /// Forgets what is remembered of the log: it was set back, and what it says now may be something else.
    ///
    /// # Errors
    /// [`CommandError::Unavailable`]: all is forgotten, but not known from where on the log is to be followed. Call it again.
    pub async fn forget(&self) -> Result<(), CommandError> {
        let follower = &self.inner.follower;
        let _reading = follower.reading.lock().await;
        self.caches.clear();
        // Until the log has grown to where it was, nobody wakes a reader: it is behind, and looks each time.
        let head = self.log.read_all(Position::START, 1).await?.head;
        follower.seen.store(head.to_stored(), Ordering::Release);
        self.caches.clear();
        Ok(())
    }

    /// Forgets what this node knows to be old by now. A log that several nodes write may tell of an event late; a lease
    /// bounds how long that can matter.
    pub(crate) async fn catch_up(&self) -> Result<(), CommandError> {
        let follower = &self.inner.follower;
        if !follower.is_behind() {
            return Ok(());
        }
        let _reading = follower.reading.lock().await;
        for _ in 0..MAX_PAGES {
            if !follower.is_behind() {
                return Ok(());
            }
            let after = Position::from_stored(follower.seen.load(Ordering::Acquire));
            let page = self.log.read_all(after, PAGE).await?;
            for event in &page.events {
                self.caches.note(&event.stream, event.revision);
            }
            // A page may be empty and still lead on, where the log holds what is not ours.
            let stands = page.next == after;
            let seen = if stands { page.head } else { page.next };
            follower.seen.fetch_max(seen.to_stored(), Ordering::AcqRel);
            if stands {
                return Ok(());
            }
        }
        if follower.is_behind() {
            let seen = *follower.wakeups.borrow();
            self.caches.clear();
            follower.seen.fetch_max(seen.to_stored(), Ordering::AcqRel);
        }
        Ok(())
    }
}
