use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidId;

/// The identity of a provider, by which the system resolves a credential. It never changes and is never reused, not
/// even after the provider is retired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderKey(String);

impl ProviderKey {
    /// The longest text that can be one, in bytes.
    pub const MAX_LEN: usize = 63;

    /// The text of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProviderKey {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        if is_valid(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidId {
                what: "provider key",
                rule: "1 to 63 of a-z, 0-9 and -, neither starting nor ending with -",
            })
        }
    }
}

impl FromStr for ProviderKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ProviderKey> for String {
    fn from(id: ProviderKey) -> Self {
        id.0
    }
}

impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`, by hand: it runs for every event that is read.
fn is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    (1..=ProviderKey::MAX_LEN).contains(&bytes.len())
        && bytes.iter().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
