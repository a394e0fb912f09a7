//! What accounts have installed and connected.

mod document;
mod query;
mod view;

pub(crate) use document::IntegrationDocument;
pub use query::IntegrationsQuery;
pub use view::{CandidateView, ConnectionView, IntegrationView, LastTest, RetiringView};
