use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use commands::NewToken;
use domain::TokenId;
use secrecy::ExposeSecret;

use super::expiry::CHOICES;
use super::wanted::{Prefilled, Wanted};
use super::{ROLES, RoleChoice, SEEN_IN};
use crate::admin::findings::Findings;
use crate::error::{Failure, role_name};
use crate::form::{Form, once};
use crate::page::html;
use crate::session::{PlatformAdmin, Viewer};
use crate::shell::{Here, Shell, scope};
use crate::site::Site;
use crate::time::Moment;

/// The form for a new token.
#[derive(askama::Template)]
#[template(path = "admin/token_new.html")]
struct NewPage {
    shell: Shell,
    wanted: Wanted,
    findings: Findings,
    once: String,
}

impl NewPage {
    const fn roles() -> &'static [RoleChoice] {
        ROLES
    }

    const fn expiries() -> &'static [(&'static str, &'static str, Option<u64>)] {
        CHOICES
    }
}

/// A new token: the one page that shows its text.
#[derive(askama::Template)]
#[template(path = "admin/token_made.html")]
struct MadePage<'a> {
    shell: Shell,
    name: &'a str,
    role: &'static str,
    scope: String,
    expires: Option<Moment>,
    text: &'a str,
    is_service: bool,
}

/// The form was sent again: the token is made, and its text is gone.
#[derive(askama::Template)]
#[template(path = "admin/token_shown.html")]
struct ShownPage<'a> {
    shell: Shell,
    name: &'a str,
    id: TokenId,
}

pub(super) async fn ask(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Query(prefilled): Query<Prefilled>,
) -> Result<Response, Failure> {
    let page = page(&site, &viewer, prefilled.into(), Findings::default())?;
    Ok(html(&page).into_response())
}

fn page(site: &Site, viewer: &Viewer, wanted: Wanted, findings: Findings) -> Result<NewPage, Failure> {
    Ok(NewPage {
        shell: Shell::new("Make a token", Here::Tokens, site, viewer),
        wanted,
        findings,
        once: once(site, viewer)?,
    })
}

/// Makes a token, and shows its text in the answer itself: it is kept nowhere, so that no other page could.
pub(super) async fn issue(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    form: Form,
) -> Result<Response, Failure> {
    let wanted = Wanted::sent(&form);
    let understood = match wanted.understood(site.clock.now()) {
        Ok(understood) => understood,
        Err(findings) => return refused(&site, &viewer, wanted, findings),
    };
    let secret = site.backstage.new_token()?;
    let new = NewToken {
        name: wanted.name.clone(),
        sha256: secret.sha256,
        role: understood.role,
        accounts: understood.accounts.clone(),
        expires_at: understood.expires_at,
    };
    let receipt = match site.commands.issue_token(form.context(&site, &viewer), new).await {
        Ok(receipt) => receipt,
        Err(error) => return refused(&site, &viewer, wanted, Findings::of(error, "/name")?),
    };
    site.shows(SEEN_IN, receipt.position).await;
    let shell = |title| Shell::new(title, Here::Tokens, &site, &viewer);
    if receipt.value.sha256 != secret.sha256 {
        let page = ShownPage {
            shell: shell("Shown already"),
            name: &wanted.name,
            id: receipt.value.id,
        };
        return Ok((StatusCode::CONFLICT, html(&page)).into_response());
    }
    let page = MadePage {
        shell: shell("Keep this token"),
        name: &wanted.name,
        role: role_name(understood.role),
        scope: scope(&understood.accounts),
        expires: understood.expires_at.map(Moment),
        text: secret.text.expose_secret(),
        is_service: understood.role == domain::token::Role::Service,
    };
    Ok(html(&page).into_response())
}

fn refused(site: &Site, viewer: &Viewer, wanted: Wanted, findings: Findings) -> Result<Response, Failure> {
    let page = page(site, viewer, wanted, findings)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
}
