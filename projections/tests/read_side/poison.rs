//! A projection that stands still before an event is had to try again, or to pass the event by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::operation::{OperationEvent, ProjectionEventSkipped};
use domain::{Position, StreamId};
use eventlog::{EventLog, MemoryLog};
use projections::{AsOf, AuditFilter, ProjectionError, ProjectionName, Projections, QueryError, State};
use tokio::time::sleep;

use crate::doubles::Shared;
use crate::home::Home;
use crate::story::{installed, opened};
use crate::support::{PATIENCE, Reading, Writer, account, provider};

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
    for name in [ACCOUNTS, HISTORY] {
        wait_until_stopped_alone(projections, name, at).await;
    }
}

async fn wait_until_stopped_alone(projections: &Projections, name: ProjectionName, at: Position) {
    let behind = projections.wait_for(&[name], at, PATIENCE).await.unwrap_err();
    assert!(behind.stopped, "{name}");
}

async fn kept(reading: &Reading) -> usize {
    let everything = AuditFilter {
        limit: 100,
        ..AuditFilter::default()
    };
    let page = reading.projections.history().events(&everything).await.unwrap();
    page.events.len()
}

/// Notes in the log that a projection passes an event by, as the write side does it.
async fn note(writer: &mut Writer, projections: &Projections, name: ProjectionName, at: Position) -> Position {
    let event = projections.stopped_before(name, at, &*writer.log).await.unwrap();
    let skipped = ProjectionEventSkipped {
        projection: name.to_string(),
        event: Some(event.id),
        position: event.position,
        reason: "written by a test".to_owned(),
    };
    let noted = OperationEvent::ProjectionEventSkipped(skipped);
    writer.append(&StreamId::Operations, noted).await
}

const HISTORY: ProjectionName = ProjectionName::History;
const ACCOUNTS: ProjectionName = ProjectionName::Accounts;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_passed_by_is_no_part_of_the_model_from_then_on_however_it_is_built() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (poison, last) = poisoned(&mut writer).await;
    let reading = Reading::start(&home, &log).await;
    let projections = &reading.projections;
    wait_until_stopped(projections, last).await;

    let noted = note(&mut writer, projections, HISTORY, poison).await;
    projections.retry(HISTORY, poison).await.unwrap();
    projections.wait_for(&[HISTORY], noted, PATIENCE).await.unwrap();
    assert_eq!(projections.status_of(HISTORY).state, State::Running);
    assert_eq!(kept(&reading).await, 3);
    assert!(projections.verify(HISTORY, Arc::clone(&log)).await.unwrap().holds());
    projections
        .rebuild(&[HISTORY], Arc::clone(&log), |_, _| {})
        .await
        .unwrap();
    assert_eq!(kept(&reading).await, 3);
    // The decision was about one model.
    assert!(matches!(
        projections.status_of(ACCOUNTS).state,
        State::Stopped { at, .. } if at == poison
    ));
    reading.stop().await;
    let reading = Reading::start(&home, &log).await;
    reading.projections.wait_for(&[HISTORY], noted, PATIENCE).await.unwrap();
    assert_eq!(kept(&reading).await, 3);
    reading.stop().await;
}

