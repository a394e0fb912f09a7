use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commands::NewAccount;
use domain::AccountId;
use serde::Deserialize;

use super::SEEN_IN;
use super::path::Placed;
use crate::address::address;
use crate::admin::findings::Findings;
use crate::error::Failure;
use crate::form::{Form, once};
use crate::page::html;
use crate::session::{Notice, PlatformAdmin, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// So many accounts stand on a page.
const ROWS: u32 = 50;

/// Which accounts are shown.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Shown {
    /// Those directly below this one.
    #[serde(default)]
    below: String,
    /// Those after this one.
    #[serde(default)]
    after: String,
    /// The one with this id.
    #[serde(default)]
    find: String,
}

/// What was filled in to open an account.
#[derive(Default)]
struct Draft {
    id: String,
    name: String,
    parent: String,
}

/// The list of accounts, and the form for another one.
#[derive(askama::Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage {
    shell: Shell,
    shown: Shown,
    accounts: Vec<Placed>,
    next: Option<AccountId>,
    draft: Draft,
    findings: Findings,
    once: String,
}

impl AccountsPage {
    fn more(&self, after: &AccountId) -> String {
        let conditions = [("below", &*self.shown.below), ("after", after.as_str())];
        address("/admin/accounts", conditions)
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Query(mut shown): Query<Shown>,
) -> Result<Response, Failure> {
    shown.find = shown.find.trim().to_owned();
    if let Ok(id) = shown.find.parse::<AccountId>()
        && site.projections.accounts().get(&id).await?.is_some()
    {
        return Ok(Redirect::to(&format!("/admin/accounts/{id}")).into_response());
    }
    let draft = Draft {
        parent: shown.below.clone(),
        ..Draft::default()
    };
    let page = page(&site, &viewer, shown, draft, Findings::default()).await?;
    Ok(html(&page).into_response())
}

async fn page(
    site: &Site,
    viewer: &Viewer,
    shown: Shown,
    draft: Draft,
    findings: Findings,
) -> Result<AccountsPage, Failure> {
    let id = |text: &str| match text {
        "" => Ok(None),
        text => text.parse::<AccountId>().map(Some).map_err(|_| Failure::NotFound),
    };
    let (below, after) = (id(&shown.below)?, id(&shown.after)?);
    let accounts = site.projections.accounts();
    let found = accounts.list(below.as_ref(), after.as_ref(), ROWS).await?;
    Ok(AccountsPage {
        shell: Shell::new("Accounts", Here::Accounts, site, viewer),
        shown,
        accounts: Placed::all(site, found.items).await?,
        next: found.next,
        draft,
        findings,
        once: once(site, viewer)?,
    })
}

/// Opens an account.
pub(super) async fn open(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    form: Form,
) -> Result<Response, Failure> {
    let findings = match wanted(&form) {
        Ok(new) => {
            let id = new.id.clone();
            match site.commands.open_account(form.context(&site, &viewer), new).await {
                Ok(receipt) => {
                    site.shows(SEEN_IN, receipt.position).await;
                    let text =
                        format!("The account {id} is open. Make a token for it, so that its people can sign in.");
                    site.sessions().leave(viewer.session, Notice { tone: Tone::Good, text });
                    return Ok(Redirect::to(&format!("/admin/accounts/{id}")).into_response());
                }
                // That there is an account with this id concerns what was typed as the id.
                Err(error) => Findings::of(error, "/id")?,
            }
        }
        Err(findings) => findings,
    };
    let draft = Draft {
        id: form.text("id").to_owned(),
        name: form.text("name").to_owned(),
        parent: form.text("parent").to_owned(),
    };
    let page = page(&site, &viewer, Shown::default(), draft, findings).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
}

fn wanted(form: &Form) -> Result<NewAccount, Findings> {
    let mut findings = Findings::default();
    let id = findings.parsed("/id", form.text("id"));
    let parent = form.optional("parent").map(|text| findings.parsed("/parent", text));
    match (id, parent) {
        (Some(id), None) => Ok(NewAccount {
            id,
            name: form.text("name").to_owned(),
            parent: None,
        }),
        (Some(id), Some(Some(parent))) => Ok(NewAccount {
            id,
            name: form.text("name").to_owned(),
            parent: Some(parent),
        }),
        _ => Err(findings),
    }
}
