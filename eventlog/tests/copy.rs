//! Moving a log to another store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use domain::Position;
use eventlog::contract::{events, stream};
use eventlog::{CopyError, CopyStep, EventLog, Expected, MemoryLog, SqliteLog, StoredEvent, copy};

/// A log whose streams are mixed: runs of one stream, and streams that take turns.
async fn mixed() -> MemoryLog {
    let log = MemoryLog::new();
    for round in 0..40_usize {
        for (name, count) in [("a", 1), ("b", 3), ("a", 2)] {
            let label = format!("{name}-{round}-{count}");
            log.append(&stream(name), Expected::Any, events(&label, 0..count))
                .await
                .unwrap();
        }
    }
    log.append(&stream("long"), Expected::NoStream, events("x", 0..500))
        .await
        .unwrap();
    log.append(&stream("long"), Expected::Exact(500), events("y", 0..500))
        .await
        .unwrap();
    log
}

async fn all(log: &dyn EventLog) -> Vec<StoredEvent> {
    log.read_all(Position::START, 10_000).await.unwrap().events
}

#[tokio::test]
async fn a_copy_holds_the_same_events_in_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (
        mixed().await,
        SqliteLog::open(&folder.path().join("log.db")).await.unwrap(),
    );
    let mut steps = Vec::new();
    let copied = copy(&from, &to, |progress| steps.push(progress.step)).await.unwrap();
    assert_eq!((copied.events, copied.already), (1240, 0));
    assert_eq!(all(&to).await, all(&from).await);
    assert!(steps.contains(&CopyStep::Copying) && steps.ends_with(&[CopyStep::Verifying]));
    to.close().await;
}

#[tokio::test]
async fn a_copy_that_was_interrupted_goes_on_wherever_it_was() {
    let from = mixed().await;
    let expected = all(&from).await;
    for kept in [1, 2, 5, 239, 240, 241, 753, 1240] {
        let to = MemoryLog::new();
        for event in &expected[..kept] {
            to.append(&event.stream, Expected::Any, vec![event.clone().into()])
                .await
                .unwrap();
        }
        let copied = copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!((copied.events, copied.already), (1240, kept as u64));
        assert_eq!(all(&to).await, expected, "after {kept}");
        let again = copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!((again.already, again.digest), (1240, copied.digest));
    }
}

#[tokio::test]
async fn a_target_that_holds_something_else_is_refused_and_left_alone() {
    let from = mixed().await;
    let to = MemoryLog::new();
    to.append(&stream("a"), Expected::Any, events("other", 0..1))
        .await
        .unwrap();
    let refused = copy(&from, &to, |_| {}).await.unwrap_err();
    assert!(matches!(refused, CopyError::Foreign { .. }), "{refused}");
    assert_eq!(all(&to).await.len(), 1);

    let longer = mixed().await;
    longer
        .append(&stream("a"), Expected::Any, events("more", 0..1))
        .await
        .unwrap();
    let refused = copy(&from, &longer, |_| {}).await.unwrap_err();
    assert!(matches!(refused, CopyError::Foreign { .. }), "{refused}");
}

#[tokio::test]
async fn the_digest_tells_order_and_content() {
    let (one, other, turned) = (MemoryLog::new(), MemoryLog::new(), MemoryLog::new());
    for (log, names) in [(&one, ["a", "b"]), (&other, ["a", "b"]), (&turned, ["b", "a"])] {
        for name in names {
            log.append(&stream(name), Expected::Any, events(name, 0..1))
                .await
                .unwrap();
        }
    }
    let mut digests = Vec::new();
    for log in [one, other, turned] {
        digests.push(copy(&log, &MemoryLog::new(), |_| {}).await.unwrap().digest);
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
}
