//! What there is to connect, and what of it the account has.

mod card;
mod list;

use axum::Router;
use axum::routing::get;

use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/marketplace", get(list::list))
}
