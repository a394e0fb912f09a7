//! The endpoints, one group a file: each extracts, calls and maps.

mod account;
mod ai_config;
mod ai_config_text;
mod ai_settings;
mod audit;
mod catalog;
mod catalog_view;
mod connection;
mod event;
mod history;
mod integration;
mod integration_view;
mod key_report;
mod logo;
mod operation;
mod page;
mod provider;
mod provider_body;
mod token;
mod written;

pub(crate) use catalog::CatalogCache;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::openapi;
use crate::problem::{Code, Problem};
use crate::request_log::Observe;
use crate::state::AppState;

/// All endpoints with their documentation.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(provider::routes())
        .merge(logo::routes())
        .merge(catalog::routes())
        .merge(account::routes())
        .merge(integration::routes())
        .merge(connection::routes())
        .merge(history::routes())
        .merge(ai_config::routes())
        .merge(ai_settings::routes())
        .merge(audit::routes())
        .merge(token::routes())
        .merge(operation::routes())
}

/// The API over a running system.
pub fn router(app: AppState) -> Router {
    let (router, _) = all().split_for_parts();
    router
        .fallback(no_such_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Observe(app.clone()))
        .with_state(app)
}

async fn no_such_route() -> Problem {
    Problem::new(
        Code::NoSuchRoute,
        "The API has no such path. The reference is at /docs.",
    )
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        "The path does not take this method. The reference is at /docs.",
    )
}
