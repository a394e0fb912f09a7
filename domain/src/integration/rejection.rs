use crate::Refusal;

/// Why an integration says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntegrationRejection {
    /// It is on the list.
    #[error("This integration is installed already. Save a key for it under Settings.")]
    AlreadyInstalled,
    /// It is not on the list.
    #[error("This integration is not installed. Install it first.")]
    NotInstalled,
    /// The connection holds no key.
    #[error("This connection holds no key. Save one first.")]
    Disconnected,
    /// The account has as many connections as it can have.
    #[error("An account can have at most 20 connections to one provider. Disconnect one first.")]
    TooManyConnections,
    /// The overlap is too long.
    #[error("The key before this one can stay valid for at most 30 days (2592000 seconds).")]
    OverlapTooLong,
    /// A leaked key cannot stay valid.
    #[error("A key that is replaced now is retired now. Leave the overlap out, or do not replace now.")]
    OverlapWithReplace,
    /// The key was sealed for another place than the one that is free.
    #[error("Somebody else saved a key for this connection at the same moment. Look at it, and save again if needed.")]
    SlotTaken,
}

impl Refusal for IntegrationRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyInstalled => "already-installed",
            Self::NotInstalled => "not-installed",
            Self::Disconnected => "disconnected",
            Self::TooManyConnections => "too-many-connections",
            Self::OverlapTooLong => "overlap-too-long",
            Self::OverlapWithReplace => "overlap-with-replace",
            Self::SlotTaken => "concurrent-change",
        }
    }

    fn pointer(&self) -> Option<&'static str> {
        match self {
            Self::OverlapTooLong | Self::OverlapWithReplace => Some("/overlap_seconds"),
            _ => None,
        }
    }
}
