use std::sync::Arc;

use chrono::DateTime;
use domain::{EventId, Metadata, Position, StreamId};
use eventstore::{EventData, RecordedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{LogError, NewEvent, StoredEvent};

/// Positions are signed on the server: a larger one is its way to say that there is none.
const MAX_POSITION: u64 = i64::MAX.cast_unsigned();

/// What the server keeps beside the data: its "custom metadata", as JSON.
#[derive(Serialize)]
struct Known<'a> {
    id: EventId,
    schema: u16,
    /// Microseconds since 1970-01-01T00:00:00Z.
    recorded_at: i64,
    metadata: &'a Metadata,
}

#[derive(Deserialize)]
struct Envelope {
    id: EventId,
    schema: u16,
    recorded_at: i64,
    metadata: Metadata,
}

/// Between events and their form on the server.
pub(super) struct Codec {
    /// What the names of this log's streams start with, with the dash.
    prefix: String,
    /// Another one for each handle on a log.
    ///
    /// The server answers a repeat as if it were the first: a writer could not tell its own events from those that another
    /// one stored under the same ids a moment before. So each writer derives ids of its own for the server. What it sends
    /// twice is still known as a repeat; what two of them send is a conflict, which is looked into.
    writer: Uuid,
}

impl Codec {
    pub(super) fn new(namespace: &str, writer: Uuid) -> Self {
        Self {
            prefix: format!("{namespace}-"),
            writer,
        }
    }

    /// The stream's name on the server.
    pub(super) fn name(&self, stream: &StreamId) -> String {
        format!("{}{stream}", self.prefix)
    }

    /// The stream with this name on the server; none if it is not one of this log.
    pub(super) fn stream(&self, name: &str) -> Option<StreamId> {
        name.strip_prefix(&self.prefix)?.parse().ok()
    }

    pub(super) fn encode(&self, event: &NewEvent) -> Result<EventData, LogError> {
        let refused = |_| LogError::Invalid("the data of an event is not a compact JSON object");
        let data = RawValue::from_string(event.data.clone()).map_err(refused)?;
        let known = Known {
            id: event.id,
            schema: event.schema,
            recorded_at: event.recorded_at.timestamp_micros(),
            metadata: &event.metadata,
        };
        let id = Uuid::new_v5(&self.writer, event.id.uuid().as_bytes());
        let encoded = EventData::json(&event.kind, &data).and_then(|encoded| encoded.id(id).metadata_as_json(&known));
        encoded.map_err(|_| LogError::Invalid("the metadata of an event cannot be written"))
    }

    /// The event, of the stream whose name was understood as `stream`.
    pub(super) fn decode(stream: StreamId, event: RecordedEvent) -> Result<StoredEvent, LogError> {
        let position = event.position.commit;
        let corrupt = |reason: &str| LogError::corrupt(position, reason);
        if position == 0 || position > MAX_POSITION {
            return Err(corrupt("the server does not say where it stands"));
        }
        let envelope: Envelope =
            serde_json::from_slice(&event.custom_metadata).map_err(|_| corrupt("the envelope is not of its form"))?;
        Ok(StoredEvent {
            id: envelope.id,
            stream,
            revision: event.revision + 1,
            position: Position::from_stored(position),
            kind: Arc::from(event.event_type),
            schema: envelope.schema,
            recorded_at: DateTime::from_timestamp_micros(envelope.recorded_at)
                .ok_or_else(|| corrupt("the time is out of range"))?,
            metadata: envelope.metadata,
            data: String::from_utf8(event.data.into()).map_err(|_| corrupt("the data is not UTF-8"))?,
        })
    }
}
