//! The read side as a whole, on SQLite files. `../read_side_postgres` runs the same on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod ai_config;
mod catalog;
mod doubles;
mod failures;
mod history;
mod home;
mod integrations;
mod models_are_folds;
mod newest;
mod past;
mod poison;
mod runner;
mod set_back;
mod splitting;
mod story;
mod support;
mod tokens;
