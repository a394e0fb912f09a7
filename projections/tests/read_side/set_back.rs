//! A log that was set back under its read models: restored from a backup, or with a standby in its place that lacked the newest
//! events.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Position, StreamId};
use eventlog::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StoredEvent};
use projections::{ProjectionName, QueryError};
use tokio::sync::{RwLock, watch};
use tokio::time::{Instant, sleep};

use crate::home::Home;
use crate::story::opened;
use crate::support::{PATIENCE, Reading, Writer, account};

/// For so long a log cannot be read, at least, when a standby takes its place.
const OUTAGE: Duration = Duration::from_millis(1500);

/// A log that can be set back and stay away for a while.
struct Restored {
    inner: RwLock<Arc<MemoryLog>>,
    away: AtomicBool,
    head: watch::Sender<Position>,
    id: uuid::Uuid,
}

impl Restored {
    fn new() -> Arc<Self> {
        let inner = Arc::new(MemoryLog::new());
        Arc::new(Self {
            id: inner.log_id(),
            inner: RwLock::new(inner),
            away: AtomicBool::new(false),
            head: watch::Sender::new(Position::START),
        })
    }

    /// From now on, only what came up to here has happened.
    async fn set_back(&self, to: Position) {
        let mut inner = self.inner.write().await;
        let kept = MemoryLog::new();
        for event in inner.read_all(Position::START, usize::MAX).await.unwrap().events {
            if event.position > to {
                break;
            }
            let stream = event.stream.clone();
            kept.append(&stream, Expected::Any, vec![event.into()]).await.unwrap();
        }
        *inner = Arc::new(kept);
    }

    async fn there(&self) -> Result<Arc<MemoryLog>, LogError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(LogError::Unavailable("it is away".into()));
        }
        Ok(Arc::clone(&*self.inner.read().await))
    }
}

#[async_trait::async_trait]
impl EventLog for Restored {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        let appended = self.inner.read().await.append(stream, expected, events).await?;
        self.head.send_modify(|head| *head = appended.position.max(*head));
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.there().await?.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        self.there().await?.read_all(after, max).await
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    fn log_id(&self) -> uuid::Uuid {
        self.id
    }

    async fn close(&self) {}
}

async fn open(writer: &mut Writer, id: &str) -> Position {
    let stream = StreamId::Account(account(id));
    writer.append(&stream, opened(id, None)).await
}

/// A log with these accounts.
async fn story(ids: &[&str]) -> (Arc<Restored>, Writer) {
    let log = Restored::new();
    let mut writer = Writer::on(log.clone());
    for id in ids {
        open(&mut writer, id).await;
    }
    (log, writer)
}

