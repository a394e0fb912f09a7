//! What happened: every event, by account, provider and credential.

mod entry;
mod life;
mod projector;
mod query;
mod subject;
mod times;

pub use entry::HistoryEntry;
pub use life::{CredentialLife, CredentialState, LifeStep};
pub(crate) use projector::History;
pub use query::{AuditFilter, HistoryPage, HistoryQuery};
pub(crate) use subject::Subject;
