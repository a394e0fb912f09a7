use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use domain::token::{AccountScope, Role};
use domain::{AccountId, Actor};
use url::{Position, Url};

use super::{Cookie, Holder, SessionKey};
use crate::error::Failure;
use crate::site::Site;

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// The session.
    pub(crate) session: SessionKey,
    /// The token or the membership in use.
    pub(crate) holder: Holder,
    /// The others of the session that are good.
    pub(crate) others: Vec<Holder>,
    /// Whether the browser shows the answer as a page: a script that reads it for a part of another page does not.
    pub(crate) navigates: bool,
}

/// Who a request comes from.
enum Presence {
    /// Nobody has signed in, or no longer.
    Nobody,
    /// A person whom the identity provider must vouch for anew.
    Lapsed,
    /// Somebody.
    Here(Viewer),
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
        match Presence::of(headers, site).await? {
            Presence::Here(viewer) => Ok(Some(viewer)),
            Presence::Nobody | Presence::Lapsed => Ok(None),
        }
    }

    /// The viewer as the history names him.
    pub(crate) fn actor(&self) -> Actor {
        self.holder.actor()
    }

    /// The account that the token or the membership in use belongs to, when it belongs to one.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match self.holder.accounts() {
            AccountScope::Only(accounts) if accounts.len() == 1 => accounts.first(),
            AccountScope::Only(_) | AccountScope::All => None,
        }
    }

    /// Whether it has one of these roles.
    pub(crate) fn is(&self, roles: &[Role]) -> bool {
        roles.contains(&self.holder.role())
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

impl Presence {
    /// Who a request comes from.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when that cannot be found out: nobody is let in then.
    pub(crate) async fn of(headers: &HeaderMap, site: &Site) -> Result<Self, Failure> {
        let Some(number) = Cookie::Session.number(site, headers) else {
            return Ok(Self::Nobody);
        };
        let (session, now) = (number.key(), site.clock.now());
        let mut passes = site.sessions().passes(session, now).into_iter();
        let Some(active) = passes.next() else {
            return Ok(Self::Nobody);
        };
        if active.has_lapsed(now) {
            return Ok(Self::Lapsed);
        }
        // When what is in use is no longer good, nobody goes on with another one unawares.
        let Some(holder) = active.holder(site).await? else {
            return Ok(Self::Nobody);
        };
        let mut others = Vec::new();
        for pass in passes {
            others.extend(pass.holder(site).await?);
        }
        Ok(Self::Here(Viewer {
            session,
            holder,
            others,
            navigates: navigates(headers),
        }))
    }
}

/// Whether the browser shows the answer as a page.
fn navigates(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
}

const MEMBERS: &[Role] = &[Role::AccountOwner, Role::AccountAdmin, Role::AccountViewer];
const ADMINS: &[Role] = &[Role::AccountOwner, Role::AccountAdmin];

impl FromRequestParts<Site> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let back = back_to(&parts.method, &parts.uri);
        let opened = back.clone().filter(|_| navigates(&parts.headers));
        match (Presence::of(&parts.headers, site).await?, opened) {
            (Presence::Lapsed, Some(back)) => Err(Failure::AskAnew(back)),
            (Presence::Here(viewer), Some(back)) if viewer.holder.is_asked_anew(site.clock.now()) => {
                Err(Failure::AskAnew(back))
            }
            (Presence::Here(viewer), _) => Ok(viewer),
            (Presence::Nobody | Presence::Lapsed, _) if matches!(parts.method, Method::GET | Method::HEAD) => {
                Err(Failure::SignIn(back))
            }
            (Presence::Nobody | Presence::Lapsed, _) => Err(Failure::SignedOut(page_of_form(&parts.headers))),
        }
    }
}

/// The page that a form was on: one of ours, or it would not have been taken. What it sent is lost, and is to be sent again.
fn page_of_form(headers: &HeaderMap) -> Option<String> {
    let page = Url::parse(headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let path = page[Position::BeforePath..Position::AfterQuery].to_owned();
    (!path.starts_with("/sign-in")).then_some(path)
}

/// Where to go on after the sign-in: to the page that was asked for.
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
        let only = match viewer.holder.accounts() {
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
