use domain::integration::ConnectionStatus;

use crate::session::Tone;

/// What people read of a connection's state.
pub(crate) const fn label(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Disconnected => "Not connected",
        ConnectionStatus::Unverified => "Not verified yet",
        ConnectionStatus::Connected => "Connected",
        ConnectionStatus::Rejected => "Key rejected",
        ConnectionStatus::NeedsReauth => "Sign in again",
    }
}

/// How a state is meant.
pub(crate) const fn tone(status: ConnectionStatus) -> Option<Tone> {
    match status {
        ConnectionStatus::Disconnected => None,
        ConnectionStatus::Connected => Some(Tone::Good),
        ConnectionStatus::Unverified => Some(Tone::Caution),
        ConnectionStatus::Rejected | ConnectionStatus::NeedsReauth => Some(Tone::Bad),
    }
}

/// A state as a badge.
pub(crate) struct Badge {
    pub(crate) label: &'static str,
    pub(crate) tone: &'static str,
}

impl From<ConnectionStatus> for Badge {
    fn from(status: ConnectionStatus) -> Self {
        Self {
            label: label(status),
            tone: tone(status).map_or("quiet", Tone::as_str),
        }
    }
}
