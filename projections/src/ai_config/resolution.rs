use std::fmt;

use domain::integration::ConnectionStatus;
use domain::{AccountId, ConnectionName, CredentialId, Position, ProviderKey};
use serde::{Serialize, Serializer};

/// Whose key an AI service gets, and which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// The account that it is for.
    pub account: AccountId,
    /// The account that owns the key: release it from there.
    pub owner: AccountId,
    /// The provider.
    pub provider: ProviderKey,
    /// The connection of the owner.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
    /// The version in use.
    pub credential_version: u32,
    /// Whose key it is, as the account sees it.
    pub source: Source,
    /// How the connection is: `connected` or `unverified`.
    pub status: ConnectionStatus,
    /// The model to use, where one was chosen or the row names one.
    pub model: Option<String>,
    /// Up to where the answer knows the log.
    pub position: Position,
}

/// Whose key it is. In JSON `account` or `inherited:<ancestor>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The account's own.
    Account,
    /// One of an account above it.
    Inherited(AccountId),
}

/// Why an account gets no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Nobody told this system of such an account.
    #[error("there is no such account")]
    UnknownAccount,
    /// The account was closed.
    #[error("the account is closed")]
    AccountClosed,
    /// The integration is not on the account's list, or no AI provider is.
    #[error("the integration is not installed")]
    NotInstalled,
    /// It is, and has no key.
    #[error("the integration has no key")]
    Disconnected,
    /// The provider refused the key.
    #[error("the provider refused the key")]
    CredentialRejected,
    /// The provider wants the account to authorize again.
    #[error("the provider wants the account to authorize again")]
    NeedsReauth,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownAccount => "unknown-account",
            Self::AccountClosed => "account-closed",
            Self::NotInstalled => "not-installed",
            Self::Disconnected => "disconnected",
            Self::CredentialRejected => "credential-rejected",
            Self::NeedsReauth => "needs-reauth",
        }
    }

    /// Whether there is no key at all, so that one may be inherited. A refused key is never hidden by another.
    pub(super) const fn is_absence(self) -> bool {
        matches!(self, Self::NotInstalled | Self::Disconnected)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("account"),
            Self::Inherited(ancestor) => write!(f, "inherited:{ancestor}"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
