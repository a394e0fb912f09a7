use serde::{Deserialize, Serialize};

use super::{TestOutcome, Verdict};

/// The state of a connection, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// There is no key.
    #[default]
    Disconnected,
    /// A key is saved, and no test has said anything definitive of it yet.
    Unverified,
    /// The provider took the key at the last definitive test.
    Connected,
    /// The provider refused the key at the last definitive test.
    Rejected,
    /// The provider wants the account to authorize again; a new key may not be needed.
    NeedsReauth,
}

impl ConnectionStatus {
    /// The code of a rejection that asks the account to authorize again.
    pub const REAUTH_CODE: &'static str = "needs_reauth";

    /// The status of a key after a test of it. Only a definitive verdict changes it: an outage of the provider never
    /// disconnects anyone.
    #[must_use]
    pub fn after(self, outcome: &TestOutcome) -> Self {
        match outcome.verdict {
            Verdict::Accepted | Verdict::AcceptedWithWarning => Self::Connected,
            Verdict::Rejected if outcome.code.as_deref() == Some(Self::REAUTH_CODE) => Self::NeedsReauth,
            Verdict::Rejected => Self::Rejected,
            Verdict::Unreachable | Verdict::RateLimited | Verdict::Misconfigured | Verdict::Untestable => self,
        }
    }

    /// Whether the provider refused the key.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::Rejected | Self::NeedsReauth)
    }

    /// Its stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Unverified => "unverified",
            Self::Connected => "connected",
            Self::Rejected => "rejected",
            Self::NeedsReauth => "needs_reauth",
        }
    }
}
