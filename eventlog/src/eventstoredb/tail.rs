use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Position;
use tokio::sync::watch;

/// What a node knows of the end of the log.
///
/// The server's own events and those of others stand between those of this log, and at its end. So there are two places,
/// and none of this log's events between them: what lies there need not be read twice.
pub(super) struct Tail {
    known: Mutex<Known>,
    head: watch::Sender<Position>,
}

/// Two places in the server's transaction file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The newest event of this log; 0 when there is none.
    pub(super) head: u64,
    /// The newest event of any kind.
    pub(super) end: u64,
}

impl Tail {
    /// Of a log that starts after `birth`.
    pub(super) fn new(birth: u64) -> Self {
        Self {
            known: Mutex::new(Known { head: 0, end: birth }),
            head: watch::Sender::new(Position::START),
        }
    }

    pub(super) fn known(&self) -> Known {
        *self.lock()
    }

    pub(super) fn wakeups(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    /// Notes that all was seen between the known end, or some place before it, and `end`, and what the newest event of
    /// this log among that was.
    pub(super) fn note(&self, newest: Option<u64>, end: u64) -> Known {
        let mut known = self.lock();
        let head = known.head.max(newest.unwrap_or(0));
        *known = Known {
            head,
            end: known.end.max(end).max(head),
        };
        let known = *known;
        self.head.send_if_modified(|position| {
            let newer = known.head > position.to_stored();
            *position = Position::from_stored(known.head.max(position.to_stored()));
            newer
        });
        known
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_events_move_the_end_alone_and_nothing_moves_back() {
        let tail = Tail::new(10);
        assert_eq!(tail.note(None, 30), Known { head: 0, end: 30 });
        assert_eq!(tail.note(Some(40), 40), Known { head: 40, end: 40 });
        assert_eq!(tail.note(Some(35), 60), Known { head: 40, end: 60 });
        assert_eq!(tail.note(Some(20), 20), Known { head: 40, end: 60 });
        assert_eq!(*tail.wakeups().borrow(), Position::from_stored(40));
    }

    #[test]
    fn readers_are_woken_by_events_of_this_log_alone() {
        let tail = Tail::new(0);
        let mut wakeups = tail.wakeups();
        tail.note(None, 30);
        assert!(!wakeups.has_changed().unwrap());
        tail.note(Some(40), 40);
        assert!(wakeups.has_changed().unwrap());
        wakeups.mark_unchanged();
        tail.note(Some(40), 50);
        assert!(!wakeups.has_changed().unwrap());
    }
}
