use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use projections::AccountView;

use super::path::Placed;
use super::{SEEN_IN, named};
use crate::admin::findings::Findings;
use crate::error::Failure;
use crate::form::{Form, once};
use crate::page::html;
use crate::session::{Notice, PlatformAdmin, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// So many accounts below it are shown; the list shows the others.
const CHILDREN: u32 = 20;

/// An account.
#[derive(askama::Template)]
#[template(path = "admin/account.html")]
struct AccountPage {
    shell: Shell,
    placed: Placed,
    children: Vec<AccountView>,
    more_children: bool,
    /// What it has installed.
    integrations: usize,
    name: String,
    findings: Findings,
    once: String,
}

pub(super) async fn show(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(account): Path<String>,
) -> Result<Response, Failure> {
    let placed = Placed::from(named(&site, &account).await?);
    let name = placed.account.name.clone();
    let page = page(&site, &viewer, placed, name, Findings::default()).await?;
    Ok(html(&page).into_response())
}

async fn page(
    site: &Site,
    viewer: &Viewer,
    placed: Placed,
    name: String,
    findings: Findings,
) -> Result<AccountPage, Failure> {
    let id = placed.account.id.clone();
    let below = site.projections.accounts().list(Some(&id), None, CHILDREN).await?;
    Ok(AccountPage {
        shell: Shell::new(&placed.account.name, Here::Accounts, site, viewer),
        more_children: below.next.is_some(),
        children: below.items,
        integrations: site.projections.integrations().list(&id).await?.len(),
        placed,
        name,
        findings,
        once: once(site, viewer)?,
    })
}

/// Gives an account another name.
pub(super) async fn rename(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(account): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let placed = Placed::from(named(&site, &account).await?);
    let (id, name) = (placed.account.id.clone(), form.text("name").to_owned());
    let ctx = form.context(&site, &viewer);
    match site.commands.rename_account(ctx, id.clone(), name.clone()).await {
        Ok(receipt) => {
            site.shows(SEEN_IN, receipt.position).await;
            let text = format!("The account {id} is called “{name}” now.");
            site.sessions().leave(viewer.session, Notice { tone: Tone::Good, text });
            Ok(Redirect::to(&format!("/admin/accounts/{id}")).into_response())
        }
        Err(error) => {
            let findings = Findings::of(error, "/name")?;
            let page = page(&site, &viewer, placed, name, findings).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}
