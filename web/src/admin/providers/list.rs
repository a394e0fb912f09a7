use axum::extract::{Query, State};
use domain::Sha256Digest;
use domain::recipe::has_test;
use projections::{ProviderStatus, ProviderView};
use serde::Deserialize;

use super::page_of;
use super::standing::Stand;
use crate::address::address;
use crate::error::Failure;
use crate::icons::Logo;
use crate::live::edition;
use crate::page::{Page, html};
use crate::session::PlatformAdmin;
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::time::Moment;

/// So many rows stand on a page.
const ROWS: usize = 100;

/// More than anybody types into a search.
const LONGEST_QUERY: usize = 200;

/// Which rows are looked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    /// `draft`, `published` or `retired`; anything else is all.
    #[serde(default)]
    status: String,
    /// The key of the last row of the page before.
    #[serde(default)]
    after: String,
}

/// The rows of the catalog.
#[derive(askama::Template)]
#[template(path = "admin/providers/list.html")]
struct ListPage {
    shell: Shell,
    /// Which state of the catalog it shows.
    edition: Sha256Digest,
    search: Search,
    rows: Vec<Row>,
    /// How many fit on all pages.
    total: usize,
    next: Option<String>,
}

/// A line of the list.
struct Row {
    view: ProviderView,
    address: String,
    stand: Stand,
    is_tested: bool,
    changed: Moment,
}

impl Row {
    fn logo(&self) -> Logo<'_> {
        Logo {
            url: self.view.logo.as_ref().map(|logo| logo.url.as_str()),
            name: &self.view.row.name,
        }
    }
}

impl From<ProviderView> for Row {
    fn from(view: ProviderView) -> Self {
        Self {
            address: page_of(&view.row.key),
            stand: Stand::from(view.status),
            is_tested: has_test(&view.row),
            changed: Moment(view.changed_at),
            view,
        }
    }
}

impl ListPage {
    const fn statuses() -> [(&'static str, &'static str); 4] {
        [
            ("", "All"),
            ("published", "Published"),
            ("draft", "Drafts"),
            ("retired", "Retired"),
        ]
    }

    fn is_narrowed(&self) -> bool {
        !self.search.q.is_empty() || !self.search.status.is_empty()
    }

    fn more(&self, after: &str) -> String {
        let conditions = [
            ("q", &*self.search.q),
            ("status", &*self.search.status),
            ("after", after),
        ];
        address("/admin/providers", conditions)
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    PlatformAdmin(viewer): PlatformAdmin,
    Query(mut search): Query<Search>,
) -> Result<Page, Failure> {
    search.q = search.q.trim().chars().take(LONGEST_QUERY).collect();
    let words = search.q.to_lowercase();
    let edition = edition(&site, &viewer).await?;
    let mut found = site.projections.catalog().providers().await?;
    found.retain(|view| has_status(view, &search.status) && words.split_whitespace().all(|word| has(view, word)));
    let total = found.len();
    found.retain(|view| view.row.key.as_str() > search.after.as_str());
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|last| last.row.key.to_string());
    let page = ListPage {
        shell: Shell::new("Providers", Here::Providers, &site, &viewer),
        edition,
        rows: found.into_iter().map(Row::from).collect(),
        total,
        next,
        search,
    };
    Ok(html(&page))
}

fn has_status(view: &ProviderView, status: &str) -> bool {
    match status {
        "draft" => view.status == ProviderStatus::Draft,
        "published" => view.status == ProviderStatus::Published,
        "retired" => view.status == ProviderStatus::Retired,
        _ => true,
    }
}

/// Whether a word, in lower case, stands in what one knows a row by.
fn has(view: &ProviderView, word: &str) -> bool {
    let row = &view.row;
    row.key.as_str().contains(word)
        || [&row.name, &row.category]
            .into_iter()
            .any(|text| text.to_lowercase().contains(word))
}
