use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Catalog, accounts and tokens. Never sees a secret.
    PlatformAdmin,
    /// All that an account can do.
    AccountOwner,
    /// Installs, connects, tests, disconnects.
    AccountAdmin,
    /// Reads an account's settings and history.
    AccountViewer,
    /// Reads the log. Never sees a secret.
    Auditor,
    /// Asks for keys by `ai-config`, and nothing else.
    Service,
}

impl Role {
    /// Its stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "platform_admin",
            Self::AccountOwner => "account_owner",
            Self::AccountAdmin => "account_admin",
            Self::AccountViewer => "account_viewer",
            Self::Auditor => "auditor",
            Self::Service => "service",
        }
    }
}

/// The accounts that a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountScope {
    /// Every account, now and later.
    All,
    /// These and no others.
    Only(BTreeSet<AccountId>),
}

impl AccountScope {
    /// Whether `account` is one of them.
    #[must_use]
    pub fn contains(&self, account: &AccountId) -> bool {
        match self {
            Self::All => true,
            Self::Only(accounts) => accounts.contains(account),
        }
    }
}
