use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ProviderKey;
use serde::Serialize;

use super::CatalogItem;
use super::document::{ProviderRecord, ProviderStatus};
use super::edition::Editions;
use super::search::{Relevance, SearchText};
use crate::QueryError;

/// Which rows of the marketplace are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CatalogFilter {
    /// Those on this shelf.
    pub category: Option<String>,
    /// Those that fit what was typed, the best first.
    pub q: Option<String>,
    /// At most so many.
    pub limit: u32,
    /// Those after this one: the `next` of the page before.
    pub cursor: Option<String>,
}

/// Some rows of the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogPage {
    /// The rows.
    pub items: Vec<CatalogItem>,
    /// The shelves, with the number of rows on each that fit what was typed, whatever shelf was asked for.
    pub facets: Facets,
    /// How many rows there are on all pages.
    pub total: u64,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
}

/// What a list can be narrowed by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Facets {
    /// The shelves, by name.
    pub category: Vec<Facet>,
}

/// A value to narrow by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facet {
    /// The value.
    pub value: String,
    /// How many rows have it.
    pub count: u64,
}

/// The whole catalog at one moment, ready to be searched.
pub(super) struct Snapshot {
    rows: BTreeMap<ProviderKey, (Arc<ProviderRecord>, SearchText)>,
    editions: Editions,
}

impl Snapshot {
    pub(super) fn new(records: impl Iterator<Item = ProviderRecord>) -> Self {
        let rows = records.map(|record| {
            let text = SearchText::of(&record);
            (record.row.key.clone(), (Arc::new(record), text))
        });
        let rows: BTreeMap<_, (Arc<ProviderRecord>, _)> = rows.collect();
        let editions = Editions::of(rows.values().map(|(record, _)| &**record));
        Self { rows, editions }
    }

    pub(super) const fn editions(&self) -> Editions {
        self.editions
    }

    pub(super) fn record(&self, key: &ProviderKey) -> Option<&Arc<ProviderRecord>> {
        self.rows.get(key).map(|(record, _)| record)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Arc<ProviderRecord>> {
        self.rows.values().map(|(record, _)| record)
    }

    /// The page of published rows that `filter` asks for.
    pub(super) fn page(&self, filter: &CatalogFilter) -> Result<CatalogPage, QueryError> {
        let query = filter.q.as_deref().unwrap_or("");
        let mut found: Vec<(Place<'_>, &ProviderRecord)> = self
            .rows
            .values()
            .filter(|(record, _)| record.status == ProviderStatus::Published)
            .filter_map(|(record, text)| Some((place(record, text, query)?, &**record)))
            .collect();
        let facets = facets(&found);
        if let Some(category) = &filter.category {
            found.retain(|(_, record)| record.row.category == *category);
        }
        found.sort_unstable_by_key(|(place, _)| *place);
        let total = found.len() as u64;
        let after = self.cursor(filter, query)?;
        let mut rest = found
            .into_iter()
            .filter(|(place, _)| after.is_none_or(|after| *place > after));
        let items: Vec<CatalogItem> = rest
            .by_ref()
            .take(filter.limit as usize)
            .map(|(_, record)| CatalogItem::new(record))
            .collect();
        let next = rest.next().and(items.last()).map(|item| item.key.to_string());
        Ok(CatalogPage {
            items,
            facets,
            total,
            next,
        })
    }

    /// The place of the row that the cursor names. A row never leaves the catalog, so there is one even if it was retired
    /// since; one that no longer fits what was typed stands before all that do not fit it better.
    fn cursor(&self, filter: &CatalogFilter, query: &str) -> Result<Option<Place<'_>>, QueryError> {
        let Some(cursor) = &filter.cursor else {
            return Ok(None);
        };
        let key: ProviderKey = cursor.parse().map_err(|_| QueryError::InvalidCursor)?;
        let (record, text) = self.rows.get(&key).ok_or(QueryError::InvalidCursor)?;
        Ok(Some(place(record, text, query).unwrap_or((
            Relevance::Description,
            &text.name,
            &record.row.key,
        ))))
    }
}

/// What rows are ordered by: relevance, then name, then key.
type Place<'a> = (Relevance, &'a str, &'a ProviderKey);

fn place<'a>(record: &'a ProviderRecord, text: &'a SearchText, query: &str) -> Option<Place<'a>> {
    let relevance = text.relevance(record.row.key.as_str(), query)?;
    Some((relevance, &text.name, &record.row.key))
}

fn facets(found: &[(Place<'_>, &ProviderRecord)]) -> Facets {
    let mut shelves = BTreeMap::<&str, u64>::new();
    for (_, record) in found {
        *shelves.entry(&record.row.category).or_default() += 1;
    }
    let category = shelves
        .into_iter()
        .map(|(value, count)| Facet {
            value: value.to_owned(),
            count,
        })
        .collect();
    Facets { category }
}
