use crate::Refusal;

/// Why a token says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejection {
    /// A token has this id.
    #[error("A token with this id was issued already.")]
    Issued,
    /// There is no such token.
    #[error("There is no token with this id.")]
    Unknown,
    /// The name cannot be one.
    #[error("A name has 1 to 200 characters, no blanks at its ends and no invisible characters.")]
    InvalidName,
    /// The role needs one account.
    #[error("A token with this role is good for one account. Name that account.")]
    OneAccountNeeded,
    /// The role has no account.
    #[error("A platform admin's token belongs to no account. Leave the account out.")]
    NoAccountAllowed,
    /// The list of accounts is empty or too long.
    #[error("List 1 to 1000 accounts, or leave the list out for all of them.")]
    InvalidAccounts,
    /// It would be refused from the start.
    #[error("The token would have expired already. Choose a time in the future.")]
    ExpiryPassed,
}

impl Refusal for TokenRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Issued => "token-issued",
            Self::Unknown => "token-unknown",
            Self::InvalidName => "invalid-name",
            Self::OneAccountNeeded => "account-needed",
            Self::NoAccountAllowed => "account-not-allowed",
            Self::InvalidAccounts => "invalid-accounts",
            Self::ExpiryPassed => "expiry-passed",
        }
    }

    fn pointer(&self) -> Option<&'static str> {
        match self {
            Self::Issued | Self::Unknown => None,
            Self::InvalidName => Some("/name"),
            Self::OneAccountNeeded | Self::NoAccountAllowed => Some("/account"),
            Self::InvalidAccounts => Some("/accounts"),
            Self::ExpiryPassed => Some("/expires_at"),
        }
    }
}
