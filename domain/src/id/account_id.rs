use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidId;

/// The identity of an account, chosen by the host platform. Accounts form a tree: platform, agency, sub-account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

impl AccountId {
    /// The longest text that can be one, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The text of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        if is_valid(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidId {
                what: "account id",
                rule: "1 to 64 of A-Z, a-z, 0-9, _ and -, starting with a letter or a digit",
            })
        }
    }
}

impl FromStr for AccountId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`, by hand: it runs for every event that is read.
fn is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=AccountId::MAX_LEN).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-')
}
