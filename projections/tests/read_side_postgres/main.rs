//! The read side on PostgreSQL: all that `../read_side` says of SQLite, and what only a server brings with it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../read_side/accounts.rs"]
mod accounts;
#[path = "../read_side/ai_config.rs"]
mod ai_config;
#[path = "../read_side/catalog.rs"]
mod catalog;
mod connecting;
mod digests;
#[path = "../read_side/doubles.rs"]
mod doubles;
#[path = "../read_side/failures.rs"]
mod failures;
#[path = "../read_side/history.rs"]
mod history;
mod home;
#[path = "../read_side/integrations.rs"]
mod integrations;
#[path = "../read_side/models_are_folds.rs"]
mod models_are_folds;
#[path = "../read_side/newest.rs"]
mod newest;
mod nodes;
#[path = "../read_side/poison.rs"]
mod poison;
mod restarts;
#[path = "../read_side/runner.rs"]
mod runner;
#[path = "../read_side/set_back.rs"]
mod set_back;
mod starting;
mod statements;
#[path = "../read_side/story.rs"]
mod story;
#[path = "../read_side/support.rs"]
mod support;
mod tenancy;
#[path = "../read_side/tokens.rs"]
mod tokens;

/// Into how many parts the models of the next database are split.
const fn next_parts() -> Option<u32> {
    None
}
