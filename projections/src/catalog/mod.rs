//! The marketplace: rows, search, connect forms, logos.

mod document;
mod edition;
mod item;
mod page;
mod query;
mod revisions;
mod search;

pub(crate) use document::ProviderRecord;
pub use document::ProviderStatus;
pub use edition::Editions;
pub use item::{Badge, CatalogEntry, CatalogItem, LogoRef, ProviderView};
pub use page::{CatalogFilter, CatalogPage, Facet, Facets};
pub use query::CatalogQuery;
pub use revisions::ProviderRevision;
