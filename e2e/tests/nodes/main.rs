//! Several nodes on one log: real processes, a real PostgreSQL and a real NATS, and what goes wrong with each.

mod encrypted;
mod faults;
mod parts;
mod set_back;
mod shared;
mod writers;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use e2e::{Answer, Caller, Product};
use serde_json::Value;

fn post(caller: &Caller, path: &str, body: &Value) -> Result<Answer> {
    caller.call("POST", path, Some(body), &[])
}

/// Waits until `check` is true, which it must be within `limit` after `since`.
fn within(limit: Duration, since: Instant, what: &str, mut check: impl FnMut() -> Result<bool>) -> Result<()> {
    loop {
        let late = since.elapsed();
        if check()? {
            return Ok(());
        }
        if late > limit {
            bail!("{what} took longer than {limit:?}");
        }
        std::thread::yield_now();
    }
}

/// Compares every read model with a fresh fold of the log, as an operator does.
fn every_model_is_a_fold_of_the_log(node: &Product) -> Result<()> {
    node.run(&["projections", "verify"]).map(drop)
}
