//! API tokens, by digest.

mod document;
mod query;

pub use document::TokenView;
pub use query::{TokenPage, TokensQuery};
