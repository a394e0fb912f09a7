use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use domain::token::AccountScope;
use domain::{AccountId, TokenId};
use projections::TokenView;
use serde::Deserialize;

use crate::address::address;
use crate::error::{Failure, role_name};
use crate::page::{Page, html};
use crate::session::PlatformAdmin;
use crate::shell::{Here, Shell, scope};
use crate::site::Site;
use crate::time::Moment;

/// So many tokens stand on a page.
const ROWS: u32 = 50;

/// So many are read at once.
const READ: u32 = 200;

/// So many are looked at for one page, when those of one account are wanted.
const LOOKED_AT: usize = 5_000;

/// Which tokens are shown.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Shown {
    /// Those that are good for this account and not for all.
    #[serde(default)]
    account: String,
    /// Those after this one.
    #[serde(default)]
    after: String,
}

/// A token in the list.
pub(super) struct Row {
    pub(super) token: TokenView,
    state: Standing,
}

/// Whether a token is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    Expired,
    Revoked,
}

impl Row {
    pub(super) fn new(token: TokenView, now: DateTime<Utc>) -> Self {
        let state = match token.revoked_at {
            Some(_) => Standing::Revoked,
            None if token.valid_at(now) => Standing::Good,
            None => Standing::Expired,
        };
        Self { token, state }
    }

    pub(super) const fn role(&self) -> &'static str {
        role_name(self.token.role)
    }

    pub(super) fn is_good(&self) -> bool {
        self.state == Standing::Good
    }

    const fn badge(&self) -> (&'static str, &'static str) {
        match self.state {
            Standing::Good => ("good", "Good"),
            Standing::Expired => ("", "Expired"),
            Standing::Revoked => ("bad", "Revoked"),
        }
    }

    /// The account that it is good for, when there is one.
    fn account(&self) -> Option<&AccountId> {
        match &self.token.accounts {
            AccountScope::Only(accounts) if accounts.len() == 1 => accounts.first(),
            AccountScope::Only(_) | AccountScope::All => None,
        }
    }

    pub(super) fn scope(&self) -> String {
        match &self.token.accounts {
            AccountScope::Only(accounts) if (2..=3).contains(&accounts.len()) => {
                accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", ")
            }
            accounts => scope(accounts),
        }
    }

    pub(super) const fn issued(&self) -> Moment {
        Moment(self.token.issued_at)
    }

    pub(super) fn expires(&self) -> Option<Moment> {
        self.token.expires_at.map(Moment)
    }

    fn revoked(&self) -> Option<Moment> {
        self.token.revoked_at.map(Moment)
    }
}

/// The list of tokens.
#[derive(askama::Template)]
#[template(path = "admin/tokens.html")]
struct TokensPage {
    shell: Shell,
    shown: Shown,
    rows: Vec<Row>,
    next: Option<TokenId>,
    /// The one that the viewer has signed in with, if it is one.
    own: Option<TokenId>,
}

impl TokensPage {
    fn is_own(&self, row: &Row) -> bool {
        self.own == Some(row.token.id)
    }

    /// The address of the next page.
    fn more(&self, after: &TokenId) -> String {
        let conditions = [("account", &*self.shown.account), ("after", &after.to_string())];
        address("/admin/tokens", conditions)
    }

    /// The address of the form for another token, of the same account.
    fn make(&self) -> String {
        address("/admin/tokens/new", [("account", &*self.shown.account)])
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Query(mut shown): Query<Shown>,
) -> Result<Page, Failure> {
    shown.account = shown.account.trim().to_owned();
    let after = match shown.after.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Failure::NotFound)?),
    };
    let (found, next) = match shown.account.as_str() {
        "" => {
            let page = site.projections.tokens().list(after, ROWS).await?;
            (page.items, page.next)
        }
        account => match account.parse() {
            Ok(account) => of_account(&site, &account, after).await?,
            // There is no such account, and no token of it.
            Err(_) => (Vec::new(), None),
        },
    };
    let now = site.clock.now();
    let page = TokensPage {
        shell: Shell::new("Tokens", Here::Tokens, &site, &viewer),
        shown,
        rows: found.into_iter().map(|token| Row::new(token, now)).collect(),
        next,
        own: viewer.holder.token(),
    };
    Ok(html(&page))
}

/// The tokens that name an account. They are looked for one by one, and so many are looked at for one page.
async fn of_account(
    site: &Site,
    account: &AccountId,
    mut after: Option<TokenId>,
) -> Result<(Vec<TokenView>, Option<TokenId>), Failure> {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    loop {
        let page = site.projections.tokens().list(after, READ).await?;
        looked_at += page.items.len();
        for token in page.items {
            let names_it = matches!(&token.accounts, AccountScope::Only(accounts) if accounts.contains(account));
            if names_it && found.len() == ROWS as usize {
                return Ok((found, after));
            }
            after = Some(token.id);
            if names_it {
                found.push(token);
            }
        }
        if page.next.is_none() || looked_at >= LOOKED_AT {
            return Ok((found, page.next));
        }
    }
}
