use std::sync::Arc;

use domain::{Category, DecodeError, Event, Position};
use eventlog::StoredEvent;

/// An event as it was stored and, next to it, what it says: decoded once for all projections.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) stored: Arc<StoredEvent>,
    pub(crate) event: Result<Event, DecodeError>,
}

impl Decoded {
    pub(crate) fn new(stored: Arc<StoredEvent>) -> Self {
        let event = stored.event();
        Self { stored, event }
    }

    pub(crate) fn position(&self) -> Position {
        self.stored.position
    }

    pub(crate) fn category(&self) -> Category {
        self.stored.stream.category()
    }
}

/// Consecutive events on their way to every projection.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// The position that the first of them follows: nothing of the log lies between.
    pub(crate) after: Position,
    /// The events.
    pub(crate) events: Arc<Vec<Decoded>>,
    /// Whether these were the log's newest when they were read. Until then a projection may keep rows in memory and
    /// write many at once.
    pub(crate) caught_up: bool,
}
