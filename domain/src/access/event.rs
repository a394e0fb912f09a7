use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::{AccountId, ConnectionName, CredentialId, ProviderKey};

events! {
    /// What can happen to an account's keys when they are used.
    AccessEvent in Access { CredentialReleased }
}

/// A service was given the account's key. It stands in the log before the key leaves, once per principal, credential
/// version and lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialReleased {
    /// The provider.
    pub provider: ProviderKey,
    /// The connection.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
    /// The version that left.
    pub version: u32,
    /// Who got it: a token's id or an OIDC subject.
    pub principal: String,
    /// What for, in the caller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The account that it was used for, when that is one below the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<AccountId>,
    /// Until when further requests of the same principal are part of this release.
    pub lease_until: DateTime<Utc>,
}
