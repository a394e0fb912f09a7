use axum::extract::{Path, State};
use axum::response::Redirect;
use domain::TokenId;
use projections::TokenView;

use super::SEEN_IN;
use super::list::Row;
use crate::error::Failure;
use crate::form::{Form, once};
use crate::page::{Page, html};
use crate::session::{Notice, PlatformAdmin, Tone};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// The page that asks whether a token is really to be revoked.
#[derive(askama::Template)]
#[template(path = "admin/token_revoke.html")]
struct RevokePage {
    shell: Shell,
    row: Row,
    /// The viewer has signed in with it.
    is_own: bool,
    once: String,
}

pub(super) async fn ask(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(token): Path<String>,
) -> Result<Page, Failure> {
    let token = named(&site, &token).await?;
    Ok(html(&RevokePage {
        shell: Shell::new("Revoke a token", Here::Tokens, &site, &viewer),
        is_own: viewer.holder.token() == Some(token.id),
        row: Row::new(token, site.clock.now()),
        once: once(&site, &viewer)?,
    }))
}

/// Revokes a token: it is refused from here on.
pub(super) async fn revoke(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(token): Path<String>,
    form: Form,
) -> Result<Redirect, Failure> {
    let token = named(&site, &token).await?;
    let receipt = site
        .commands
        .revoke_token(form.context(&site, &viewer), token.id)
        .await?;
    site.backstage.revoked(token.id);
    site.shows(SEEN_IN, receipt.position).await;
    let text = format!(
        "The token “{}” is revoked. Whoever holds it is refused from now on.",
        token.name
    );
    site.sessions().leave(viewer.session, Notice { tone: Tone::Good, text });
    Ok(Redirect::to("/admin/tokens"))
}

async fn named(site: &Site, text: &str) -> Result<TokenView, Failure> {
    let id: TokenId = text.parse().map_err(|_| Failure::NotFound)?;
    site.projections.tokens().get(id).await?.ok_or(Failure::NotFound)
}
