//! What there is to connect, and what of it the account has.

mod card;
mod connect;
mod list;
mod provider;

use axum::Router;
use axum::routing::get;

use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/marketplace", get(list::list))
        .route("/marketplace/{key}", get(provider::page))
        .route("/marketplace/{key}/connect", get(connect::ask).post(connect::connect))
}
