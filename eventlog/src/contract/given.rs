use std::ops::Range;

use chrono::DateTime;
use domain::{Actor, CommandId, CorrelationId, EventId, Metadata, Position, StreamId};
use uuid::Uuid;

use super::Log;
use crate::{NewEvent, StoredEvent};

/// A well-formed event; `name` makes its id.
#[must_use]
pub fn event(name: &str) -> NewEvent {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    NewEvent {
        id: EventId::new(id),
        kind: "SomethingHappened".to_owned(),
        schema: 1,
        recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
        metadata: Metadata {
            actor: Actor::system("contract"),
            account: Some("acme".parse().unwrap()),
            command_id: CommandId::new(id),
            correlation_id: CorrelationId::new(id),
            request: None,
        },
        data: format!(r#"{{"name":"{name}"}}"#),
    }
}

/// The events `<name>-<number>`.
#[must_use]
pub fn events(name: &str, numbers: Range<usize>) -> Vec<NewEvent> {
    numbers.map(|number| event(&format!("{name}-{number}"))).collect()
}

/// A provider's stream.
#[must_use]
pub fn stream(key: &str) -> StreamId {
    StreamId::Provider(key.parse().unwrap())
}

/// The whole log, in pages of `max`.
pub(super) async fn read_everything(log: &Log, max: usize) -> Vec<StoredEvent> {
    let mut events = Vec::new();
    let mut after = Position::START;
    loop {
        let page = log.read_all(after, max).await.unwrap();
        if page.events.is_empty() {
            assert_eq!(page.next, after, "an empty page goes nowhere");
            return events;
        }
        after = page.next;
        events.extend(page.events);
    }
}

/// The ids, in order.
pub(super) fn ids(events: &[StoredEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// The ids, in order.
pub(super) fn new_ids(events: &[NewEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}
