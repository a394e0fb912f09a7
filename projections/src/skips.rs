use std::collections::HashSet;

use domain::operation::OperationEvent;
use domain::{Event, EventId, Position, StreamId};
use eventlog::{EventLog, LogError, StoredEvent};

use crate::ProjectionName;

/// Notes that are read at once. There are few.
const PAGE: usize = 512;

/// The events that a projection passes by, because an operator decided so. The log says it, and nothing else does: a read
/// database that is lost takes no decision with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Skips {
    events: HashSet<EventId>,
    /// Of notes that name a position alone.
    positions: HashSet<Position>,
}

impl Skips {
    /// What the log says of a projection now.
    pub(crate) async fn read(log: &dyn EventLog, name: ProjectionName) -> Result<Self, LogError> {
        let mut skips = Self::default();
        let mut from = 1;
        loop {
            let notes = log.read_stream(&StreamId::Operations, from, PAGE).await?;
            let Some(last) = notes.last() else {
                return Ok(skips);
            };
            from = last.revision + 1;
            for note in &notes {
                skips.heed(note, name);
            }
        }
    }

    /// A note that this program cannot read decides nothing here: the projection then stands still, for everybody to see.
    fn heed(&mut self, note: &StoredEvent, name: ProjectionName) {
        let Ok(Event::Operation(OperationEvent::ProjectionEventSkipped(skipped))) = note.event() else {
            return;
        };
        if skipped.projection != name.as_str() {
            return;
        }
        match skipped.event {
            Some(event) => self.events.insert(event),
            None => self.positions.insert(skipped.position),
        };
    }

    /// Whether this event is passed by.
    pub(crate) fn contain(&self, event: &StoredEvent) -> bool {
        self.events.contains(&event.id) || self.positions.contains(&event.position)
    }
}
