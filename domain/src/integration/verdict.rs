use serde::{Deserialize, Serialize};

/// What a test says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The provider took the key.
    Accepted,
    /// The provider took the key, but something is amiss: a missing scope, no funds. The code says what.
    AcceptedWithWarning,
    /// The provider refused the key.
    Rejected,
    /// The provider could not be reached, or was out of order. It says nothing of the key.
    Unreachable,
    /// Too many tests, by the provider's count or by ours. It says nothing of the key.
    RateLimited,
    /// The row is wrong, not the key: the answer fits none of its rules.
    Misconfigured,
    /// The row has no test.
    Untestable,
}

impl Verdict {
    /// Whether it says something of the key, and so may change a connection's state. An outage never disconnects
    /// anyone.
    #[must_use]
    pub const fn is_definitive(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedWithWarning | Self::Rejected)
    }

    /// Whether the provider took the key.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedWithWarning)
    }
}

/// A verdict with its details. It holds nothing that the provider sent but the identity, which is checked to contain no
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestOutcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, as a stable code, such as `insufficient_scope` or `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who the provider says the key belongs to: "connected as …".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

impl TestOutcome {
    /// A verdict with a code and no identity.
    #[must_use]
    pub fn with_code(verdict: Verdict, code: &str) -> Self {
        Self {
            verdict,
            code: Some(code.to_owned()),
            identity: None,
        }
    }
}
