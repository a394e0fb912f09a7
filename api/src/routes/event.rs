use chrono::{DateTime, Utc};
use domain::{
    AccountId, Actor as ActorView, ActorKind, CommandId, ConnectionName, CorrelationId, CredentialId, EventId,
    Position, ProviderKey,
};
use projections::HistoryEntry;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An event as an auditor sees it: all that the log holds of it. It never holds a secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Event {
    /// Its place in the log.
    #[schema(value_type = String, example = "1742")]
    position: Position,
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: EventId,
    /// The stream that it belongs to.
    #[schema(example = "integration-acme.mailchimp")]
    stream: String,
    /// Its place in the stream, from 1.
    revision: u64,
    /// The name of its type.
    #[serde(rename = "type")]
    #[schema(example = "CredentialConnected")]
    kind: String,
    /// The schema version of its data.
    schema: u16,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// Who asked for it.
    actor: Actor,
    /// The account that it concerns.
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// The provider that it concerns.
    #[schema(value_type = Option<String>)]
    provider: Option<ProviderKey>,
    /// The connection that it concerns.
    #[schema(value_type = Option<String>)]
    connection: Option<ConnectionName>,
    /// The credential that it concerns.
    #[schema(value_type = Option<uuid::Uuid>)]
    credential: Option<CredentialId>,
    /// The command that caused it.
    #[schema(value_type = uuid::Uuid)]
    command_id: CommandId,
    /// The outside request that it belongs to.
    #[schema(value_type = uuid::Uuid)]
    correlation_id: CorrelationId,
    /// What happened.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

/// Who asked for a change.
#[derive(Debug, Serialize, ToSchema)]
struct Actor {
    /// What sort of caller it is.
    #[schema(value_type = ActorKindName)]
    kind: ActorKind,
    /// A token's id, or the name of a part of this system.
    id: String,
}

/// The sorts of caller.
#[derive(Serialize, ToSchema)]
#[schema(as = ActorKind)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes `domain::ActorKind` to the document")]
enum ActorKindName {
    /// A person, or a program that acts for one.
    User,
    /// Another backend of the platform.
    Service,
    /// An AI service that uses the account's key.
    Ai,
    /// This system itself.
    System,
}

impl From<ActorView> for Actor {
    fn from(actor: ActorView) -> Self {
        Self {
            kind: actor.kind,
            id: actor.id,
        }
    }
}

impl From<HistoryEntry> for Event {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            position: entry.position,
            id: entry.id,
            stream: entry.stream,
            revision: entry.revision,
            kind: entry.kind,
            schema: entry.schema,
            recorded_at: entry.recorded_at,
            actor: entry.actor.into(),
            account: entry.account,
            provider: entry.provider,
            connection: entry.connection,
            credential: entry.credential,
            command_id: entry.command_id,
            correlation_id: entry.correlation_id,
            data: entry.data,
        }
    }
}
