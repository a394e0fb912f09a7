//! What platform admins look after.

mod accounts;
mod findings;
mod providers;
mod tokens;

use axum::Router;

use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .merge(providers::routes())
        .merge(accounts::routes())
        .merge(tokens::routes())
}
