use serde::{Deserialize, Serialize};

use crate::{AccountId, Actor, CommandId, CorrelationId, RequestDigest};

/// What the log keeps about an event besides what happened: who, for which account, by which command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who asked for it.
    pub actor: Actor,
    /// The account that it concerns; none for the catalog and the platform's own tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The command that caused it.
    pub command_id: CommandId,
    /// The outside request that it belongs to.
    pub correlation_id: CorrelationId,
    /// What the command asked for, as a keyed digest: a command id that comes back with another request is refused.
    /// Only on commands that came with an idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestDigest>,
}
