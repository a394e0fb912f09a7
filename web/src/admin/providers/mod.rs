//! The rows of the catalog: the list, the form of one, and what can be done with it.

mod attempt;
mod diff;
mod form_page;
mod guided;
mod list;
mod places;
mod preview;
mod revisions;
mod save;
mod sent;
mod standing;
mod typed;
mod yaml;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::ProviderKey;

use crate::site::Site;
use crate::upload::MOST_SENT;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/admin/providers", get(list::list))
        .route(NEW, get(form_page::blank).post(save::add))
        .route("/admin/providers/-/preview", post(preview::preview))
        .route("/admin/providers/{key}", get(form_page::of_row).post(save::revise))
        .route("/admin/providers/{key}/try", get(attempt::ask).post(attempt::attempt))
        .route("/admin/providers/{key}/revisions", get(revisions::revisions))
        .route("/admin/providers/{key}/publish", post(standing::publish))
        .route(
            "/admin/providers/{key}/retire",
            get(standing::ask_to_retire).post(standing::retire),
        )
        .route("/admin/providers/{key}/reinstate", post(standing::reinstate))
        // A logo comes with a row.
        .layer(DefaultBodyLimit::max(MOST_SENT))
}

/// Where a row is added. No key begins with a hyphen: what stands below it is never a row's page.
const NEW: &str = "/admin/providers/-/new";

/// The address of a row's page.
fn page_of(key: &ProviderKey) -> String {
    format!("/admin/providers/{key}")
}
