use crate::Refusal;

/// Why an account says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountRejection {
    /// There is, or was, an account with this id.
    #[error("There is, or was, an account with this id. Choose another id.")]
    Exists,
    /// There is no such account.
    #[error("There is no account with this id. Open it first.")]
    Unknown,
    /// It was closed.
    #[error("This account is closed. A closed account stays closed: open another.")]
    Closed,
    /// The name cannot be one.
    #[error("A name has 1 to 200 characters, no blanks at its ends and no invisible characters.")]
    InvalidName,
    /// Too many preferred providers.
    #[error("At most 20 providers can be listed.")]
    TooManyProviders,
    /// A preferred provider is listed twice.
    #[error("A provider is listed twice. List each one once, in order of preference.")]
    DuplicateProvider,
    /// The model cannot be one.
    #[error("The name of a model has 1 to 200 characters and no blanks. Leave it out for the provider's default.")]
    InvalidModel,
}

impl Refusal for AccountRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists => "account-exists",
            Self::Unknown => "account-unknown",
            Self::Closed => "account-closed",
            Self::InvalidName => "invalid-name",
            Self::TooManyProviders => "too-many-providers",
            Self::DuplicateProvider => "duplicate-provider",
            Self::InvalidModel => "invalid-model",
        }
    }

    fn pointer(&self) -> Option<&'static str> {
        match self {
            Self::Exists | Self::Unknown | Self::Closed => None,
            Self::InvalidName => Some("/name"),
            Self::TooManyProviders | Self::DuplicateProvider => Some("/providers"),
            Self::InvalidModel => Some("/model"),
        }
    }
}
