//! The marketplace: rows, search, connect forms, logos.

mod document;
mod edition;
mod item;
mod page;
mod query;
mod revisions;
mod search;

pub use document::ProviderStatus;
pub(crate) use document::{Catalog, ProviderRecord};
pub use edition::Editions;
pub use item::{Badge, CatalogEntry, CatalogItem, LogoRef, ProviderView};
pub use page::{CatalogFilter, CatalogPage, Facet, Facets};
pub use query::CatalogQuery;
pub(crate) use query::record_as_of;
pub use revisions::ProviderRevision;
