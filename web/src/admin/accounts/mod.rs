//! The tree of accounts: looked through, grown, renamed and closed.

mod close;
mod list;
mod path;
mod show;

use axum::Router;
use axum::routing::{get, post};
use domain::AccountId;
use projections::{AccountDetail, ProjectionName};

use crate::error::Failure;
use crate::site::Site;

/// Where a change of an account is seen.
const SEEN_IN: &[ProjectionName] = &[
    ProjectionName::Accounts,
    ProjectionName::AiConfig,
    ProjectionName::Integrations,
];

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/admin/accounts", get(list::list).post(list::open))
        .route("/admin/accounts/{account}", get(show::show))
        .route("/admin/accounts/{account}/rename", post(show::rename))
        .route("/admin/accounts/{account}/close", get(close::ask).post(close::close))
}

/// The account that an address names.
async fn named(site: &Site, text: &str) -> Result<AccountDetail, Failure> {
    let id: AccountId = text.parse().map_err(|_| Failure::NotFound)?;
    site.projections.accounts().get(&id).await?.ok_or(Failure::NotFound)
}
