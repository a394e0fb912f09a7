//! What else is on the server: its own streams, and those of others.

use domain::Position;
use esdb_double::{Expectation, Proposed, Store};
use eventlog::contract::{event, events, stream};
use eventlog::{Expected, LogError};

use super::{double, open};

/// Writes as another application does, `count` events in appends of a thousand.
fn write_foreign(store: &Store, stream: &str, count: usize) {
    let foreign = Proposed {
        id: event("foreign").id.uuid(),
        kind: "Foreign".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        metadata: b"not JSON".to_vec(),
        data: vec![0xff; 8],
    };
    let mut left = count;
    let mut revision = store.stream(stream).map(|records| records.len() as u64 - 1);
    while left > 0 {
        let now = left.min(1000);
        let expected = revision.map_or(Expectation::NoStream, Expectation::Revision);
        store.append(stream, expected, vec![foreign.clone(); now]);
        revision = Some(revision.map_or(0, |revision| revision + 1) + now as u64 - 1);
        left -= now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_events_are_passed_over_wherever_they_stand() {
    let double = double().await;
    write_foreign(double.store(), "orders-1", 3000);
    let log = open(&double.url()).await;
    assert_eq!(log.read_all(Position::START, 10).await.unwrap().head, Position::START);
    write_foreign(double.store(), "orders-1", 3000);
    let mut written = Vec::new();
    for round in 0..5 {
        let batch = events(&format!("r-{round}"), 0..3);
        written.extend(batch.iter().map(|event| event.id));
        log.append(&stream("a"), Expected::Any, batch).await.unwrap();
        write_foreign(double.store(), "$stats-of-somebody", 700);
        write_foreign(double.store(), "soconnective-orders", 10);
        write_foreign(double.store(), "soconnectives-provider-a", 10);
    }
    for max in [1, 2, 100] {
        let fresh = open(&double.url()).await;
        let mut after = Position::START;
        let mut seen = Vec::new();
        loop {
            let page = fresh.read_all(after, max).await.unwrap();
            assert_eq!(
                page.head,
                *fresh.wakeups().borrow(),
                "the head is the newest of this log's"
            );
            seen.extend(page.events.iter().map(|event| event.id));
            if page.next >= page.head {
                break;
            }
            assert!(page.next > after, "a page leads on");
            after = page.next;
        }
        assert_eq!(seen, written, "in pages of {max}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_leads_on_though_all_that_it_passed_over_was_foreign() {
    let double = double().await;
    let log = open(&double.url()).await;
    let first = log
        .append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();
    write_foreign(double.store(), "orders-1", 80_000);
    let last = log
        .append(&stream("a"), Expected::Any, events("b", 0..1))
        .await
        .unwrap();

    let empty = log.read_all(first.position, 10).await.unwrap();
    assert!(empty.events.is_empty());
    assert!(first.position < empty.next && empty.next < empty.head);
    assert_eq!(empty.head, last.position);
    let next = log.read_all(empty.next, 10).await.unwrap();
    assert_eq!(next.events.len(), 1);
    assert_eq!((next.next, next.head), (last.position, last.position));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_others_at_the_end_are_looked_at_once() {
    let double = double().await;
    let log = open(&double.url()).await;
    let appended = log
        .append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();
    write_foreign(double.store(), "orders-1", 20_000);
    log.read_all(appended.position, 10).await.unwrap();
    let started = std::time::Instant::now();
    for _ in 0..20 {
        let page = log.read_all(appended.position, 10).await.unwrap();
        assert_eq!((page.events.len(), page.next), (0, appended.position));
        assert_eq!(page.head, appended.position);
    }
    assert!(
        started.elapsed().as_secs() < 10,
        "{:?}: they are read again and again",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_not_of_its_form_is_named_by_its_place_and_without_its_data() {
    let double = double().await;
    let log = open(&double.url()).await;
    write_foreign(double.store(), "soconnective-provider-a", 1);
    for outcome in [
        log.read_all(Position::START, 10).await.map(drop),
        log.read_stream(&stream("a"), 1, 10).await.map(drop),
        log.append(&stream("a"), Expected::Any, events("a", 0..1))
            .await
            .map(drop),
    ] {
        let Err(LogError::Corrupt { position, reason }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(position > Position::START);
        assert!(!reason.contains("not JSON"));
    }
}
