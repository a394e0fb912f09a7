use axum::extract::{Path, Query, State};
use projections::{ProviderRevision, ProviderView};
use serde::Deserialize;

use super::diff::Diff;
use super::form_page::view_of;
use super::standing::Stand;
use super::{page_of, yaml};
use crate::error::Failure;
use crate::history::{Names, Sentence};
use crate::page::{Page, html};
use crate::session::PlatformAdmin;
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::time::Moment;

/// So many changes stand on the page.
const MOST: usize = 100;

/// Which change is looked at.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    /// The revision that it left; the last one where there is none such.
    #[serde(default)]
    at: u64,
}

/// What was changed in a row, and by whom.
#[derive(askama::Template)]
#[template(path = "admin/providers/revisions.html")]
struct RevisionsPage {
    shell: Shell,
    name: String,
    address: String,
    /// The newest first.
    changes: Vec<Change>,
    /// Whether there are older ones that are not shown.
    is_cut: bool,
    /// What the change that is looked at made different; none for the one that added the row.
    diff: Option<Diff>,
}

/// One change: what was done with one request.
struct Change {
    revision: u64,
    at: Moment,
    by: String,
    sentences: Vec<Sentence>,
    is_here: bool,
}

pub(super) async fn revisions(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Path(key): Path<String>,
    Query(which): Query<Which>,
) -> Result<Page, Failure> {
    let view = view_of(&site, &key).await?;
    // One more: the oldest that is shown is compared with the one before.
    let found = site.backstage.revisions(&view.row.key, MOST + 1).await?;
    let is_cut = found.len() > MOST;
    let shown = found.len().min(MOST);
    let chosen = found.iter().rposition(|change| change.row.revision == which.at);
    let chosen = chosen.unwrap_or(found.len().saturating_sub(1));
    let before = chosen.checked_sub(1).and_then(|before| found.get(before));
    let both = before.zip(found.get(chosen));
    let diff = both.map(|(before, after)| Diff::between(&text(&before.row), &text(&after.row)));
    let events = found
        .iter()
        .flat_map(|change| change.events.iter().map(|event| (&change.actor, event)));
    let names = Names::of(&site, events).await?;
    let newest = found.iter().enumerate().rev().take(shown);
    let changes = newest.map(|(index, change)| Change::new(change, &names, index == chosen));
    let title = format!("What changed in {}", view.row.name);
    Ok(html(&RevisionsPage {
        shell: Shell::new(&title, Here::Providers, &site, &viewer),
        address: page_of(&view.row.key),
        changes: changes.collect(),
        name: view.row.name,
        is_cut,
        diff,
    }))
}

impl Change {
    fn new(change: &ProviderRevision, names: &Names, is_here: bool) -> Self {
        Self {
            revision: change.row.revision,
            at: Moment(change.at),
            by: names.actor(&change.actor),
            sentences: change.events.iter().map(|event| Sentence::of(event, names)).collect(),
            is_here,
        }
    }
}

/// All that can change in a row, as text.
fn text(view: &ProviderView) -> String {
    let status = Stand::from(view.status).label;
    let logo = view
        .logo
        .as_ref()
        .map_or_else(|| "none".to_owned(), |logo| logo.sha256.to_string());
    format!("# Status: {status}\n# Logo: {logo}\n{}", yaml::write_row(&view.row))
}