/// The accounts that the read models show; none while they show nothing.
async fn shown(reading: &Reading) -> Option<Vec<String>> {
    match reading.projections.accounts().list(None, None, 100).await {
        Ok(page) => Some(page.items.iter().map(|account| account.id.to_string()).collect()),
        // The table may be dropped in the middle of the question.
        Err(QueryError::NotReady(_) | QueryError::Database(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn until_shown(reading: &Reading, wanted: &[&str]) {
    let start = Instant::now();
    loop {
        let found = shown(reading).await;
        if found.as_ref().is_some_and(|found| found.iter().eq(wanted)) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{found:?} is shown, not {wanted:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn generations(reading: &Reading) -> Vec<u32> {
    let status = reading.projections.status();
    status.iter().map(|status| status.generation).collect()
}

/// On one thread, whose lines are kept.
#[tokio::test]
async fn models_are_built_anew_and_somebody_is_told_when_the_log_has_grown_past_them_with_other_events() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    let keeping = tracing_subscriber::fmt()
        .with_writer(Mutex::new(kept.reopen().unwrap()))
        .with_ansi(false);
    let _keeping = tracing::subscriber::set_default(keeping.finish());
    // See `failures.rs` for what the second one is for.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let home = Home::new();
    let (log, mut writer) = story(&["agency", "lost"]).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    reading.stop().await;
    log.set_back(Position::from_stored(1)).await;
    open(&mut writer, "other").await;
    open(&mut writer, "shop").await;

    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    assert_eq!(shown(&reading).await.unwrap(), ["agency", "other", "shop"]);
    reading.assert_verified().await;
    assert_eq!(generations(&reading), [2; 6]);
    reading.stop().await;
    let lines = std::fs::read_to_string(kept.path()).unwrap();
    let told = lines.lines().filter(|line| line.contains("the log was set back"));
    let told = told.filter(|line| line.contains("projection=accounts") && line.contains("built anew"));
    assert_eq!(told.count(), 1, "{lines}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_that_hold_nothing_of_what_was_lost_go_on() {
    let home = Home::new();
    let (log, mut writer) = story(&["agency"]).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    reading.stop().await;
    open(&mut writer, "lost").await;
    log.set_back(Position::from_stored(1)).await;
    open(&mut writer, "other").await;

    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    assert_eq!(shown(&reading).await.unwrap(), ["agency", "other"]);
    reading.assert_verified().await;
    assert_eq!(generations(&reading), [1; 6]);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_half_built_on_events_that_were_lost_is_not_built_on() {
    let home = Home::new();
    let (log, mut writer) = story(&["agency", "lost"]).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    reading.stop().await;
    home.tamper(
        "UPDATE projection SET state = 'building' WHERE name = 'accounts'; ALTER TABLE accounts_v1 RENAME TO accounts_v1_g1",
    )
    .await;
    log.set_back(Position::from_stored(1)).await;
    open(&mut writer, "other").await;

    let reading = Reading::start(&home, &writer.log).await;
    until_shown(&reading, &["agency", "other"]).await;
    reading.settle().await;
    reading.assert_verified().await;
    assert_eq!(generations(&reading), [2; 6]);
    assert!(!home.has_table("accounts_v1_g1").await);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_models_of_a_program_that_kept_no_landmark_go_on_and_have_one_from_then_on() {
    let home = Home::new();
    let (log, mut writer) = story(&["agency"]).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    reading.stop().await;
    home.tamper("UPDATE projection SET landmark = NULL").await;

    let reading = Reading::start(&home, &writer.log).await;
    let last = open(&mut writer, "shop").await;
    reading.settle().await;
    assert_eq!(generations(&reading), [1; 6]);
    reading.stop().await;

    log.set_back(Position::from_stored(last.to_stored() - 1)).await;
    open(&mut writer, "other").await;
    let reading = Reading::start(&home, &writer.log).await;
    until_shown(&reading, &["agency", "other"]).await;
    reading.settle().await;
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_runs_notices_that_the_log_has_lost_events() {
    let home = Home::new();
    let (log, writer) = story(&["agency", "lost"]).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    assert_eq!(shown(&reading).await.unwrap(), ["agency", "lost"]);
    log.set_back(Position::from_stored(1)).await;
    until_shown(&reading, &["agency"]).await;
    assert_eq!(*reading.projections.set_backs().borrow(), 1);
    reading.settle().await;
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_runs_applies_nothing_on_top_of_what_was_lost() {
    let home = Home::new();
    let (log, mut writer) = story(&["agency", "lost"]).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let last = Position::from_stored(2);
    log.away.store(true, Ordering::SeqCst);
    let later = Position::from_stored(3);
    let waited = reading.projections.wait_for(&ProjectionName::ALL, later, OUTAGE).await;
    assert!(waited.is_err(), "the log is away");
    // The relay has published up to here, and the models are as far: what comes next seems to follow.
    log.set_back(Position::from_stored(1)).await;
    assert_eq!(open(&mut writer, "other").await, last);
    open(&mut writer, "shop").await;
    log.away.store(false, Ordering::SeqCst);
    open(&mut writer, "third").await;

    reading.settle().await;
    until_shown(&reading, &["agency", "other", "shop", "third"]).await;
    reading.settle().await;
    reading.assert_verified().await;
    assert_eq!(*reading.projections.set_backs().borrow(), 1);
    // It goes on as before.
    let next = open(&mut writer, "zoo").await;
    let waited = reading.projections.wait_for(&ProjectionName::ALL, next, PATIENCE).await;
    waited.unwrap();
    reading.assert_verified().await;
    reading.stop().await;
}
