use chrono::{DateTime, Utc};
use domain::{AccountId, Actor, CommandId, ConnectionName, CorrelationId, CredentialId};
use domain::{EventId, Position, ProviderKey};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::store::{Envelope, position_from, uuid_from};
use crate::{ProjectionName, QueryError};

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
    pub(super) fn read(row: &SqliteRow) -> Result<Self, QueryError> {
        Self::from_row(row).map_err(|error| match error {
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => QueryError::Corrupt(ProjectionName::History),
            other => QueryError::Database(other),
        })
    }

    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let envelope: Envelope<String, Option<ConnectionName>> =
            serde_json::from_str(row.try_get("envelope")?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        let (id, stream, revision, schema, connection, actor_kind, command_id, correlation_id) = envelope;
        Ok(Self {
            position: position_from(row.try_get("position")?)?,
            id,
            stream,
            revision,
            kind: row.try_get("kind")?,
            schema,
            recorded_at: DateTime::from_timestamp_micros(row.try_get("recorded_at")?)
                .ok_or_else(|| sqlx::Error::Decode("a time out of range".into()))?,
            actor: Actor {
                kind: actor_kind,
                id: row.try_get("actor")?,
            },
            account: text(row, "account")?,
            provider: text(row, "provider")?,
            connection,
            credential: credential(row)?,
            command_id,
            correlation_id,
            data: RawValue::from_string(row.try_get("data")?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        })
    }
}

fn credential(row: &SqliteRow) -> Result<Option<CredentialId>, sqlx::Error> {
    let stored: Option<&[u8]> = row.try_get("credential")?;
    stored
        .map(|_| uuid_from(row, "credential").map(CredentialId::new))
        .transpose()
}

fn text<T>(row: &SqliteRow, column: &str) -> Result<Option<T>, sqlx::Error>
where
    T: TryFrom<String>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| T::try_from(text).map_err(|e| sqlx::Error::Decode(Box::new(e))))
        .transpose()
}
