use serde::{Deserialize, Serialize};

use crate::event::events;
use crate::{AccountId, ProviderKey};

events! {
    /// What can happen to an account.
    AccountEvent in Account { AccountOpened, AccountRenamed, AiSettingsChosen, AccountClosed }
}

/// The host platform told this system of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOpened {
    /// The name that people read.
    pub name: String,
    /// The account above it: an agency, or the platform itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AccountId>,
}

/// It got another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRenamed {
    /// The new name.
    pub name: String,
}

/// It chose which AI providers its services use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiSettingsChosen {
    /// The providers in order of preference.
    pub providers: Vec<ProviderKey>,
    /// The model, where the provider's own default is not wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether a key of the account above may be used where this account has connected none.
    pub inherit: bool,
}

/// It was closed for ever. Every key of it is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClosed {}
