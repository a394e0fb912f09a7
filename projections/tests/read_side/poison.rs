//! A projection that stands still before an event is had to try again, or to pass the event by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Position, StreamId};
use eventlog::EventLog;
use projections::{AuditFilter, ProjectionError, ProjectionName, Projections, State};
use tokio::time::sleep;

use crate::home::Home;
use crate::story::opened;
use crate::support::{PATIENCE, Reading, Writer, account};

/// A log with an event that nobody can read, and one before and after it.
async fn poisoned(writer: &mut Writer) -> (Position, Position) {
    let open = |id| StreamId::Account(account(id));
    writer.append(&open("agency"), opened("Agency", None)).await;
    let mut unreadable = writer.next(&open("shop"), &opened("Shop", None).into());
    unreadable.schema = 99;
    let poison = writer.append_raw(&open("shop"), unreadable).await;
    let last = writer.append(&open("other"), opened("Other", None)).await;
    (poison, last)
}

async fn wait_until_stopped(projections: &Projections, at: Position) {
    for name in [ProjectionName::Accounts, ProjectionName::History] {
        let behind = projections.wait_for(&[name], at, PATIENCE).await.unwrap_err();
        assert!(behind.stopped, "{name}");
    }
}

async fn kept(reading: &Reading) -> usize {
    let everything = AuditFilter {
        limit: 100,
        ..AuditFilter::default()
    };
    let page = reading.projections.history().events(&everything).await.unwrap();
    page.events.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_passed_by_is_no_part_of_the_model_from_then_on_however_it_is_built() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (poison, last) = poisoned(&mut writer).await;
    let history = ProjectionName::History;
    let reading = Reading::start(&home, &log).await;
    wait_until_stopped(&reading.projections, last).await;

    reading.projections.skip(history, poison, &*log).await.unwrap();
    reading.projections.wait_for(&[history], last, PATIENCE).await.unwrap();
    assert_eq!(reading.projections.status_of(history).state, State::Running);
    assert_eq!(reading.projections.skipped(history, &*log).await.unwrap(), [poison]);
    assert_eq!(kept(&reading).await, 2);
    assert!(
        reading
            .projections
            .verify(history, Arc::clone(&log))
            .await
            .unwrap()
            .holds()
    );
    reading
        .projections
        .rebuild(&[history], Arc::clone(&log), |_, _| {})
        .await
        .unwrap();
    assert_eq!(kept(&reading).await, 2);
    // The decision was about one model.
    assert!(matches!(
        reading.projections.status_of(ProjectionName::Accounts).state,
        State::Stopped { at, .. } if at == poison
    ));
    reading.stop().await;
    let reading = Reading::start(&home, &log).await;
    reading.projections.wait_for(&[history], last, PATIENCE).await.unwrap();
    assert_eq!(kept(&reading).await, 2);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_names_another_event_than_the_one_that_it_stands_at_is_refused() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (poison, last) = poisoned(&mut writer).await;
    let reading = Reading::start(&home, &log).await;
    wait_until_stopped(&reading.projections, last).await;
    let projections = &reading.projections;
    let refusals = [
        projections.skip(ProjectionName::Accounts, last, &*log).await,
        projections.retry(ProjectionName::Accounts, last).await,
        projections.skip(ProjectionName::Catalog, poison, &*log).await,
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(ProjectionError::NotStopped { .. })));
    }
    assert_eq!(projections.skipped(ProjectionName::Accounts, &*log).await.unwrap(), []);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_tries_again_in_vain_stands_still_at_the_same_event() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (poison, last) = poisoned(&mut writer).await;
    let reading = Reading::start(&home, &log).await;
    wait_until_stopped(&reading.projections, last).await;
    let accounts = ProjectionName::Accounts;
    // From another process, as an operator's tool does it.
    let tool = Projections::connect(home.url()).await.unwrap();
    tool.retry(accounts, poison).await.unwrap();
    let start = Instant::now();
    // It stands there again, which can be seen by its being possible to say so once more.
    while tool.retry(accounts, poison).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "it did not try again");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kept(&reading).await, 1);
    skip_when_stopped(&tool, accounts, poison, &*log).await;
    let standing = || matches!(reading.projections.status_of(accounts).state, State::Stopped { .. });
    while standing() {
        assert!(start.elapsed() < PATIENCE, "it does not go on");
        sleep(Duration::from_millis(20)).await;
    }
    reading.projections.wait_for(&[accounts], last, PATIENCE).await.unwrap();
    reading.stop().await;
}

/// Waits until the projection stands still, as every process sees it, and has the event passed by.
async fn skip_when_stopped(tool: &Projections, name: ProjectionName, at: Position, log: &dyn EventLog) {
    let start = Instant::now();
    while let Err(error) = tool.skip(name, at, log).await {
        assert!(matches!(error, ProjectionError::NotStopped { .. }));
        assert!(start.elapsed() < PATIENCE, "it does not stand still");
        sleep(Duration::from_millis(20)).await;
    }
}
