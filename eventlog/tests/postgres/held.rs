//! What readers see while a writer is held up between its positions and its commit.

use std::pin::Pin;
use std::sync::Arc;

use domain::EventId;
use eventlog::Expected;
use eventlog::contract::{HeldWriter, Hold, Log, Release, event, events, events_missed_behind_a_held_writer, stream};
use servers::Postgres;

use crate::naive::NaiveLog;
use crate::proxy::{Mode, Proxy};
use crate::support::{open, stored};

/// Another writer's log, whose commits the proxy can hold up.
fn hold(other: Log, proxy: Proxy) -> Hold {
    Box::new(move |stream, events| {
        Box::pin(async move {
            proxy.set(Mode::HoldCommit);
            let append = tokio::spawn(async move { other.append(&stream, Expected::NoStream, events).await.unwrap() });
            proxy.has_held(1).await;
            let release = async move {
                proxy.set(Mode::Pass);
                append.await.unwrap();
            };
            Box::new(move || Box::pin(release) as Pin<Box<dyn Future<Output = ()> + Send>>) as Release
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_passes_a_process_that_is_held_up_in_its_commit() {
    let url = Postgres::shared().database();
    let proxy = Proxy::start(Postgres::shared().port()).await;
    let log = open(&url).await;
    let other = open(&proxy.url(&url)).await;

    let missed = events_missed_behind_a_held_writer(HeldWriter {
        log,
        hold: hold(other, proxy),
    })
    .await;

    assert_eq!(missed, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_check_finds_a_log_whose_positions_come_from_a_sequence() {
    let url = Postgres::shared().database();
    let proxy = Proxy::start(Postgres::shared().port()).await;
    let log: Log = Arc::new(NaiveLog::connect(&url).await);
    let other: Log = Arc::new(NaiveLog::connect(&proxy.url(&url)).await);

    let missed = events_missed_behind_a_held_writer(HeldWriter {
        log,
        hold: hold(other, proxy),
    })
    .await;

    let late: Vec<EventId> = events("late", 0..2).iter().map(|event| event.id).collect();
    assert_eq!(missed, late, "a reader has passed them, and never sees them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_stands_still_in_its_commit_holds_the_others_up_for_seconds_only() {
    let url = Postgres::shared().database();
    let proxy = Proxy::start(Postgres::shared().port()).await;
    let (log, frozen) = (open(&url).await, open(&proxy.url(&url)).await);
    proxy.set(Mode::HoldCommit);
    let late = tokio::spawn(async move {
        frozen
            .append(&stream("a"), Expected::NoStream, vec![event("late")])
            .await
    });
    proxy.has_held(1).await;

    let first = log
        .append(&stream("a"), Expected::NoStream, vec![event("first")])
        .await
        .unwrap();

    assert_eq!((first.revision, first.duplicate), (1, false));
    proxy.set(Mode::Pass);
    let late = late.await.unwrap();
    assert!(
        matches!(late, Err(eventlog::LogError::Conflict { actual: 1, .. })),
        "it has come too late: {late:?}"
    );
    assert_eq!(stored(&*log).await, [event("first").id]);
}
