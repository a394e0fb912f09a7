use std::collections::HashMap;

use domain::{EventId, Position, StreamId};

use crate::{Appended, Expected, LogError, NewEvent};

/// What must be known of the log to decide about an append: for all that it touches, which ids are stored, and the
/// last revision. Every decision to write is noted, so that a run of appends can be decided one after the other.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    places: HashMap<EventId, Place>,
    revisions: HashMap<StreamId, u64>,
    head: u64,
}

/// Where an event is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) stream: StreamId,
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

/// What becomes of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is stored already.
    Known(Appended),
    /// It is to be written, its first event with this revision and position, the others right behind.
    Write { revision: u64, position: u64 },
}

impl Ledger {
    /// A ledger of a log whose newest event is at `head`.
    pub(crate) fn new(head: u64) -> Self {
        Self {
            head,
            ..Self::default()
        }
    }

    /// Notes a stored event.
    pub(crate) fn note_event(&mut self, id: EventId, place: Place) {
        self.places.insert(id, place);
    }

    /// Notes the last revision of a stream.
    pub(crate) fn note_revision(&mut self, stream: StreamId, revision: u64) {
        self.revisions.insert(stream, revision);
    }

    /// Decides about one append.
    pub(crate) fn decide(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Decision, LogError> {
        if let Some(appended) = self.stored(stream, events)? {
            return Ok(Decision::Known(appended));
        }
        let actual = self.revisions.get(stream).copied().unwrap_or(0);
        let as_expected = match expected {
            Expected::NoStream => actual == 0,
            Expected::Exact(revision) => actual == revision,
            Expected::Any => true,
        };
        if !as_expected {
            return Err(LogError::Conflict {
                stream: stream.clone(),
                actual,
            });
        }
        let decision = Decision::Write {
            revision: actual + 1,
            position: self.head + 1,
        };
        let mut revision = actual;
        for event in events {
            revision += 1;
            self.head += 1;
            self.note_event(
                event.id,
                Place {
                    stream: stream.clone(),
                    revision,
                    position: self.head,
                },
            );
        }
        self.note_revision(stream.clone(), revision);
        Ok(decision)
    }

    /// Where `events` are if all of them are stored, one right after the other in `stream`; none if none is.
    fn stored(&self, stream: &StreamId, events: &[NewEvent]) -> Result<Option<Appended>, LogError> {
        let mut places = events
            .iter()
            .filter_map(|event| self.places.get(&event.id).map(|place| (event.id, place)));
        let Some((id, first)) = places.next() else {
            return Ok(None);
        };
        let mut count = 1;
        let mut last = first;
        let mut together = first.stream == *stream;
        for (_, place) in places {
            together &= place.stream == *stream && place.revision == last.revision + 1;
            last = place;
            count += 1;
        }
        if !together || count != events.len() {
            return Err(LogError::PartialDuplicate { id });
        }
        Ok(Some(Appended {
            revision: last.revision,
            position: Position::from_stored(last.position),
            duplicate: true,
        }))
    }
}

impl Decision {
    /// The answer to an append of `count` events, once it is stored.
    pub(crate) const fn appended(self, count: u64) -> Appended {
        match self {
            Self::Known(appended) => appended,
            Self::Write { revision, position } => Appended {
                revision: revision + count - 1,
                position: Position::from_stored(position + count - 1),
                duplicate: false,
            },
        }
    }
}
