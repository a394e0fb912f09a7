use std::sync::Arc;
use std::time::Duration;

use domain::{EventId, Position};
use eventlog::contract::{Log, stream};
use eventlog::{Appended, EventLog, Expected, LogError, NewEvent, PostgresLog};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use tokio::time::{Instant, sleep};

/// Longer than anything here takes on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn open(url: &str) -> Log {
    Arc::new(PostgresLog::connect(url).await.unwrap())
}

/// The database as anybody with another program would open it, in the log's schema.
pub(crate) async fn raw(url: &str) -> PgConnection {
    let mut raw = PgConnection::connect(url).await.unwrap();
    let path = "SET search_path = soconnective_log";
    sqlx::query(path).execute(&mut raw).await.unwrap();
    raw
}

/// How many events are stored, as the database says.
pub(crate) async fn count(url: &str) -> i64 {
    let count = sqlx::query("SELECT count(*) FROM events")
        .fetch_one(&mut raw(url).await)
        .await;
    count.unwrap().get(0)
}

/// Appends as the write side does: with the same ids again, as long as the log cannot say whether it has stored them.
pub(crate) async fn persist(log: &dyn EventLog, key: &str, events: Vec<NewEvent>) -> Appended {
    let start = Instant::now();
    loop {
        match log.append(&stream(key), Expected::Any, events.clone()).await {
            Ok(appended) => return appended,
            Err(LogError::Unavailable(_) | LogError::UnknownOutcome(_)) if start.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(50)).await;
            }
            Err(other) => panic!("{other}: {other:?}"),
        }
    }
}

/// The ids of all events, in order; their positions must have no gap.
pub(crate) async fn stored(log: &dyn EventLog) -> Vec<EventId> {
    let mut ids = Vec::new();
    let mut after = Position::START;
    loop {
        let page = log.read_all(after, 1000).await.unwrap();
        for event in &page.events {
            ids.push(event.id);
            assert_eq!(event.position, Position::from_stored(ids.len() as u64));
        }
        after = page.next;
        if after >= page.head {
            return ids;
        }
    }
}
