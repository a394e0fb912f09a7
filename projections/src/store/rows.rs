use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ProviderKey;
use domain::{AccountId, ActorKind, CommandId, ConnectionName, CorrelationId, CredentialId, EventId, Position};
use eventlog::StoredEvent;
use uuid::Uuid;

use crate::history::Subject;

/// Rows on their way into the table of a model.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Documents, each key once. One that is there is replaced.
    Documents(Vec<DocumentRow>),
    /// Events, which are not there yet.
    Events(Vec<Happened>),
}

/// An event on its way into the history. Its row is made when it is written, while the database writes those before it.
#[derive(Debug)]
pub(crate) struct Happened {
    event: Arc<StoredEvent>,
    provider: Option<ProviderKey>,
    connection: Option<ConnectionName>,
    credential: Option<CredentialId>,
}

/// One document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentRow {
    pub(crate) key: Arc<str>,
    pub(crate) lookup: Option<String>,
    /// JSON.
    pub(crate) document: Arc<str>,
}

/// One event as the history stores it: what it is found by, and the rest in two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub(crate) position: Position,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) account: Option<Arc<str>>,
    pub(crate) provider: Option<Arc<str>>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) kind: Arc<str>,
    pub(crate) actor: Arc<str>,
    /// An [`Envelope`] as JSON.
    pub(crate) envelope: Arc<str>,
    /// JSON.
    pub(crate) data: Arc<str>,
}

/// What is found by no condition, together in one column: each column more costs time for every event.
pub(crate) type Envelope<S, C> = (EventId, S, u64, u16, C, ActorKind, CommandId, CorrelationId);

impl Rows {
    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        match self {
            Self::Documents(rows) => rows.is_empty(),
            Self::Events(rows) => rows.is_empty(),
        }
    }
}

impl Happened {
    /// An event, which concerns `subject`.
    pub(crate) fn new(event: &Arc<StoredEvent>, subject: &Subject<'_>) -> Self {
        Self {
            event: Arc::clone(event),
            provider: subject.provider.cloned(),
            connection: subject.connection.cloned(),
            credential: subject.credential,
        }
    }

    /// About how many bytes its row has: the rest of it is short.
    pub(crate) fn size(&self) -> usize {
        self.event.data.len() + self.event.metadata.actor.id.len()
    }

    /// Its row. `buffer` is used again and again, so that it need not grow anew for every row.
    pub(super) fn row(&self, buffer: &mut String) -> EventRow {
        let (event, metadata) = (&self.event, &self.event.metadata);
        EventRow {
            position: event.position,
            recorded_at: event.recorded_at,
            account: metadata.account.as_ref().map(AccountId::shared),
            provider: self.provider.as_ref().map(ProviderKey::shared),
            credential: self.credential,
            kind: Arc::clone(&event.kind),
            actor: metadata.actor.id.as_str().into(),
            envelope: envelope(event, self.connection.as_ref(), buffer),
            data: (&*event.data).into(),
        }
    }
}

/// An [`Envelope`] as JSON. None of its texts needs an escape, so that it is put together by hand, for every event there is.
fn envelope(event: &StoredEvent, connection: Option<&ConnectionName>, json: &mut String) -> Arc<str> {
    let text = |json: &mut String, text: &str| json.extend(["\"", text, "\","]);
    let uuid = |json: &mut String, id: Uuid| text(json, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    json.clear();
    json.push('[');
    uuid(json, event.id.uuid());
    text(json, &event.stream.to_string());
    json.extend([&event.revision.to_string(), ",", &event.schema.to_string(), ","]);
    match connection {
        Some(connection) => text(json, connection.as_str()),
        None => json.push_str("null,"),
    }
    text(json, event.metadata.actor.kind.as_str());
    uuid(json, event.metadata.command_id.uuid());
    uuid(json, event.metadata.correlation_id.uuid());
    json.pop();
    json.push(']');
    json.as_str().into()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::{Actor, Metadata};

    use super::*;

    #[test]
    fn an_envelope_is_written_as_json_would_be() {
        let command = CommandId::of("scope", "key");
        let connection = "eu-1".parse().unwrap();
        for (stream, connection) in [("integration-acme.stripe", Some(&connection)), ("keyring", None)] {
            for kind in [ActorKind::User, ActorKind::Service, ActorKind::Ai, ActorKind::System] {
                let event = Arc::new(StoredEvent {
                    id: EventId::of(command, 1),
                    stream: stream.parse().unwrap(),
                    revision: 1234,
                    position: Position::from_stored(5),
                    kind: "CredentialRetired".into(),
                    schema: 1,
                    recorded_at: DateTime::default(),
                    metadata: Metadata {
                        actor: Actor {
                            kind,
                            id: "some\"body".to_owned(),
                        },
                        account: None,
                        command_id: command,
                        correlation_id: CorrelationId::new(command.step("outside").uuid()),
                        request: None,
                    },
                    data: "{}".to_owned(),
                });
                let subject = Subject {
                    connection,
                    ..Subject::default()
                };
                let expected: Envelope<_, _> = (
                    event.id,
                    event.stream.to_string(),
                    event.revision,
                    event.schema,
                    connection,
                    kind,
                    command,
                    event.metadata.correlation_id,
                );
                let mut buffer = "left over".to_owned();
                let row = Happened::new(&event, &subject).row(&mut buffer);
                assert_eq!(*row.envelope, serde_json::to_string(&expected).unwrap());
            }
        }
    }
}
