//! A start that takes long: whose leases it has meanwhile.

use std::sync::Arc;

use domain::StreamId;
use eventlog::EventLog;
use projections::{Projections, State};
use tokio::time::{Duration, Instant, sleep};

use crate::doubles::Gate;
use crate::home::Home;
use crate::story::opened;
use crate::support::{PATIENCE, Reading, Writer, account};

/// Starts a process that cannot open its models before `meanwhile` is over, which begins when it has all leases.
async fn start_slowly(home: &Home, inner: &Arc<dyn EventLog>, meanwhile: impl AsyncFnOnce()) -> Reading {
    let tables = Projections::connect(home.url()).await.unwrap();
    tables.close().await;
    // Each model is opened by reading a stream.
    let gate = Gate::before(inner);
    let shut = gate.one.lock().await;
    let log: Arc<dyn EventLog> = gate.clone();
    let opening = async {
        until(home, "SELECT (count(*) = 6)::int::bigint FROM projection_lease").await;
        meanwhile().await;
        drop(shut);
    };
    tokio::join!(Reading::start(home, &log), opening).0
}

async fn until(home: &Home, condition: &str) {
    let start = Instant::now();
    while home.number(condition).await == 0 {
        assert!(start.elapsed() < PATIENCE, "{condition}");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn story() -> Writer {
    let mut writer = Writer::new();
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    writer
}

fn is_running(reading: &Reading) -> bool {
    let all = reading.projections.status();
    all.iter().all(|status| status.state == State::Running)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_renewed_while_models_are_still_opened() {
    let home = Home::new();
    let writer = story().await;
    let reading = start_slowly(&home, &writer.log, async || {
        let micros = "(extract(epoch FROM max(expires_at)) * 1000000)::bigint";
        let taken = home.number(&format!("SELECT {micros} FROM projection_lease")).await;
        let renewed = "(extract(epoch FROM min(expires_at)) * 1000000)::bigint";
        until(
            &home,
            &format!("SELECT ({renewed} > {taken})::int::bigint FROM projection_lease"),
        )
        .await;
    })
    .await;
    reading.settle().await;
    assert!(is_running(&reading));
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_whose_leases_another_process_takes_meanwhile_goes_on_as_one_that_follows() {
    let home = Home::new();
    let writer = story().await;
    // As if it had been paused for longer than its leases last.
    let reading = start_slowly(&home, &writer.log, async || {
        home.tamper("UPDATE projection_lease SET owner = '\\x00', epoch = epoch + 1")
            .await;
    })
    .await;
    // The other one is never heard of again, and its leases run out.
    reading.settle().await;
    assert!(is_running(&reading));
    assert_eq!(home.count("accounts_v1").await, 1);
    assert_eq!(home.count("history_v1").await, 1);
    reading.assert_verified().await;
    reading.stop().await;
}
