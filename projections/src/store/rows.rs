use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{ActorKind, CommandId, CorrelationId, CredentialId, EventId, Position};
use eventlog::StoredEvent;

use crate::history::Subject;

/// Rows on their way into the table of a model.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Documents, each key once. One that is there is replaced.
    Documents(Vec<DocumentRow>),
    /// Events, which are not there yet.
    Events(Vec<EventRow>),
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

impl EventRow {
    /// The row of an event, which concerns `subject`.
    pub(crate) fn new(event: &StoredEvent, subject: &Subject<'_>) -> Result<Self, sqlx::Error> {
        let metadata = &event.metadata;
        Ok(Self {
            position: event.position,
            recorded_at: event.recorded_at,
            account: metadata.account.as_ref().map(|account| account.as_str().into()),
            provider: subject.provider.map(|provider| provider.as_str().into()),
            credential: subject.credential,
            kind: Arc::clone(&event.kind),
            actor: metadata.actor.id.as_str().into(),
            envelope: envelope(event, subject).map_err(|e| sqlx::Error::Encode(Box::new(e)))?,
            data: (&*event.data).into(),
        })
    }
}

fn envelope(event: &StoredEvent, subject: &Subject<'_>) -> Result<Arc<str>, serde_json::Error> {
    let envelope: Envelope<_, _> = (
        event.id,
        format_args!("{}", event.stream),
        event.revision,
        event.schema,
        subject.connection,
        event.metadata.actor.kind,
        event.metadata.command_id,
        event.metadata.correlation_id,
    );
    let mut json = Vec::with_capacity(256);
    serde_json::to_writer(&mut json, &envelope)?;
    str::from_utf8(&json).map(Arc::from).map_err(serde::de::Error::custom)
}
