use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{DecodeError, Event, EventId, Metadata, Position, StreamId};

/// An event on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id, by which the log recognises it when it comes again.
    pub id: EventId,
    /// The name of its type.
    pub kind: String,
    /// The schema version of its data.
    pub schema: u16,
    /// When it was recorded, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    /// Who, for which account, by which command.
    pub metadata: Metadata,
    /// What happened, as a JSON object.
    pub data: String,
}

impl NewEvent {
    /// Encodes `event` in its current form.
    ///
    /// # Errors
    /// See [`Event::encode`].
    pub fn new(
        id: EventId,
        event: &Event,
        recorded_at: DateTime<Utc>,
        metadata: Metadata,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id,
            kind: event.kind().to_owned(),
            schema: event.schema(),
            recorded_at,
            metadata,
            data: event.encode()?,
        })
    }
}

/// An event as the log keeps it. It never changes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its id.
    pub id: EventId,
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub revision: u64,
    /// Its place in the log.
    pub position: Position,
    /// The name of its type.
    pub kind: Arc<str>,
    /// The schema version of its data.
    pub schema: u16,
    /// When it was recorded, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    /// Who, for which account, by which command.
    pub metadata: Metadata,
    /// What happened, as the JSON object that was stored.
    pub data: String,
}

/// What it takes to store the event once more, in another log.
impl From<StoredEvent> for NewEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.id,
            kind: event.kind.to_string(),
            schema: event.schema,
            recorded_at: event.recorded_at,
            metadata: event.metadata,
            data: event.data,
        }
    }
}

impl StoredEvent {
    /// What happened, in its current form.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn event(&self) -> Result<Event, DecodeError> {
        Event::decode(&self.kind, self.schema, &self.data)
    }
}
