use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidId;
use crate::parsed::Parsed;

/// The name of one connection of an account to a provider: `default` unless the account wants several keys.
///
/// Copies share one text: each event that is read hands it on to several read models.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionName(Arc<str>);

impl ConnectionName {
    /// The longest text that can be one, in bytes.
    pub const MAX_LEN: usize = 63;

    /// The text of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectionName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_valid(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId {
                what: "connection name",
                rule: "1 to 63 of a-z, 0-9 and -, neither starting nor ending with -",
            })
        }
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<ConnectionName> for String {
    fn from(id: ConnectionName) -> Self {
        id.as_str().to_owned()
    }
}

impl Serialize for ConnectionName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ConnectionName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed::NEW)
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
        Self("default".into())
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
