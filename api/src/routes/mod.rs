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
mod provider_try;
mod token;
mod written;

pub(crate) use catalog::CatalogCache;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;

use crate::openapi;
use crate::problem::{Code, Problem};
use crate::request_log::Observe;
use crate::state::AppState;

/// All endpoints with their documentation.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(provider::routes())
        .merge(provider_try::routes())
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

/// The API over a running system, with the pages beside it.
pub fn router(app: AppState, pages: Router) -> Router {
    let (router, _) = all().split_for_parts();
    router
        .with_state(app.clone())
        .merge(pages)
        .fallback(no_such_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Observe(app))
}

/// A person who follows a broken link gets a page; a program gets a problem.
async fn no_such_route(headers: HeaderMap) -> Response {
    if wants_page(&headers) {
        return web::no_such_page();
    }
    let detail = "The API has no such path. The reference is at /docs.";
    Problem::new(Code::NoSuchRoute, detail).into_response()
}

async fn method_not_allowed(headers: HeaderMap) -> Response {
    if wants_page(&headers) {
        return web::no_page_to_open();
    }
    let detail = "The path does not take this method. The reference is at /docs.";
    Problem::new(Code::MethodNotAllowed, detail).into_response()
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|kinds| kinds.contains("text/html"))
}
