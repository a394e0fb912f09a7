use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The read models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionName {
    /// Rows of the marketplace, drafts and logos.
    Catalog,
    /// What an account has installed and connected.
    Integrations,
    /// What decides whose key an AI service gets.
    AiConfig,
    /// Every event, by account, provider and credential.
    History,
    /// The tree of accounts and their AI settings.
    Accounts,
    /// API tokens by digest.
    Tokens,
}

/// A text that names no projection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no projection of this name; the names are catalog, integrations, ai_config, history, accounts, tokens"
)]
pub struct UnknownProjection;

impl ProjectionName {
    /// All of them, in the order of [`ProjectionName::index`].
    pub const ALL: [Self; 6] = [
        Self::Catalog,
        Self::Integrations,
        Self::AiConfig,
        Self::History,
        Self::Accounts,
        Self::Tokens,
    ];

    /// The stored and shown form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Integrations => "integrations",
            Self::AiConfig => "ai_config",
            Self::History => "history",
            Self::Accounts => "accounts",
            Self::Tokens => "tokens",
        }
    }

    /// Whether it is large where there are many accounts, and each of its rows is of one account or of none: it can be split
    /// by account.
    #[must_use]
    pub const fn is_by_account(self) -> bool {
        match self {
            Self::Integrations | Self::AiConfig | Self::History => true,
            Self::Catalog | Self::Accounts | Self::Tokens => false,
        }
    }

    /// Its place in [`ProjectionName::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ProjectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProjectionName {
    type Err = UnknownProjection;

    fn from_str(text: &str) -> Result<Self, UnknownProjection> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or(UnknownProjection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_stands_at_its_index() {
        for (index, name) in ProjectionName::ALL.into_iter().enumerate() {
            assert_eq!(name.as_str().parse(), Ok(name));
            assert_eq!(name.index(), index);
        }
        assert_eq!("catalogue".parse::<ProjectionName>(), Err(UnknownProjection));
    }
}
