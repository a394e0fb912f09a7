//! The log in EventStoreDB: over the double that speaks its protocol, and over a real server when `ESDB_URL` names one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod contract;
mod defects;
mod faults;
mod foreign;
mod process;
mod real;
mod secrets;

use std::sync::Arc;

use esdb_double::{Double, Options};
use eventlog::{EventLog, EventStoreDbLog};

async fn double() -> Double {
    Double::start(Options::default()).await.unwrap()
}

async fn open(url: &str) -> Arc<dyn EventLog> {
    Arc::new(EventStoreDbLog::connect(url).await.unwrap())
}
