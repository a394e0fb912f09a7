//! The read side as a whole, on real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod ai_config;
mod catalog;
mod doubles;
mod failures;
mod history;
mod integrations;
mod models_are_folds;
mod runner;
mod story;
mod support;
mod tokens;