/// Of a model that is split, a part may come to the event after another one has stopped there, and was helped on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_was_opened_before_a_decision_heeds_it_when_it_comes_to_the_event() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    let stream = StreamId::Account(account("shop"));
    let mut unreadable = writer.next(&stream, &opened("Shop", None).into());
    unreadable.schema = 99;
    let skipped = ProjectionEventSkipped {
        projection: HISTORY.to_string(),
        event: Some(unreadable.id),
        position: Position::START,
        reason: "written by a test".to_owned(),
    };
    let noted = OperationEvent::ProjectionEventSkipped(skipped);
    writer.append(&StreamId::Operations, noted).await;
    let poison = writer.append_raw(&stream, unreadable).await;
    reading
        .projections
        .wait_for(&[HISTORY], poison, PATIENCE)
        .await
        .unwrap();
    assert_eq!(kept(&reading).await, 1);
    wait_until_stopped_alone(&reading.projections, ACCOUNTS, poison).await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_database_that_is_lost_takes_no_decision_with_it_and_neither_does_a_copy_of_the_log() {
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (poison, last) = poisoned(&mut writer).await;
    let reading = Reading::start(&Home::new(), &log).await;
    wait_until_stopped(&reading.projections, last).await;
    let noted = note(&mut writer, &reading.projections, HISTORY, poison).await;
    // A crash comes before it is tried again.
    reading.kill().await;

    let reading = Reading::start(&Home::new(), &log).await;
    reading.projections.wait_for(&[HISTORY], noted, PATIENCE).await.unwrap();
    assert_eq!(kept(&reading).await, 3);
    wait_until_stopped_alone(&reading.projections, ACCOUNTS, noted).await;
    reading.stop().await;

    let copy = Arc::new(MemoryLog::new());
    eventlog::copy(&*log, &*copy, |_| {}).await.unwrap();
    // In the copy, every event has another position.
    let copy: Arc<dyn EventLog> = Arc::new(Shared(copy));
    let reading = Reading::start(&Home::new(), &copy).await;
    let head = copy.read_all(Position::START, 1).await.unwrap().head;
    assert!(head > noted);
    reading.projections.wait_for(&[HISTORY], head, PATIENCE).await.unwrap();
    assert_eq!(kept(&reading).await, 3);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_model_passes_by_is_passed_by_when_it_is_asked_about_the_past() {
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (agency, stripe) = (account("agency"), provider("stripe"));
    let stream = StreamId::Integration(agency.clone(), stripe.clone());
    writer.append(&stream, installed()).await;
    let mut unreadable = writer.next(&stream, &installed().into());
    unreadable.schema = 99;
    let poison = writer.append_raw(&stream, unreadable).await;
    let reading = Reading::start(&Home::new(), &log).await;
    let integrations = reading.projections.integrations();
    let asked = async || {
        let moment = AsOf::Position(poison);
        let found = integrations.get_as_of(&*log, &agency, &stripe, moment).await;
        found.map(|found| found.is_some())
    };
    assert!(matches!(asked().await, Err(QueryError::Corrupt(_))));
    let skipped = ProjectionEventSkipped {
        projection: ProjectionName::Integrations.to_string(),
        event: None,
        position: poison,
        reason: "a note that names the position alone".to_owned(),
    };
    let noted = OperationEvent::ProjectionEventSkipped(skipped);
    writer.append(&StreamId::Operations, noted).await;
    assert!(asked().await.unwrap());
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
    let event = projections.stopped_before(ACCOUNTS, poison, &*log).await.unwrap();
    assert_eq!((event.position, event.schema), (poison, 99));
    let refusals = [
        projections.stopped_before(ACCOUNTS, last, &*log).await.map(drop),
        projections
            .stopped_before(ProjectionName::Catalog, poison, &*log)
            .await
            .map(drop),
        projections.retry(ACCOUNTS, last).await,
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(ProjectionError::NotStopped { .. })));
    }
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
    // From another process, as an operator's tool does it.
    let tool = Projections::connect(home.url()).await.unwrap();
    tool.retry(ACCOUNTS, poison).await.unwrap();
    // It stands there again, which can be seen by its being possible to say so once more.
    retry_when_stopped(&tool, ACCOUNTS, poison).await;
    assert_eq!(kept(&reading).await, 1);
    stand_still(&tool, ACCOUNTS, poison, &*log).await;
    let noted = note(&mut writer, &tool, ACCOUNTS, poison).await;
    tool.retry(ACCOUNTS, poison).await.unwrap();
    let start = Instant::now();
    let standing = || matches!(reading.projections.status_of(ACCOUNTS).state, State::Stopped { .. });
    while standing() {
        assert!(start.elapsed() < PATIENCE, "it does not go on");
        sleep(Duration::from_millis(20)).await;
    }
    reading
        .projections
        .wait_for(&[ACCOUNTS], noted, PATIENCE)
        .await
        .unwrap();
    reading.stop().await;
}

/// Waits until the projection stands still, as every process sees it, and has it try again.
async fn retry_when_stopped(tool: &Projections, name: ProjectionName, at: Position) {
    let start = Instant::now();
    while let Err(error) = tool.retry(name, at).await {
        assert!(matches!(error, ProjectionError::NotStopped { .. }));
        assert!(start.elapsed() < PATIENCE, "it does not stand still");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the projection stands still, as every process sees it.
async fn stand_still(tool: &Projections, name: ProjectionName, at: Position, log: &dyn EventLog) {
    let start = Instant::now();
    while let Err(error) = tool.stopped_before(name, at, log).await {
        assert!(matches!(error, ProjectionError::NotStopped { .. }));
        assert!(start.elapsed() < PATIENCE, "it does not stand still");
        sleep(Duration::from_millis(20)).await;
    }
}
