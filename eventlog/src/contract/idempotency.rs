use domain::Position;

use super::Log;
use super::given::{event, events, stream};
use crate::{Expected, LogError, NewEvent};

async fn assert_count(log: &Log, count: usize) {
    let page = log.read_all(Position::START, 100).await.unwrap();
    assert_eq!(page.events.len(), count, "a repeat stores nothing");
}

async fn assert_partial(log: &Log, key: &str, batch: Vec<NewEvent>, what: &str) {
    let ids: Vec<_> = batch.iter().map(|event| event.id).collect();
    for expected in [Expected::Any, Expected::NoStream, Expected::Exact(3)] {
        match log.append(&stream(key), expected, batch.clone()).await {
            Err(LogError::PartialDuplicate { id }) => assert!(ids.contains(&id), "{what}: the id is one of them"),
            other => panic!("{what}, {expected:?}: {other:?}"),
        }
    }
}

pub(super) async fn same_ids(log: Log) {
    let first = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..3))
        .await
        .unwrap();
    log.append(&stream("b"), Expected::NoStream, events("b", 0..2))
        .await
        .unwrap();
    for _ in 0..2 {
        let again = log
            .append(&stream("a"), Expected::NoStream, events("a", 0..3))
            .await
            .unwrap();
        assert_eq!((again.revision, again.position), (first.revision, first.position));
        assert!(again.duplicate && !first.duplicate);
    }
    assert_count(&log, 5).await;
}

pub(super) async fn outdated_expectation(log: Log) {
    let first = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    log.append(&stream("a"), Expected::Exact(2), events("b", 0..2))
        .await
        .unwrap();
    for expected in [
        Expected::NoStream,
        Expected::Exact(0),
        Expected::Exact(99),
        Expected::Any,
    ] {
        let again = log.append(&stream("a"), expected, events("a", 0..2)).await.unwrap();
        assert_eq!(
            (again.revision, again.position, again.duplicate),
            (2, first.position, true),
            "{expected:?}"
        );
    }
    assert_count(&log, 4).await;
}

pub(super) async fn part_of_a_run(log: Log) {
    let first = log
        .append(&stream("a"), Expected::Any, events("a", 0..2))
        .await
        .unwrap();
    let second = log
        .append(&stream("a"), Expected::Any, events("a", 2..4))
        .await
        .unwrap();

    let both = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..4))
        .await
        .unwrap();
    assert_eq!(
        (both.revision, both.position, both.duplicate),
        (4, second.position, true),
        "two appends as one"
    );
    let start = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..1))
        .await
        .unwrap();
    assert_eq!((start.revision, start.duplicate), (1, true), "the first of two");
    assert!(start.position < first.position);
    let middle = log
        .append(&stream("a"), Expected::NoStream, events("a", 1..3))
        .await
        .unwrap();
    assert_eq!((middle.revision, middle.duplicate), (3, true), "across two appends");
    assert_count(&log, 4).await;
}

pub(super) async fn partial_overlap(log: Log) {
    log.append(&stream("a"), Expected::Any, events("a", 0..3))
        .await
        .unwrap();

    assert_partial(&log, "a", events("a", 0..4), "stored ones first").await;
    assert_partial(&log, "a", events("a", 2..5), "the last stored one first").await;
    assert_partial(&log, "a", vec![event("new"), event("a-0")], "a stored one last").await;
    assert_partial(
        &log,
        "a",
        vec![event("a-0"), event("new"), event("a-1")],
        "a new one between",
    )
    .await;
    assert_count(&log, 3).await;
    let fresh = log
        .append(&stream("a"), Expected::Exact(3), vec![event("new")])
        .await
        .unwrap();
    assert!(!fresh.duplicate, "an id of a refused append is free");
}

pub(super) async fn elsewhere(log: Log) {
    log.append(&stream("a"), Expected::Any, events("a", 0..3))
        .await
        .unwrap();
    log.append(&stream("b"), Expected::Any, events("b", 0..3))
        .await
        .unwrap();

    assert_partial(&log, "b", events("a", 0..3), "stored in another stream").await;
    assert_partial(&log, "c", events("a", 0..3), "sent to a stream that does not exist").await;
    assert_partial(&log, "a", vec![event("a-1"), event("a-0")], "another order").await;
    assert_partial(&log, "a", vec![event("a-0"), event("a-2")], "one left out").await;
    assert_partial(&log, "a", vec![event("a-2"), event("b-0")], "of two streams").await;
    assert_count(&log, 6).await;
}
