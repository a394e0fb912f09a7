//! The server is killed, restarted and stopped in the middle of the work, and nobody intervenes.

use std::collections::HashMap;

use domain::EventId;
use eventlog::Expected;
use eventlog::contract::{Log, event, events, stream};
use servers::Postgres;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::proxy::{Mode, Proxy};
use crate::support::{PATIENCE, count, open, persist, stored};

/// A server that is killed while a commit is held up, and then started again. How many events an append of two has left.
async fn killed_while(mode: Mode) -> i64 {
    let server = Postgres::start();
    let url = server.database();
    let proxy = Proxy::start(server.port()).await;
    let log = open(&proxy.url(&url)).await;
    proxy.set(mode);
    let append = tokio::spawn(async move { persist(&*log, "a", events("a", 0..2)).await });
    proxy.has_held(1).await;

    let server = spawn_blocking(move || {
        server.kill();
        server
    });
    let server = server.await.unwrap();
    proxy.set(Mode::Pass);
    let _server = spawn_blocking(move || {
        server.restart();
        server
    })
    .await
    .unwrap();

    assert_eq!(timeout(PATIENCE, append).await.unwrap().unwrap().revision, 2);
    count(&url).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_is_stored_once_when_the_server_is_killed_before_its_commit() {
    assert_eq!(killed_while(Mode::HoldCommit).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_is_stored_once_when_the_server_is_killed_after_its_commit_and_before_the_reply() {
    assert_eq!(killed_while(Mode::HoldReply).await, 2);
}

/// Appends one after the other until it is told to stop. What was acknowledged, by revision.
async fn write(log: Log, writer: usize, stop: tokio::sync::watch::Receiver<bool>) -> HashMap<u64, EventId> {
    let mut acknowledged = HashMap::new();
    for number in 0.. {
        if *stop.borrow() {
            break;
        }
        let event = event(&format!("{writer}-{number}"));
        let id = event.id;
        let appended = persist(&*log, &format!("s-{writer}"), vec![event]).await;
        assert!(acknowledged.insert(appended.revision, id).is_none());
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_acknowledged_append_is_there_once_after_restarts_in_the_middle_of_many() {
    let server = Postgres::start();
    let url = server.database();
    let logs = [open(&url).await, open(&url).await];
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let (log, stopped) = (logs[writer % 2].clone(), stopped.clone());
        writers.spawn(async move { (writer, write(log, writer, stopped).await) });
    }
    let mut server = server;
    for round in 0..4_u64 {
        // So that each end comes in the middle of appends.
        let mut wakeups = logs[0].wakeups();
        let before = wakeups.borrow().to_stored();
        let working = wakeups.wait_for(|head| head.to_stored() > before + 50 + round * 17);
        timeout(PATIENCE, working).await.unwrap().unwrap();
        server = spawn_blocking(move || {
            if round % 2 == 0 {
                server.kill();
            }
            server.restart();
            server
        })
        .await
        .unwrap();
    }
    stop.send_replace(true);
    let acknowledged = timeout(PATIENCE, writers.join_all()).await.unwrap();

    let total: usize = acknowledged.iter().map(|(_, events)| events.len()).sum();
    assert_eq!(
        stored(&*logs[1]).await.len(),
        total,
        "nothing is there that was not acknowledged in the end, or twice"
    );
    for (writer, events) in acknowledged {
        let read = logs[0]
            .read_stream(&stream(&format!("s-{writer}")), 1, usize::MAX)
            .await
            .unwrap();
        assert_eq!(read.len(), events.len());
        for event in read {
            assert_eq!(
                events[&event.revision], event.id,
                "it stands where it was told to stand"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_stands_still_for_a_moment_costs_that_moment_only() {
    let server = Postgres::start();
    let log = open(&server.database()).await;
    log.append(&stream("a"), Expected::NoStream, events("a", 0..1))
        .await
        .unwrap();

    server.pause();
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { log.append(&stream("a"), Expected::Exact(1), events("a", 1..2)).await }
    });
    let reading = tokio::spawn({
        let log = log.clone();
        async move { log.read_stream(&stream("a"), 1, 1).await }
    });
    tokio::task::yield_now().await;
    server.resume();

    assert_eq!(timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap().revision, 2);
    assert_eq!(timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap().len(), 1);
}
