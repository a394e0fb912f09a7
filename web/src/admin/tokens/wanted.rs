use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::AccountId;
use domain::token::{AccountScope, Role};
use serde::Deserialize;

use super::ROLES;
use super::expiry::Expiry;
use crate::admin::findings::Findings;
use crate::form::Form;

/// A token as it was filled in.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) role: String,
    /// Ids, with spaces or commas between.
    pub(super) accounts: String,
    /// Good for every account.
    pub(super) all: bool,
    pub(super) expiry: Expiry,
}

/// What an address fills in beforehand.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Prefilled {
    #[serde(default)]
    role: String,
    #[serde(default)]
    account: String,
}

/// What was filled in, understood.
pub(super) struct Understood {
    pub(super) role: Role,
    pub(super) accounts: AccountScope,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl From<Prefilled> for Wanted {
    fn from(prefilled: Prefilled) -> Self {
        Self {
            role: prefilled.role,
            accounts: prefilled.account,
            ..Self::default()
        }
    }
}

impl Wanted {
    pub(super) fn sent(form: &Form) -> Self {
        Self {
            name: form.text("name").to_owned(),
            role: form.text("role").to_owned(),
            accounts: form.text("accounts").to_owned(),
            all: form.has("all"),
            expiry: Expiry {
                choice: form.text("expires").to_owned(),
                day: form.text("day").to_owned(),
            },
        }
    }

    pub(super) fn understood(&self, now: DateTime<Utc>) -> Result<Understood, Findings> {
        let mut findings = Findings::default();
        let role = ROLES.iter().find(|known| known.role.as_str() == self.role);
        let role = role.map(|known| known.role);
        if role.is_none() {
            findings.add("/role", "Choose what the token is for.");
        }
        let accounts = self.scope(role, &mut findings);
        let expires_at = self.expiry.end(now);
        if let Err(message) = &expires_at {
            findings.add("/expires_at", *message);
        }
        match (role, accounts, expires_at) {
            (Some(role), Some(accounts), Ok(expires_at)) => Ok(Understood {
                role,
                accounts,
                expires_at,
            }),
            _ => Err(findings),
        }
    }

    /// For which accounts. That it is good for all of them has to be said: an empty field may have been forgotten.
    fn scope(&self, role: Option<Role>, findings: &mut Findings) -> Option<AccountScope> {
        let named = self.accounts.split([' ', ',', ';', '\n', '\r', '\t']);
        let named = named.filter(|text| !text.is_empty());
        let accounts: Option<BTreeSet<AccountId>> = named.map(|text| findings.parsed("/accounts", text)).collect();
        let accounts = accounts?;
        let takes_all = matches!(role, Some(Role::Auditor | Role::Service));
        match (accounts.is_empty(), self.all) {
            (true, false) if takes_all => {
                findings.add(
                    "/accounts",
                    "Name the accounts that it is good for, or check that it is good for all of them.",
                );
                None
            }
            (false, true) => {
                findings.add(
                    "/accounts",
                    "Either name accounts, or check that it is good for all of them: not both.",
                );
                None
            }
            (true, _) => Some(AccountScope::All),
            (false, false) => Some(AccountScope::Only(accounts)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(role: Role, accounts: &str, all: bool) -> Option<AccountScope> {
        let wanted = Wanted {
            role: role.as_str().to_owned(),
            accounts: accounts.to_owned(),
            all,
            ..Wanted::default()
        };
        wanted.understood(DateTime::UNIX_EPOCH).ok().map(|token| token.accounts)
    }

    #[test]
    fn a_forgotten_account_does_not_make_a_token_for_all() {
        assert_eq!(scope(Role::Service, "", false), None);
        assert_eq!(scope(Role::Auditor, "", false), None);
        assert_eq!(scope(Role::Service, "", true), Some(AccountScope::All));
        assert_eq!(scope(Role::Service, "acme", true), None);
        // The platform has no account; the account roles are refused by the domain when they lack theirs.
        assert_eq!(scope(Role::PlatformAdmin, "", false), Some(AccountScope::All));
    }

    #[test]
    fn several_accounts_are_named_as_people_write_lists() {
        let both: BTreeSet<AccountId> = ["acme", "rival"].iter().map(|id| id.parse().unwrap()).collect();
        for text in ["acme rival", "acme, rival", "rival;acme\r\n", " acme\nrival,"] {
            assert_eq!(
                scope(Role::Service, text, false),
                Some(AccountScope::Only(both.clone()))
            );
        }
        assert_eq!(scope(Role::Service, "acme, not/an/id", false), None);
    }
}
