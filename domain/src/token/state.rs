use chrono::{DateTime, Utc};

use super::{AccountScope, Role, TokenEvent, TokenIssued, TokenRejection, TokenRevoked};
use crate::name::is_name;
use crate::{Aggregate, StreamId, TokenId};

/// An API token. The text of it is nowhere: a digest recognises it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Token {
    /// It was never issued.
    #[default]
    Absent,
    /// It was issued, and is good until it expires.
    Issued(TokenIssued),
    /// It was revoked, for ever.
    Revoked,
}

/// What can be asked of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCommand {
    /// Issue it.
    Issue {
        /// The token.
        token: TokenIssued,
        /// The time now.
        now: DateTime<Utc>,
    },
    /// Refuse it from here on.
    Revoke,
}

/// The longest list of accounts that a token can be good for.
const MAX_ACCOUNTS: usize = 1000;

impl Token {
    /// The token, if it is good at `now`.
    #[must_use]
    pub fn valid_at(&self, now: DateTime<Utc>) -> Option<&TokenIssued> {
        match self {
            Self::Issued(token) if token.expires_at.is_none_or(|end| now < end) => Some(token),
            Self::Absent | Self::Issued(_) | Self::Revoked => None,
        }
    }
}

impl Aggregate for Token {
    type Id = TokenId;
    type Command = TokenCommand;
    type Event = TokenEvent;
    type Rejection = TokenRejection;

    fn stream(id: &TokenId) -> StreamId {
        StreamId::Token(*id)
    }

    fn evolve(self, event: &TokenEvent) -> Self {
        match event {
            TokenEvent::TokenIssued(event) => Self::Issued(event.clone()),
            TokenEvent::TokenRevoked(_) => Self::Revoked,
        }
    }

    fn decide(&self, command: TokenCommand) -> Result<Vec<TokenEvent>, TokenRejection> {
        match (self, command) {
            (Self::Absent, TokenCommand::Issue { token, now }) => {
                check(&token, now)?;
                Ok(vec![token.into()])
            }
            (Self::Issued(_) | Self::Revoked, TokenCommand::Issue { .. }) => Err(TokenRejection::Issued),
            (Self::Absent, TokenCommand::Revoke) => Err(TokenRejection::Unknown),
            (Self::Issued(_), TokenCommand::Revoke) => Ok(vec![TokenRevoked {}.into()]),
            (Self::Revoked, TokenCommand::Revoke) => Ok(Vec::new()),
        }
    }
}

fn check(token: &TokenIssued, now: DateTime<Utc>) -> Result<(), TokenRejection> {
    if !is_name(&token.name) {
        return Err(TokenRejection::InvalidName);
    }
    if let AccountScope::Only(accounts) = &token.accounts
        && !(1..=MAX_ACCOUNTS).contains(&accounts.len())
    {
        return Err(TokenRejection::InvalidAccounts);
    }
    let one = matches!(&token.accounts, AccountScope::Only(accounts) if accounts.len() == 1);
    let all = token.accounts == AccountScope::All;
    match token.role {
        Role::AccountOwner | Role::AccountAdmin | Role::AccountViewer if !one => {
            return Err(TokenRejection::OneAccountNeeded);
        }
        Role::PlatformAdmin if !all => return Err(TokenRejection::NoAccountAllowed),
        Role::Auditor if !one && !all => return Err(TokenRejection::OneAccountNeeded),
        _ => {}
    }
    if token.expires_at.is_some_and(|end| end <= now) {
        return Err(TokenRejection::ExpiryPassed);
    }
    Ok(())
}
