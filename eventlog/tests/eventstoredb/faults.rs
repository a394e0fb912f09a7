//! What goes wrong on the way: nothing is lost and nothing is stored twice.

use std::time::Duration;

use domain::Position;
use esdb_double::{Call, Double, Fault, Options};
use eventlog::contract::{events, stream};
use eventlog::{Appended, EventLog, EventStoreDbLog, Expected, LogError, NewEvent};
use tokio::time::timeout;

use super::{double, open};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Appends as a writer does: what has no known outcome, or could not be sent, is sent again with the same ids.
async fn append(log: &dyn EventLog, expected: Expected, batch: &[NewEvent]) -> Appended {
    let sending = async {
        loop {
            match log.append(&stream("a"), expected, batch.to_vec()).await {
                Ok(appended) => return appended,
                Err(LogError::UnknownOutcome(_) | LogError::Unavailable(_)) => tokio::task::yield_now().await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    timeout(PATIENCE, sending).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_with_appends_each_is_stored_once() {
    let double = double().await;
    let log = open(&double.url()).await;
    let faults = [
        Fault::CutAfter,
        Fault::CutBefore,
        Fault::Unavailable,
        Fault::NotLeader(double.address()),
        Fault::Delay(Duration::from_millis(20)),
    ];
    let mut written = Vec::new();
    for round in 0..30_usize {
        let batch = events(&format!("r-{round}"), 0..1 + round % 3);
        // One fault, or two in a row; every one meets every expectation.
        double.faults().next(Call::Append, faults[round % faults.len()]);
        if round % 4 == 3 {
            double.faults().next(Call::Append, faults[(round / 2) % faults.len()]);
        }
        let revision = written.len() as u64;
        let expected = if round % 2 == 0 {
            Expected::Exact(revision)
        } else {
            Expected::Any
        };
        let appended = append(&*log, expected, &batch).await;
        written.extend(batch.iter().map(|event| event.id));
        assert_eq!(appended.revision, written.len() as u64, "round {round}");
    }
    let stored = log.read_stream(&stream("a"), 1, 1000).await.unwrap();
    assert_eq!(stored.iter().map(|event| event.id).collect::<Vec<_>>(), written);
    let all = log.read_all(Position::START, 1000).await.unwrap();
    assert_eq!(all.events, stored);
    assert_eq!(
        double.store().stream("soconnective-provider-a").unwrap().len(),
        written.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_was_cut_off_after_the_commit_is_of_unknown_outcome_and_then_a_repeat() {
    let double = double().await;
    let log = open(&double.url()).await;
    double.faults().next(Call::Append, Fault::CutAfter);

    let cut = log.append(&stream("a"), Expected::NoStream, events("a", 0..2)).await;
    assert!(matches!(cut, Err(LogError::UnknownOutcome(_))), "{cut:?}");

    let again = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    assert_eq!((again.revision, again.duplicate), (2, true));
    let other = open(&double.url()).await;
    let again = other
        .append(&stream("a"), Expected::Any, events("a", 0..2))
        .await
        .unwrap();
    assert_eq!(
        (again.revision, again.duplicate),
        (2, true),
        "another node knows it as well"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_after_a_cut_and_give_every_event_once() {
    let double = double().await;
    let log = open(&double.url()).await;
    log.append(&stream("a"), Expected::NoStream, events("a", 0..50))
        .await
        .unwrap();
    for fault in [
        Fault::CutAfter,
        Fault::CutBefore,
        Fault::Unavailable,
        Fault::NotLeader(double.address()),
    ] {
        double.faults().next(Call::Read, fault);
        let read = timeout(PATIENCE, log.read_stream(&stream("a"), 1, 100))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(read.len(), 50, "{fault:?}");
        double.faults().next(Call::Read, fault);
        let page = timeout(PATIENCE, log.read_all(Position::START, 100))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(page.events, read, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_less_than_the_log_says_what_to_set() {
    let options = Options {
        max_append: 1024 * 1024,
        ..Options::default()
    };
    let double = Double::start(options).await.unwrap();
    let log = EventStoreDbLog::connect(&double.url()).await.unwrap();
    let mut batch = events("large", 0..2);
    for event in &mut batch {
        event.data = format!(r#"{{"a":"{}"}}"#, "x".repeat(524_000));
    }
    let refused = log.append(&stream("a"), Expected::NoStream, batch.clone()).await;
    let Err(LogError::Invalid(reason)) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains("MaxAppendSize"), "{reason}");
    batch.truncate(1);
    assert!(
        log.append(&stream("a"), Expected::NoStream, batch).await.is_ok(),
        "the log can still be used"
    );
}
