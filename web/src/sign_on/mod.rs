//! Signing in at the identity provider of one's organisation.
//!
//! The browser is sent there with the numbers of an attempt (`begin`), which stays here (`attempts`), and comes back with
//! a code (`back`). What happens at the provider is behind the port [`SignOn`].

mod attempts;
mod back;
mod begin;
mod failed;
mod port;

use axum::Router;
use axum::routing::get;
use url::form_urlencoded::byte_serialize;

pub(crate) use attempts::{Attempts, PATIENCE};
pub use port::{Identity, Proof, SignOn, SignOnError};

use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/sign-in/oidc", get(begin::begin))
        .route("/sign-in/oidc/back", get(back::back))
}

/// Where one signs in there, to go on to a page of this site afterwards.
pub(crate) fn path(next: &str) -> String {
    if next.is_empty() {
        return "/sign-in/oidc".to_owned();
    }
    format!(
        "/sign-in/oidc?next={}",
        byte_serialize(next.as_bytes()).collect::<String>()
    )
}
