use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AccountScope, Role};
use crate::Sha256Digest;
use crate::event::events;

events! {
    /// What can happen to an API token.
    TokenEvent in Token { TokenIssued, TokenRevoked }
}

/// A token was made and shown, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenIssued {
    /// What people call it.
    pub name: String,
    /// The digest of the token, by which it is recognised. The token has full entropy, so a plain digest is enough.
    pub sha256: Sha256Digest,
    /// What it may do.
    pub role: Role,
    /// For which accounts.
    pub accounts: AccountScope,
    /// After this it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// It is refused from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRevoked {}
