use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::token::{AccountScope, Role};
use domain::{Actor, ActorKind, Sha256Digest, TokenId};
use projections::TokenView;

use super::membership::Membership;
use crate::error::Failure;
use crate::site::Site;

/// What the identity provider said of a person is relied on for so long: who is shut out there is shut out here by then.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// After so long the next page that is opened asks the provider anew, so that a form which is open then has time left.
const ASKED_ANEW: TimeDelta = TimeDelta::minutes(50);

/// What somebody signed in with, as a session keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pass {
    /// A token, by its digest.
    Token(Sha256Digest),
    /// One of a person's memberships.
    Member(Arc<Person>, Membership),
}

/// Somebody whom the identity provider vouched for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// What the history names the person by.
    pub(crate) id: String,
    /// What to call the person.
    pub(crate) name: String,
    /// When the provider said so.
    pub(crate) since: DateTime<Utc>,
}

/// Somebody with a pass that is good now.
#[derive(Debug, Clone)]
pub(crate) enum Holder {
    /// Of a token.
    Token(Sha256Digest, Arc<TokenView>),
    /// Of a membership.
    Member(Arc<Person>, Membership),
}

impl Pass {
    /// Whether it is a membership that the provider must be asked for anew.
    pub(crate) fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        matches!(self, Self::Member(person, _) if now >= person.since + GOOD_FOR)
    }

    /// Whose it is, if it is good now.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when that cannot be found out: nobody is let in then.
    pub(crate) async fn holder(&self, site: &Site) -> Result<Option<Holder>, Failure> {
        match self {
            Self::Token(digest) => {
                let token = site.backstage.holder(*digest).await?;
                Ok(token.map(|token| Holder::Token(*digest, token)))
            }
            Self::Member(person, membership) => {
                let good = !self.has_lapsed(site.clock.now()) && membership.stands(site).await?;
                Ok(good.then(|| Holder::Member(Arc::clone(person), membership.clone())))
            }
        }
    }
}

impl Holder {
    /// What it was looked up by.
    pub(crate) fn pass(&self) -> Pass {
        match self {
            Self::Token(digest, _) => Pass::Token(*digest),
            Self::Member(person, membership) => Pass::Member(Arc::clone(person), membership.clone()),
        }
    }

    /// What tells it from the others of its session, and a form that was shown to it from another's. No secret.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Token(_, token) => token.id.to_string(),
            Self::Member(person, membership) => format!("{} {membership}", person.id),
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Token(_, token) => &token.name,
            Self::Member(person, _) => &person.name,
        }
    }

    /// What it allows.
    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Token(_, token) => token.role,
            Self::Member(_, membership) => membership.role(),
        }
    }

    /// For which accounts.
    pub(crate) fn accounts(&self) -> &AccountScope {
        match self {
            Self::Token(_, token) => &token.accounts,
            Self::Member(_, membership) => membership.accounts(),
        }
    }

    /// Whether the identity provider is asked anew before the next page is shown.
    pub(crate) fn is_asked_anew(&self, now: DateTime<Utc>) -> bool {
        matches!(self, Self::Member(person, _) if now >= person.since + ASKED_ANEW)
    }

    /// The token, when it is one.
    pub(crate) fn token(&self) -> Option<TokenId> {
        match self {
            Self::Token(_, token) => Some(token.id),
            Self::Member(..) => None,
        }
    }

    /// It as the history names it.
    pub(crate) fn actor(&self) -> Actor {
        let id = match self {
            Self::Token(_, token) => token.id.to_string(),
            Self::Member(person, _) => person.id.clone(),
        };
        Actor {
            kind: ActorKind::User,
            id,
        }
    }
}
