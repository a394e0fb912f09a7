use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use domain::token::{AccountScope, Role};
use domain::{AccountId, Actor, ActorKind, Sha256Digest};
use projections::TokenView;

use super::{SessionKey, sent};
use crate::error::Failure;
use crate::site::Site;

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// The session.
    pub(crate) session: SessionKey,
    /// The token in use.
    pub(crate) token: Arc<TokenView>,
    /// The other tokens of the session that are good, each with its digest.
    pub(crate) others: Vec<(Sha256Digest, Arc<TokenView>)>,
    /// Whether the browser shows the answer as a page: a script that reads it for a part of another page does not.
    pub(crate) navigates: bool,
}

/// A platform admin.
pub(crate) struct PlatformAdmin(pub(crate) Viewer);

/// Somebody who may read the whole log, or one account's part of it.
pub(crate) struct LogReader {
    /// Who.
    pub(crate) viewer: Viewer,
    /// The one account, unless it is all.
    pub(crate) only: Option<AccountId>,
}

/// Somebody who may see the settings of an account.
pub(crate) struct AccountMember {
    /// Who.
    pub(crate) viewer: Viewer,
    /// The account.
    pub(crate) account: AccountId,
}

/// Somebody who may change them.
pub(crate) struct AccountAdmin {
    /// Who.
    pub(crate) viewer: Viewer,
    /// The account.
    pub(crate) account: AccountId,
}

impl Viewer {
    /// The viewer that a request comes from; none when nobody has signed in.
    pub(crate) async fn of(headers: &HeaderMap, site: &Site) -> Result<Option<Self>, Failure> {
        let Some(session) = sent(site, headers) else {
            return Ok(None);
        };
        let mut tokens = site.sessions().tokens(session, site.clock.now()).into_iter();
        // When the token in use is no longer good, nobody goes on with another one unawares.
        let active = match tokens.next() {
            Some(digest) => site.backstage.holder(digest).await?,
            None => None,
        };
        let Some(token) = active else {
            return Ok(None);
        };
        let mut others = Vec::new();
        for digest in tokens {
            if let Some(token) = site.backstage.holder(digest).await? {
                others.push((digest, token));
            }
        }
        let mode = headers.get("sec-fetch-mode");
        Ok(Some(Self {
            session,
            token,
            others,
            navigates: mode.is_none_or(|mode| mode == "navigate"),
        }))
    }

    /// The viewer as the history names him.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            kind: ActorKind::User,
            id: self.token.id.to_string(),
        }
    }

    /// The account that the token in use belongs to, when it belongs to one.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match &self.token.accounts {
            AccountScope::Only(accounts) if accounts.len() == 1 => accounts.first(),
            AccountScope::Only(_) | AccountScope::All => None,
        }
    }

    /// Whether the token in use has one of these roles.
    pub(crate) fn is(&self, roles: &[Role]) -> bool {
        roles.contains(&self.token.role)
    }

    /// Whether it belongs to an account whose settings it may see.
    pub(crate) fn is_member(&self) -> bool {
        self.is(MEMBERS) && self.account().is_some()
    }

    /// Whether it may change the settings of its account.
    pub(crate) fn may_connect(&self) -> bool {
        self.is(ADMINS) && self.account().is_some()
    }

    fn require(self, roles: &[Role]) -> Result<Self, Failure> {
        if self.is(roles) {
            Ok(self)
        } else {
            Err(Failure::forbidden(self, roles))
        }
    }

    fn require_account(self, roles: &[Role]) -> Result<(Self, AccountId), Failure> {
        let viewer = self.require(roles)?;
        let account = viewer.account().cloned().ok_or(Failure::NotFound)?;
        Ok((viewer, account))
    }
}

const MEMBERS: &[Role] = &[Role::AccountOwner, Role::AccountAdmin, Role::AccountViewer];
const ADMINS: &[Role] = &[Role::AccountOwner, Role::AccountAdmin];

impl FromRequestParts<Site> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let viewer = Self::of(&parts.headers, site).await?;
        viewer.ok_or_else(|| Failure::SignIn(back_to(&parts.method, &parts.uri)))
    }
}

/// Where to go on after the sign-in: to the page that was asked for. What a form sent is lost by then.
fn back_to(method: &Method, uri: &Uri) -> Option<String> {
    (method == Method::GET).then(|| uri.path_and_query().map(ToString::to_string))?
}

impl FromRequestParts<Site> for PlatformAdmin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let viewer = Viewer::from_request_parts(parts, site).await?;
        viewer.require(&[Role::PlatformAdmin]).map(Self)
    }
}

impl FromRequestParts<Site> for LogReader {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let viewer = Viewer::from_request_parts(parts, site).await?;
        let viewer = viewer.require(&[Role::Auditor])?;
        let only = match &viewer.token.accounts {
            AccountScope::All => None,
            AccountScope::Only(accounts) => Some(accounts.first().cloned().ok_or(Failure::NotFound)?),
        };
        Ok(Self { viewer, only })
    }
}

impl FromRequestParts<Site> for AccountMember {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let viewer = Viewer::from_request_parts(parts, site).await?;
        let (viewer, account) = viewer.require_account(MEMBERS)?;
        Ok(Self { viewer, account })
    }
}

impl FromRequestParts<Site> for AccountAdmin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let viewer = Viewer::from_request_parts(parts, site).await?;
        let (viewer, account) = viewer.require_account(ADMINS)?;
        Ok(Self { viewer, account })
    }
}
