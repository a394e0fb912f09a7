use axum::extract::{Path, State};
use axum::response::Redirect;
use commands::{CommandError, IfMatch, Receipt};
use domain::provider::Provider;
use projections::{ProjectionName, ProviderStatus, ProviderView};

use super::form_page::view_of;
use super::page_of;
use crate::error::Failure;
use crate::form::{Form, once};
use crate::page::{Page, html};
use crate::session::{Notice, PlatformAdmin, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// Where a row stands, as a badge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    pub(super) label: &'static str,
    pub(super) tone: &'static str,
    status: ProviderStatus,
}

impl Stand {
    pub(super) fn is_draft(&self) -> bool {
        self.status == ProviderStatus::Draft
    }

    pub(super) fn is_published(&self) -> bool {
        self.status == ProviderStatus::Published
    }
}

impl From<ProviderStatus> for Stand {
    fn from(status: ProviderStatus) -> Self {
        let (label, tone) = match status {
            ProviderStatus::Draft => ("Draft", "caution"),
            ProviderStatus::Published => ("Published", "good"),
            ProviderStatus::Retired => ("Retired", "quiet"),
        };
        Self { label, tone, status }
    }
}

/// Asks whether a row is really to leave the marketplace.
#[derive(askama::Template)]
#[template(path = "admin/providers/retire.html")]
struct RetirePage {
    shell: Shell,
    once: String,
    name: String,
    address: String,
    /// The row as it is shown.
    revision: u64,
    /// How many accounts have it installed.
    installed: u64,
}

pub(super) async fn publish(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
    form: Form,
) -> Result<Redirect, Failure> {
    let view = view_of(&site, &key).await?;
    let ctx = form.context(&site, &viewer);
    let done = site.commands.publish(ctx, view.row.key.clone(), seen(&form)).await;
    let text = format!("{} is in the marketplace.", view.row.name);
    moved(&site, &viewer, &view, done, text).await
}

pub(super) async fn ask_to_retire(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
) -> Result<Page, Failure> {
    let view = view_of(&site, &key).await?;
    let title = format!("Retire {}", view.row.name);
    Ok(html(&RetirePage {
        shell: Shell::new(&title, Here::Providers, &site, &viewer),
        once: once(&site, &viewer)?,
        installed: site.projections.integrations().installed_count(&view.row.key).await?,
        revision: view.revision,
        address: page_of(&view.row.key),
        name: view.row.name,
    }))
}

pub(super) async fn retire(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
    form: Form,
) -> Result<Redirect, Failure> {
    let view = view_of(&site, &key).await?;
    let ctx = form.context(&site, &viewer);
    let done = site.commands.retire(ctx, view.row.key.clone(), seen(&form)).await;
    let text = format!(
        "{} has left the marketplace. What accounts connected goes on working.",
        view.row.name
    );
    moved(&site, &viewer, &view, done, text).await
}

pub(super) async fn reinstate(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
    form: Form,
) -> Result<Redirect, Failure> {
    let view = view_of(&site, &key).await?;
    let ctx = form.context(&site, &viewer);
    let done = site.commands.reinstate(ctx, view.row.key.clone(), seen(&form)).await;
    let text = format!("{} is back in the marketplace.", view.row.name);
    moved(&site, &viewer, &view, done, text).await
}

/// The revision of the row that its reader saw.
fn seen(form: &Form) -> IfMatch {
    let revision = form.text("revision").parse();
    revision.map_or(IfMatch::Any, |revision| IfMatch::OneOf(vec![revision]))
}

/// Back to the row, with what became of it.
async fn moved(
    site: &Site,
    viewer: &Viewer,
    view: &ProviderView,
    done: Result<Receipt<Provider>, CommandError>,
    text: String,
) -> Result<Redirect, Failure> {
    let notice = match done {
        Ok(receipt) => {
            site.shows(&[ProjectionName::Catalog], receipt.position).await;
            Notice { tone: Tone::Good, text }
        }
        Err(CommandError::Rejected { message, .. }) => Notice {
            tone: Tone::Bad,
            text: message,
        },
        Err(CommandError::PreconditionFailed { .. }) => Notice {
            tone: Tone::Bad,
            text: format!(
                "Somebody else changed {} meanwhile. Look at it as it is now, then decide again.",
                view.row.name
            ),
        },
        Err(error) => return Err(error.into()),
    };
    site.sessions().leave(viewer.session, notice);
    Ok(Redirect::to(&page_of(&view.row.key)))
}
