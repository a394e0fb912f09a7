use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, ProviderKey, TokenId};

/// A stream of the log: one aggregate's events, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StreamId {
    /// `provider-<key>`
    Provider(ProviderKey),
    /// `account-<id>`
    Account(AccountId),
    /// `integration-<account>.<provider>`
    Integration(AccountId, ProviderKey),
    /// `access-<account>`: each release of a key that this account owns.
    Access(AccountId),
    /// `token-<id>`
    Token(TokenId),
    /// `keyring`
    Keyring,
    /// `operations`
    Operations,
}

/// The part of a stream's name before the first dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Catalog rows.
    Provider,
    /// Accounts.
    Account,
    /// An account's connections to one provider.
    Integration,
    /// Releases of an account's keys.
    Access,
    /// API tokens.
    Token,
    /// Key-encryption keys.
    Keyring,
    /// What operators decide about the system itself.
    Operations,
}

/// A text that names no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a stream: `{0}`")]
pub struct InvalidStream(pub String);

impl StreamId {
    /// The stream's category.
    #[must_use]
    pub const fn category(&self) -> Category {
        match self {
            Self::Provider(_) => Category::Provider,
            Self::Account(_) => Category::Account,
            Self::Integration(..) => Category::Integration,
            Self::Access(_) => Category::Access,
            Self::Token(_) => Category::Token,
            Self::Keyring => Category::Keyring,
            Self::Operations => Category::Operations,
        }
    }
}

impl Category {
    /// Its stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Integration => "integration",
            Self::Access => "access",
            Self::Token => "token",
            Self::Keyring => "keyring",
            Self::Operations => "operations",
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.category().as_str())?;
        match self {
            Self::Provider(key) => write!(f, "-{key}"),
            Self::Account(id) | Self::Access(id) => write!(f, "-{id}"),
            Self::Integration(account, provider) => write!(f, "-{account}.{provider}"),
            Self::Token(id) => write!(f, "-{id}"),
            Self::Keyring | Self::Operations => Ok(()),
        }
    }
}

impl FromStr for StreamId {
    type Err = InvalidStream;

    fn from_str(text: &str) -> Result<Self, InvalidStream> {
        parse(text).ok_or_else(|| InvalidStream(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<StreamId> {
    let Some((category, id)) = text.split_once('-') else {
        return [StreamId::Keyring, StreamId::Operations]
            .into_iter()
            .find(|stream| stream.category().as_str() == text);
    };
    Some(match category {
        "provider" => StreamId::Provider(id.parse().ok()?),
        "account" => StreamId::Account(id.parse().ok()?),
        "integration" => {
            let (account, provider) = id.split_once('.')?;
            StreamId::Integration(account.parse().ok()?, provider.parse().ok()?)
        }
        "access" => StreamId::Access(id.parse().ok()?),
        "token" => StreamId::Token(id.parse().ok()?),
        _ => return None,
    })
}

impl TryFrom<String> for StreamId {
    type Error = InvalidStream;

    fn try_from(text: String) -> Result<Self, InvalidStream> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(stream: StreamId) -> Self {
        stream.to_string()
    }
}
