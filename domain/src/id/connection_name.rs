use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidId;

/// The name of one connection of an account to a provider: `default` unless the account wants several keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionName(String);

impl ConnectionName {
    /// The longest text that can be one, in bytes.
    pub const MAX_LEN: usize = 63;

    /// The text of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        if is_valid(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidId {
                what: "connection name",
                rule: "1 to 63 of a-z, 0-9 and -, neither starting nor ending with -",
            })
        }
    }
}

impl FromStr for ConnectionName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ConnectionName> for String {
    fn from(id: ConnectionName) -> Self {
        id.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for ConnectionName {
    /// `default`: the connection that every installation has.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`, by hand: it runs for every event that is read.
fn is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    (1..=ConnectionName::MAX_LEN).contains(&bytes.len())
        && bytes.iter().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
