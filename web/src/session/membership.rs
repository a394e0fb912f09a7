use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use domain::AccountId;
use domain::token::{AccountScope, Role};
use projections::AccountStatus;

use crate::error::Failure;
use crate::site::Site;

/// Before a membership, so that it stands out among the groups that a person has for other products.
const PREFIX: &str = "soconnective:";

/// What a person may do here, and for which accounts. It can only be read, so a role stands with the accounts that fit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    role: Role,
    accounts: AccountScope,
}

/// A text that is no membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoMembership;

impl Membership {
    /// Those among the values of a claim, each once; others are for other products, or are mistakes that give nothing.
    pub(crate) fn among(values: &[String]) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for membership in values.iter().filter_map(|value| value.parse().ok()) {
            if !found.contains(&membership) {
                found.push(membership);
            }
        }
        found
    }

    /// What it allows.
    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    /// For which accounts.
    pub(crate) const fn accounts(&self) -> &AccountScope {
        &self.accounts
    }

    /// Whether it is good for anything: one of an account ends with the account.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when that cannot be found out.
    pub(crate) async fn stands(&self, site: &Site) -> Result<bool, Failure> {
        let AccountScope::Only(accounts) = &self.accounts else {
            return Ok(true);
        };
        for account in accounts {
            let found = site.projections.accounts().get(account).await?;
            if found.is_none_or(|found| found.account.status != AccountStatus::Open) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl FromStr for Membership {
    type Err = NoMembership;

    fn from_str(text: &str) -> Result<Self, NoMembership> {
        // Keycloak writes a group with its path.
        let text = text.strip_prefix('/').unwrap_or(text);
        let text = text.strip_prefix(PREFIX).ok_or(NoMembership)?;
        let (role, account) = match text.split_once(':') {
            Some((role, account)) => (role, Some(account.parse::<AccountId>().map_err(|_| NoMembership)?)),
            None => (text, None),
        };
        let role = serde_json::from_value(role.into()).map_err(|_| NoMembership)?;
        let accounts = match (role, account) {
            (Role::PlatformAdmin | Role::Auditor, None) => AccountScope::All,
            (Role::Auditor | Role::AccountOwner | Role::AccountAdmin | Role::AccountViewer, Some(account)) => {
                AccountScope::Only(BTreeSet::from([account]))
            }
            // A platform admin is of no account, and who belongs to one is of that one; a service is no person.
            (Role::PlatformAdmin | Role::Service, Some(_))
            | (Role::AccountOwner | Role::AccountAdmin | Role::AccountViewer | Role::Service, None) => {
                return Err(NoMembership);
            }
        };
        Ok(Self { role, accounts })
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.role.as_str())?;
        if let AccountScope::Only(accounts) = &self.accounts {
            for account in accounts {
                write!(f, ":{account}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_read_with_the_accounts_that_fit_it() {
        for text in [
            "soconnective:platform_admin",
            "soconnective:auditor",
            "soconnective:auditor:acme",
            "soconnective:account_owner:acme",
            "soconnective:account_admin:acme",
            "soconnective:account_viewer:acme",
        ] {
            let membership: Membership = text.parse().unwrap();
            assert_eq!(membership.to_string(), text);
            assert_eq!(format!("/{text}").parse(), Ok(membership));
        }
    }

    #[test]
    fn whatever_else_a_person_belongs_to_gives_nothing() {
        for text in [
            "platform_admin",
            "soconnective:",
            "soconnective:platform_admin:acme",
            "soconnective:platform_admin:",
            "soconnective:account_owner",
            "soconnective:account_owner:",
            "soconnective:account_owner:acme:x",
            "soconnective:account_owner:a b",
            "soconnective:service",
            "soconnective:service:acme",
            "soconnective:Platform_Admin",
            " soconnective:platform_admin",
            "/parent/soconnective:platform_admin",
            "xsoconnective:platform_admin",
        ] {
            assert_eq!(text.parse::<Membership>(), Err(NoMembership), "{text}");
        }
    }

    #[test]
    fn a_membership_that_is_said_twice_is_one() {
        let values = ["other", "soconnective:auditor", "/soconnective:auditor"].map(str::to_owned);
        assert_eq!(Membership::among(&values).len(), 1);
    }
}
