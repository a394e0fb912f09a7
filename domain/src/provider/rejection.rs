use crate::Refusal;

/// Why a row of the catalog says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderRejection {
    /// A row has, or had, this key.
    #[error(
        "A provider has this key already, or had it before it was retired. Keys are never used again: choose another."
    )]
    KeyTaken,
    /// There is no such row.
    #[error("There is no provider with this key. Add it first.")]
    Unknown,
    /// It is a draft.
    #[error("This provider is a draft and not in the marketplace yet. Publish it first.")]
    Draft,
    /// It is live.
    #[error("This provider is in the marketplace. Retire it first.")]
    Published,
    /// It has left the marketplace.
    #[error("This provider has left the marketplace. Reinstate it first.")]
    Retired,
}

impl Refusal for ProviderRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyTaken => "provider-key-taken",
            Self::Unknown => "provider-unknown",
            Self::Draft => "provider-not-published",
            Self::Published => "provider-published",
            Self::Retired => "provider-retired",
        }
    }
}
