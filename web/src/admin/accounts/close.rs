use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::path::Placed;
use super::{SEEN_IN, named};
use crate::error::Failure;
use crate::form::{Form, once};
use crate::page::html;
use crate::session::{Notice, PlatformAdmin, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// The page that asks whether an account is really to be closed.
#[derive(askama::Template)]
#[template(path = "admin/account_close.html")]
struct ClosePage {
    shell: Shell,
    placed: Placed,
    /// The names of what it has installed.
    integrations: Vec<String>,
    /// How many connections of it hold a key.
    keys: usize,
    /// Something else than the id was typed.
    mistyped: bool,
    once: String,
}

pub(super) async fn ask(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(account): Path<String>,
) -> Result<Response, Failure> {
    let placed = Placed::from(named(&site, &account).await?);
    if !placed.is_open() {
        return Ok(Redirect::to(&format!("/admin/accounts/{}", placed.account.id)).into_response());
    }
    Ok(html(&page(&site, &viewer, placed, false).await?).into_response())
}

async fn page(site: &Site, viewer: &Viewer, placed: Placed, mistyped: bool) -> Result<ClosePage, Failure> {
    let installed = site.projections.integrations().list(&placed.account.id).await?;
    let connections = installed.iter().flat_map(|integration| &integration.connections);
    Ok(ClosePage {
        shell: Shell::new("Close an account", Here::Accounts, site, viewer),
        keys: connections.filter(|connection| connection.credential.is_some()).count(),
        integrations: installed.iter().map(|view| view.provider.to_string()).collect(),
        placed,
        mistyped,
        once: once(site, viewer)?,
    })
}

/// Closes an account for ever, and erases its keys.
pub(super) async fn close(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(account): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let placed = Placed::from(named(&site, &account).await?);
    let id = placed.account.id.clone();
    if form.text("confirm") != id.as_str() {
        let page = page(&site, &viewer, placed, true).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response());
    }
    let receipt = site
        .commands
        .close_account(form.context(&site, &viewer), id.clone())
        .await?;
    site.shows(SEEN_IN, receipt.position).await;
    let notice = if receipt.value.complete {
        Notice {
            tone: Tone::Good,
            text: format!("The account {id} is closed, and every key of it is erased."),
        }
    } else {
        Notice {
            tone: Tone::Caution,
            text: format!(
                "The account {id} is closed, and no key of it is given out any more. Some of them could not be erased \
                 yet: that is tried again every half minute until it is done."
            ),
        }
    };
    site.sessions().leave(viewer.session, notice);
    Ok(Redirect::to(&format!("/admin/accounts/{id}")).into_response())
}
