use chrono::{DateTime, Utc};
use domain::integration::ConnectionStatus;
use domain::recipe::{FieldValues, RequestParts};
use domain::{AccountId, ConnectionName, CredentialId, Position, ProviderKey};

/// Who wants which key, and what for. The read side has resolved which account's key it is; this side checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The account that owns the key.
    pub account: AccountId,
    /// The provider.
    pub provider: ProviderKey,
    /// The connection.
    pub connection: ConnectionName,
    /// Who gets it: a token's id or an OIDC subject.
    pub principal: String,
    /// What for, in the caller's words: at most 200 characters.
    pub purpose: Option<String>,
    /// The account that it is used for, when that is one below the owner.
    pub on_behalf_of: Option<AccountId>,
}

/// A key in clear. It is neither printed nor serialized by itself, and wiped on drop.
pub struct Released {
    /// The credential.
    pub credential: CredentialId,
    /// Its current version.
    pub version: u32,
    /// The status of the connection: `connected` or `unverified`.
    pub status: ConnectionStatus,
    /// The ready parts of the next request; none for a row that has no request.
    pub request: Option<RequestParts>,
    /// The values of all fields.
    pub fields: FieldValues,
    /// Until when further requests of the same principal are part of this release.
    pub lease_until: DateTime<Utc>,
    /// The position of the connection's last event.
    pub position: Position,
}
