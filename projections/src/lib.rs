//! The read side: folds the log into models that answer questions, and keeps them up with it.
//!
//! [`Projections`] is the entry. A model is a fold of the log and nothing else, so that any of them can be dropped and built
//! again. Models of documents are folds over JSON documents (`model`), the history is a row per event; the runner owns
//! checkpoints and transactions and knows of no model (`runner`); the SQL stands in `store`.

mod accounts;
mod ai_config;
mod as_of;
mod cache;
mod catalog;
mod decoded;
mod documents;
mod error;
mod evicted;
mod history;
mod integrations;
mod model;
mod name;
mod named;
mod part;
mod past;
mod progress;
mod projections;
mod projector;
mod reader;
mod rebuilding;
mod runner;
mod shared;
mod skips;
mod standstill;
mod status;
mod store;
mod tokens;

pub use accounts::{AccountDetail, AccountPage, AccountStatus, AccountView, AccountsQuery, AiSettingsView};
pub use ai_config::{AiConfigQuery, Refusal, Resolution, Source};
pub use as_of::{AsOf, InvalidAsOf};
pub use catalog::{
    Badge, CatalogEntry, CatalogFilter, CatalogItem, CatalogPage, CatalogQuery, Editions, Facet, Facets, LogoRef,
    ProviderRevision, ProviderStatus, ProviderView,
};
pub use error::{Behind, ProjectionError, QueryError};
pub use history::{AuditFilter, CredentialLife, CredentialState, HistoryEntry, HistoryPage, HistoryQuery, LifeStep};
pub use integrations::{CandidateView, ConnectionView, IntegrationView, IntegrationsQuery, LastTest, RetiringView};
pub use name::{ProjectionName, UnknownProjection};
pub use part::{InvalidParts, Parts};
pub use projections::Projections;
pub use runner::Verification;
pub use status::{PartStatus, State, Status};
pub use tokens::{TokenPage, TokenView, TokensQuery};
