use domain::ProviderKey;
use domain::provider::{AuthType, Help};
use domain::recipe::FieldSpec;
use serde::Serialize;
use utoipa::ToSchema;

use super::logo::LogoRef;
use crate::schema;

/// A page of the marketplace.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogPage {
    /// The rows.
    items: Vec<CatalogItem>,
    /// What the list can be narrowed by.
    facets: Facets,
    /// How many rows there are on all pages.
    total: u64,
    /// Send it as `cursor` for the next page; none on the last one.
    next_cursor: Option<String>,
}

/// What a list can be narrowed by.
#[derive(Debug, Serialize, ToSchema)]
struct Facets {
    /// The shelves with the number of rows that fit what was typed, whatever shelf was asked for.
    category: Vec<Facet>,
}

/// A value to narrow by.
#[derive(Debug, Serialize, ToSchema)]
struct Facet {
    /// The value.
    value: String,
    /// How many rows have it.
    count: u64,
}

/// A row as the marketplace shows it.
#[derive(Debug, Serialize, ToSchema)]
struct CatalogItem {
    /// The identity by which the system resolves the credential.
    #[schema(value_type = String)]
    key: ProviderKey,
    /// The name that people read.
    name: String,
    /// The shelf.
    category: String,
    /// One or two sentences.
    description: String,
    /// How the provider authenticates its callers.
    #[schema(value_type = schema::AuthType)]
    auth: AuthType,
    /// Its logo.
    logo: Option<LogoRef>,
    /// Where a person finds the key.
    #[schema(value_type = schema::Help)]
    help: Help,
    /// What stands out about it.
    badges: Vec<Badge>,
}

/// What stands out about a row.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Badge {
    /// It has no test: a connection to it never says *connected* by itself.
    Untested,
    /// An AI service can use the credential.
    Ai,
}

/// A row with its connect form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogEntry {
    /// The row.
    #[serde(flatten)]
    item: CatalogItem,
    /// What to ask the account for, in order.
    #[schema(value_type = Vec<schema::FormField>)]
    form: Vec<FieldSpec>,
    /// The revision of the row.
    revision: u64,
}

impl From<projections::CatalogPage> for CatalogPage {
    fn from(page: projections::CatalogPage) -> Self {
        let facets = page.facets.category.into_iter();
        Self {
            items: page.items.into_iter().map(CatalogItem::from).collect(),
            facets: Facets {
                category: facets
                    .map(|facet| Facet {
                        value: facet.value,
                        count: facet.count,
                    })
                    .collect(),
            },
            total: page.total,
            next_cursor: page.next,
        }
    }
}

impl From<projections::CatalogItem> for CatalogItem {
    fn from(item: projections::CatalogItem) -> Self {
        Self {
            key: item.key,
            name: item.name,
            category: item.category,
            description: item.description,
            auth: item.auth,
            logo: item.logo.map(LogoRef::from),
            help: item.help,
            badges: item.badges.into_iter().map(Badge::from).collect(),
        }
    }
}

impl From<projections::Badge> for Badge {
    fn from(badge: projections::Badge) -> Self {
        match badge {
            projections::Badge::Untested => Self::Untested,
            projections::Badge::Ai => Self::Ai,
        }
    }
}

impl From<projections::CatalogEntry> for CatalogEntry {
    fn from(entry: projections::CatalogEntry) -> Self {
        Self {
            item: entry.item.into(),
            form: entry.form,
            revision: entry.revision,
        }
    }
}
