use std::sync::Arc;

use chrono::DateTime;
use domain::{EventId, Metadata, Position, StreamId};
use eventlog::StoredEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Message;

/// What the subjects of all events begin with.
pub(super) const SUBJECTS: &str = "soconnective.events";

/// How a message looks on the bus: a JSON object with the whole event, the position before it and the log that both are
/// of. The data of the event stands in it as it is stored.
pub(super) struct Wire {
    log: Uuid,
}

/// All but the data, which comes last.
#[derive(Serialize)]
struct Head<'a> {
    log: Uuid,
    prev: Position,
    position: Position,
    id: EventId,
    stream: &'a StreamId,
    revision: u64,
    kind: &'a str,
    schema: u16,
    /// Microseconds since 1970-01-01T00:00:00Z.
    recorded_at: i64,
    metadata: &'a Metadata,
}

#[derive(Deserialize)]
struct Body<'a> {
    log: Uuid,
    prev: Position,
    position: Position,
    id: EventId,
    stream: StreamId,
    revision: u64,
    kind: &'a str,
    schema: u16,
    recorded_at: i64,
    metadata: Metadata,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What tells where a message stands.
#[derive(Deserialize)]
struct Place {
    log: Uuid,
    position: Position,
}

impl Wire {
    /// The form of messages of this log.
    pub(super) const fn new(log: Uuid) -> Self {
        Self { log }
    }

    pub(super) const fn log(&self) -> Uuid {
        self.log
    }

    /// `soconnective.events.<category>.<account or _>.<type>`, for those who follow some events with tools of NATS. Neither
    /// an account's id nor the name of a type can hold a dot, a space or a wildcard.
    pub(super) fn subject(event: &StoredEvent) -> String {
        let category = event.stream.category().as_str();
        let account = event.metadata.account.as_ref().map_or("_", |account| account.as_str());
        format!("{SUBJECTS}.{category}.{account}.{}", event.kind)
    }

    pub(super) fn encode(&self, message: &Message) -> Result<Vec<u8>, serde_json::Error> {
        let event = &*message.event;
        let head = Head {
            log: self.log,
            prev: message.prev,
            position: event.position,
            id: event.id,
            stream: &event.stream,
            revision: event.revision,
            kind: &event.kind,
            schema: event.schema,
            recorded_at: event.recorded_at.timestamp_micros(),
            metadata: &event.metadata,
        };
        let mut bytes = Vec::with_capacity(event.data.len() + 640);
        serde_json::to_writer(&mut bytes, &head)?;
        bytes.pop();
        bytes.extend_from_slice(br#","data":"#);
        bytes.extend_from_slice(event.data.as_bytes());
        bytes.push(b'}');
        Ok(bytes)
    }

    /// The message; none for what is of another log or of a form that is not ours. Readers then find a gap, and read the
    /// log.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<Message> {
        let body: Body<'_> = serde_json::from_slice(bytes).ok()?;
        if body.log != self.log {
            return None;
        }
        let event = StoredEvent {
            id: body.id,
            stream: body.stream,
            revision: body.revision,
            position: body.position,
            kind: body.kind.into(),
            schema: body.schema,
            recorded_at: DateTime::from_timestamp_micros(body.recorded_at)?,
            metadata: body.metadata,
            data: body.data.get().to_owned(),
        };
        Some(Message {
            prev: body.prev,
            event: Arc::new(event),
        })
    }

    /// Where a message stands in the log; none for what is of another log or of a form that is not ours.
    pub(super) fn position(&self, bytes: &[u8]) -> Option<Position> {
        let place: Place = serde_json::from_slice(bytes).ok()?;
        (place.log == self.log).then_some(place.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::messages;

    #[test]
    fn a_message_comes_back_as_it_was_sent() {
        let wire = Wire::new(Uuid::from_u128(7));
        for message in messages(1..4) {
            let bytes = wire.encode(&message).unwrap();
            let read = wire.decode(&bytes).unwrap();
            assert_eq!((read.prev, &read.event), (message.prev, &message.event));
            assert_eq!(wire.position(&bytes), Some(message.event.position));
        }
    }

    #[test]
    fn what_is_not_of_this_log_is_no_message() {
        let bytes = Wire::new(Uuid::from_u128(7)).encode(&messages(1..2)[0]).unwrap();
        let wire = Wire::new(Uuid::from_u128(8));
        for bytes in [bytes.as_slice(), b"", b"{}", br#"{"log":"x"}"#] {
            assert!(wire.decode(bytes).is_none());
            assert!(wire.position(bytes).is_none());
        }
    }

    #[test]
    fn the_subject_names_category_account_and_type() {
        let mut event = (*messages(1..2)[0].event).clone();
        assert_eq!(
            Wire::subject(&event),
            "soconnective.events.provider.acme.SomethingHappened"
        );
        event.metadata.account = None;
        assert_eq!(
            Wire::subject(&event),
            "soconnective.events.provider._.SomethingHappened"
        );
    }
}
