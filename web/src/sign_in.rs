use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::token::Role;
use serde::Deserialize;

use crate::error::Failure;
use crate::form::Form;
use crate::session::{Cookie, Number, Pass, Viewer};
use crate::shell::{Here, Shell, html};
use crate::sign_on;
use crate::site::Site;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(ask).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/switch", post(switch))
}

/// The page that asks for a token.
#[derive(askama::Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    next: String,
    /// Whether a form was sent that nobody was signed in for any more.
    lost: bool,
    /// What is wrong with the token.
    refused: Option<&'static str>,
    /// The identity provider, when there is one.
    provider: Option<Provider>,
}

/// The other way to sign in.
struct Provider {
    name: String,
    path: String,
}

/// Where to go on to.
#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    pub(crate) next: String,
    /// Whether a form was sent that nobody was signed in for any more.
    #[serde(default)]
    unsaved: String,
}

impl SignInPage {
    fn new(site: &Site, viewer: Option<Viewer>, next: String, refused: Option<&'static str>) -> Self {
        let provider = site.sign_on.as_ref().map(|sign_on| Provider {
            name: sign_on.name().to_owned(),
            path: sign_on::path(&next),
        });
        Self {
            shell: Shell::bare("Sign in", Here::Nowhere, viewer),
            next,
            lost: false,
            refused,
            provider,
        }
    }
}

/// Where each kind of viewer starts.
async fn home(viewer: Viewer) -> Redirect {
    Redirect::to(start(viewer.holder.role()))
}

pub(crate) const fn start(role: Role) -> &'static str {
    match role {
        Role::PlatformAdmin => "/admin/providers",
        Role::Auditor => "/audit",
        _ => "/marketplace",
    }
}

async fn ask(
    State(site): State<Site>,
    Query(Next { next, unsaved }): Query<Next>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let viewer = Viewer::of(&headers, &site).await?;
    let page = SignInPage {
        lost: !unsaved.is_empty(),
        ..SignInPage::new(&site, viewer, next, None)
    };
    Ok(html(&page).into_response())
}

async fn sign_in(State(site): State<Site>, headers: HeaderMap, form: Form) -> Result<Response, Failure> {
    let next = own_path(form.text("next"));
    let digest = site.backstage.digest(form.text("token"));
    let holder = match digest {
        Some(digest) => site.backstage.holder(digest).await?.map(|holder| (digest, holder)),
        None => None,
    };
    let refused = match &holder {
        None => Some(
            "The token is mistyped, unknown, expired or revoked. Check that you copied all of it, or ask a platform admin for a new one.",
        ),
        Some((_, holder)) if holder.role == Role::Service => {
            Some("This token is for a service that calls the API. Sign in with a token of a person.")
        }
        Some(_) => None,
    };
    let (Some((digest, holder)), None) = (holder, refused) else {
        let page = SignInPage::new(&site, None, next.unwrap_or_default().to_owned(), refused);
        return Ok((StatusCode::UNAUTHORIZED, html(&page)).into_response());
    };
    let now = site.clock.now();
    let mut before = Vec::new();
    if let Some(old) = Cookie::Session.number(&site, &headers) {
        before = site.sessions().passes(old.key(), now);
        site.sessions().end(old.key());
    }
    // A new number at every sign-in: whoever planted the old one has nothing.
    let number = Number::new(&site)?;
    site.sessions().sign_in(number.key(), Pass::Token(digest), before, now);
    let cookie = Cookie::Session.keep(&site, &number);
    let to = next.unwrap_or_else(|| start(holder.role));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// Only a page of this site is gone on to.
pub(crate) fn own_path(next: &str) -> Option<&str> {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic());
    (own && plain).then_some(next)
}

async fn sign_out(State(site): State<Site>, headers: HeaderMap) -> Response {
    if let Some(number) = Cookie::Session.number(&site, &headers) {
        site.sessions().end(number.key());
    }
    (
        [(header::SET_COOKIE, Cookie::Session.clear(&site))],
        Redirect::to("/sign-in"),
    )
        .into_response()
}

/// Goes on with another token or membership that this browser has signed in with.
async fn switch(State(site): State<Site>, viewer: Viewer, form: Form) -> Result<Redirect, Failure> {
    let wanted = form.text("to");
    let found = viewer.others.iter().find(|other| other.id() == wanted);
    let other = found.ok_or(Failure::NotFound)?;
    if !site.sessions().switch(viewer.session, &other.pass()) {
        return Err(Failure::NotFound);
    }
    Ok(Redirect::to(start(other.role())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_gone_on_to() {
        assert_eq!(own_path("/settings?x=1"), Some("/settings?x=1"));
        for foreign in [
            "",
            "settings",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
        ] {
            assert_eq!(own_path(foreign), None, "{foreign:?}");
        }
    }
}
