use chrono::{DateTime, Utc};
use domain::{AccountId, Actor, CommandId, ConnectionName, CorrelationId, CredentialId};
use domain::{EventId, Position, ProviderKey};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::store::{Envelope, EventRow};
use crate::{ProjectionName, QueryError};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An event as an auditor sees it: all that the log holds of it.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    /// Its place in the log.
    pub position: Position,
    /// Its id.
    pub id: EventId,
    /// The stream that it belongs to.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub revision: u64,
    /// The name of its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema version of its data.
    pub schema: u16,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who asked for it.
    pub actor: Actor,
    /// The account that it concerns.
    pub account: Option<AccountId>,
    /// The provider that it concerns.
    pub provider: Option<ProviderKey>,
    /// The connection that it concerns.
    pub connection: Option<ConnectionName>,
    /// The credential that it concerns.
    pub credential: Option<CredentialId>,
    /// The command that caused it.
    pub command_id: CommandId,
    /// The outside request that it belongs to.
    pub correlation_id: CorrelationId,
    /// What happened. It never holds a secret.
    pub data: Box<RawValue>,
}

impl HistoryEntry {
    pub(super) fn read(row: &EventRow) -> Result<Self, QueryError> {
        Self::from_row(row).map_err(|_| QueryError::Corrupt(ProjectionName::History))
    }

    fn from_row(row: &EventRow) -> Result<Self, BoxError> {
        let envelope: Envelope<String, Option<ConnectionName>> = serde_json::from_str(&row.envelope)?;
        let (id, stream, revision, schema, connection, actor_kind, command_id, correlation_id) = envelope;
        Ok(Self {
            position: row.position,
            id,
            stream,
            revision,
            kind: row.kind.to_string(),
            schema,
            recorded_at: row.recorded_at,
            actor: Actor {
                kind: actor_kind,
                id: row.actor.to_string(),
            },
            account: row.account.as_deref().map(str::parse).transpose()?,
            provider: row.provider.as_deref().map(str::parse).transpose()?,
            connection,
            credential: row.credential,
            command_id,
            correlation_id,
            data: RawValue::from_string(row.data.to_string())?,
        })
    }
}
