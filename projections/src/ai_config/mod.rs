//! Whose key an AI service gets: the account's own or an inherited one, by provider or by preference.

mod document;
mod query;
mod resolution;

pub use query::AiConfigQuery;
pub use resolution::{Refusal, Resolution, Source};
