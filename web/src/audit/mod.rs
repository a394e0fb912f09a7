//! What happened, for those who look after it: the feed of events, the life of a credential, and all of it as files.

mod csv;
mod export;
mod feed;
mod kinds;
mod replay;
mod search;

use axum::Router;
use axum::routing::get;

use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/audit", get(feed::feed))
        .route("/audit/export.jsonl", get(export::json_lines))
        .route("/audit/export.csv", get(export::csv))
        .route("/audit/credentials/{credential}", get(replay::replay))
}
