use std::sync::Arc;

use chrono::DateTime;
use domain::{EventId, Metadata, Position, StreamId};
use serde::{Deserialize, Serialize};

use crate::{NewEvent, StoredEvent, envelope_text};

/// What the writer of an event knows of it, besides what happened. It is written ahead of the writing task.
#[derive(Serialize)]
struct Known<'a> {
    kind: &'a str,
    schema: u16,
    /// Microseconds since 1970-01-01T00:00:00Z.
    recorded_at: i64,
    metadata: &'a Metadata,
}

/// The stored form: what the log adds, and then all that is known already.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Envelope<'a> {
    pub(crate) position: u64,
    pub(crate) stream: StreamId,
    pub(crate) revision: u64,
    pub(crate) id: EventId,
    pub(crate) kind: &'a str,
    pub(crate) schema: u16,
    pub(crate) recorded_at: i64,
    pub(crate) metadata: Metadata,
}

/// The part of an envelope that does not depend on where the event comes to stand.
pub(crate) fn prepare(event: &NewEvent) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Known {
        kind: &event.kind,
        schema: event.schema,
        recorded_at: event.recorded_at.timestamp_micros(),
        metadata: &event.metadata,
    })
}

/// A whole envelope. The name of a stream needs no escaping.
pub(crate) fn complete(prepared: &str, id: EventId, stream: &str, revision: u64, position: u64) -> String {
    let rest = prepared.trim_start_matches('{');
    format!(r#"{{"position":{position},"stream":"{stream}","revision":{revision},"id":"{id}",{rest}"#)
}

/// Reads stored events, and shares the names of their types among them: there are few.
#[derive(Default)]
pub(crate) struct Decoder {
    kinds: Vec<Arc<str>>,
}

impl Decoder {
    /// Reads one event; otherwise says what is wrong, without what is stored.
    pub(crate) fn decode(&mut self, envelope: &str, data: &str) -> Result<StoredEvent, &'static str> {
        let envelope = match envelope_text::read(envelope) {
            Some(envelope) => envelope,
            None => serde_json::from_str(envelope).map_err(|_| "the envelope is not of its form")?,
        };
        Ok(StoredEvent {
            id: envelope.id,
            stream: envelope.stream,
            revision: envelope.revision,
            position: Position::from_stored(envelope.position),
            kind: self.share(envelope.kind),
            schema: envelope.schema,
            recorded_at: DateTime::from_timestamp_micros(envelope.recorded_at).ok_or("the time is out of range")?,
            metadata: envelope.metadata,
            data: data.to_owned(),
        })
    }

    fn share(&mut self, kind: &str) -> Arc<str> {
        if let Some(known) = self.kinds.iter().find(|known| ***known == *kind) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(kind);
        self.kinds.push(Arc::clone(&new));
        new
    }
}
