use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{Position, StreamId};
use tokio::sync::watch;
use uuid::Uuid;

use crate::ledger::{Decision, Ledger};
use crate::random::random_id;
use crate::{Appended, EventLog, Expected, LogError, NewEvent, Page, StoredEvent, limits};

/// A log in memory, for tests: it keeps every promise of the port but durability.
pub struct MemoryLog {
    state: RwLock<State>,
    head: watch::Sender<Position>,
    id: Uuid,
}

#[derive(Default)]
struct State {
    ledger: Ledger,
    /// All events; the one at index 0 has position 1.
    events: Vec<StoredEvent>,
    /// The indexes of each stream's events.
    streams: HashMap<StreamId, Vec<usize>>,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: RwLock::default(),
            head: watch::Sender::new(Position::START),
            id: random_id(),
        }
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        limits::check(&events)?;
        let count = events.len() as u64;
        let appended = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let decision = state.ledger.decide(stream, expected, &events)?;
            if let Decision::Write { revision, .. } = decision {
                state.write(stream, revision, events);
            }
            decision.appended(count)
        };
        self.head.send_if_modified(|head| {
            let newer = appended.position > *head;
            *head = appended.position.max(*head);
            newer
        });
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let indexes = state.streams.get(stream).map(Vec::as_slice).unwrap_or_default();
        let skip = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        Ok(indexes
            .iter()
            .skip(skip)
            .take(max)
            .map(|index| state.events[*index].clone())
            .collect())
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(after.to_stored()).unwrap_or(usize::MAX);
        let events: Vec<_> = state.events.iter().skip(skip).take(max).cloned().collect();
        Ok(Page {
            next: events.last().map_or(after, |event| event.position),
            head: state.events.last().map_or(Position::START, |event| event.position),
            events,
        })
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    fn log_id(&self) -> Uuid {
        self.id
    }

    async fn close(&self) {}
}

impl State {
    fn write(&mut self, stream: &StreamId, first_revision: u64, events: Vec<NewEvent>) {
        let indexes = self.streams.entry(stream.clone()).or_default();
        for (revision, event) in (first_revision..).zip(events) {
            indexes.push(self.events.len());
            self.events.push(StoredEvent {
                id: event.id,
                stream: stream.clone(),
                revision,
                position: Position::from_stored(self.events.len() as u64 + 1),
                kind: Arc::from(event.kind),
                schema: event.schema,
                recorded_at: to_micros(event.recorded_at),
                metadata: event.metadata,
                data: event.data,
            });
        }
    }
}

/// What a log keeps of a time: microseconds.
fn to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
