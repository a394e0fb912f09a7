//! The read side on PostgreSQL with models that are split: what `../read_side` says of one that is not, and what parts bring
//! with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicUsize, Ordering};

#[path = "../read_side/accounts.rs"]
mod accounts;
#[path = "../read_side/ai_config.rs"]
mod ai_config;
#[path = "../read_side/catalog.rs"]
mod catalog;
#[path = "../read_side_postgres/digests.rs"]
mod digests;
#[path = "../read_side/doubles.rs"]
mod doubles;
#[path = "../read_side/failures.rs"]
mod failures;
#[path = "../read_side/history.rs"]
mod history;
#[path = "../read_side_postgres/home.rs"]
mod home;
#[path = "../read_side/integrations.rs"]
mod integrations;
#[path = "../read_side/models_are_folds.rs"]
mod models_are_folds;
#[path = "../read_side/newest.rs"]
mod newest;
mod parts;
#[path = "../read_side/poison.rs"]
mod poison;
#[path = "../read_side_postgres/restarts.rs"]
mod restarts;
#[path = "../read_side/runner.rs"]
mod runner;
#[path = "../read_side/set_back.rs"]
mod set_back;
#[path = "../read_side/story.rs"]
mod story;
#[path = "../read_side/support.rs"]
mod support;
#[path = "../read_side_postgres/tenancy.rs"]
mod tenancy;
#[path = "../read_side/tokens.rs"]
mod tokens;

/// Into how many parts the models of the next database are split: now two, now five.
fn next_parts() -> Option<u32> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    [Some(2), Some(5)][COUNT.fetch_add(1, Ordering::Relaxed) % 2]
}
