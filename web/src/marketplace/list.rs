use std::collections::HashMap;

use axum::extract::{Query, State};
use domain::Sha256Digest;
use projections::{CatalogFilter, Facet};
use serde::Deserialize;

use super::card::{Action, Card, states};
use crate::address::address;
use crate::error::Failure;
use crate::live::edition;
use crate::page::{Page, html};
use crate::session::Viewer;
use crate::shell::{Here, Shell};
use crate::site::Site;

const PATH: &str = "/marketplace";

/// So many cards stand on a page: some rows of any width.
const CARDS: u32 = 48;

/// More than anybody types into a search.
const LONGEST_QUERY: usize = 200;

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    after: String,
}

/// The marketplace.
#[derive(askama::Template)]
#[template(path = "marketplace.html")]
struct MarketplacePage {
    shell: Shell,
    /// Which state of the catalog it shows.
    edition: Sha256Digest,
    search: Search,
    cards: Vec<Card>,
    categories: Vec<Facet>,
    /// How many providers fit what was typed, on all shelves.
    everywhere: u64,
    total: u64,
    next: Option<String>,
}

impl MarketplacePage {
    /// The address of this list on another shelf.
    fn shelf(&self, category: &str) -> String {
        address(PATH, [("q", &*self.search.q), ("category", category)])
    }

    fn more(&self, after: &str) -> String {
        let conditions = [
            ("q", &*self.search.q),
            ("category", &*self.search.category),
            ("after", after),
        ];
        address(PATH, conditions)
    }

    fn is_narrowed(&self) -> bool {
        !self.search.q.is_empty() || !self.search.category.is_empty()
    }
}

pub(super) async fn list(
    State(site): State<Site>,
    viewer: Viewer,
    Query(mut search): Query<Search>,
) -> Result<Page, Failure> {
    search.q = search.q.trim().chars().take(LONGEST_QUERY).collect();
    let filter = CatalogFilter {
        category: Some(search.category.clone()).filter(|category| !category.is_empty()),
        q: Some(search.q.clone()).filter(|q| !q.is_empty()),
        limit: CARDS,
        cursor: Some(search.after.clone()).filter(|after| !after.is_empty()),
    };
    let edition = edition(&site, &viewer).await?;
    let page = site.projections.catalog().list(&filter).await?;
    let installed = match viewer.account().filter(|_| viewer.is_member()) {
        Some(account) => states(site.projections.integrations().list(account).await?),
        None => HashMap::new(),
    };
    let may_connect = viewer.may_connect();
    let page = MarketplacePage {
        shell: Shell::new("Marketplace", Here::Marketplace, &site, &viewer),
        cards: page
            .items
            .into_iter()
            .map(|item| Card::new(item, &installed, may_connect))
            .collect(),
        everywhere: page.facets.category.iter().map(|facet| facet.count).sum(),
        categories: page.facets.category,
        total: page.total,
        next: page.next,
        edition,
        search,
    };
    Ok(html(&page))
}
