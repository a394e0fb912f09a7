//! The log in a SQLite file keeps the contract, and what is its own to promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use domain::{Position, StreamId};
use eventlog::contract::{self, HeldWriter, Hold, Open, Release, event, events, stream};
use eventlog::{EventLog, Expected, LogError, NewEvent, SqliteLog};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

async fn open(path: &Path) -> Arc<dyn EventLog> {
    Arc::new(SqliteLog::open(path).await.unwrap())
}

/// The file as anybody with another program would open it.
async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_in_a_file_keeps_every_promise() {
    let folder = TempDir::new().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    contract::run(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        open(&folder.path().join(format!("{number}.db"))).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_that_is_opened_more_than_once_is_one_log() {
    let folder = TempDir::new().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    contract::run_on_shared(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = folder.path().join(format!("{number}.db"));
        Arc::new(move || {
            let path = path.clone();
            Box::pin(async move { open(&path).await }) as Pin<Box<dyn Future<Output = _> + Send>>
        }) as Open
    })
    .await;
}

/// A row as the log writes it.
async fn insert(raw: &mut SqliteConnection, stream: &StreamId, place: (i64, i64), event: &NewEvent) {
    let envelope = serde_json::json!({
        "position": place.0,
        "stream": stream.to_string(),
        "revision": place.1,
        "id": event.id,
        "kind": event.kind,
        "schema": event.schema,
        "recorded_at": event.recorded_at.timestamp_micros(),
        "metadata": event.metadata,
    });
    sqlx::query("INSERT INTO events (position, stream, revision, id, envelope, data) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(place.0)
        .bind(stream.to_string())
        .bind(place.1)
        .bind(event.id.uuid().as_bytes().as_slice())
        .bind(envelope.to_string())
        .bind(&event.data)
        .execute(raw)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_passes_a_process_that_is_held_up_in_its_commit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let log = open(&path).await;
    let hold: Hold = Box::new(move |stream, events| {
        Box::pin(async move {
            let mut raw = raw(&path).await;
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut raw).await.unwrap();
            for (number, event) in (1..).zip(&events) {
                insert(&mut raw, &stream, (1 + number, number), event).await;
            }
            let release = async move {
                sqlx::raw_sql("COMMIT").execute(&mut raw).await.unwrap();
            };
            Box::new(move || Box::pin(release) as Pin<Box<dyn Future<Output = ()> + Send>>) as Release
        })
    });

    let missed = contract::events_missed_behind_a_held_writer(HeldWriter { log, hold }).await;

    assert_eq!(missed, []);
}

#[tokio::test]
async fn the_file_refuses_to_change_or_forget_an_event() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let log = open(&path).await;
    log.append(&stream("a"), Expected::Any, events("a", 0..3))
        .await
        .unwrap();
    let before = log.read_all(Position::START, 10).await.unwrap();

    let mut raw = raw(&path).await;
    for forbidden in [
        "UPDATE events SET data = '{}'",
        "UPDATE events SET position = 9 WHERE position = 1",
        "DELETE FROM events WHERE position = 3",
        "DELETE FROM events",
        "UPDATE log_meta SET log_id = randomblob(16)",
        "DELETE FROM log_meta",
        "INSERT OR REPLACE INTO events (position, stream, revision, id, envelope, data)
         SELECT position, stream, revision, id, '{}', '{}' FROM events WHERE position = 1",
        "INSERT OR REPLACE INTO events (position, stream, revision, id, envelope, data)
         SELECT 4, stream, 4, id, '{}', '{}' FROM events WHERE position = 1",
        "INSERT INTO events (position, stream, revision, id, envelope, data)
         VALUES (2, 'provider-a', 4, randomblob(16), '{}', '{}')",
        "INSERT INTO events (position, stream, revision, id, envelope, data)
         VALUES (4, 'provider-a', 5, randomblob(16), '{}', '{}')",
        "INSERT INTO events (position, stream, revision, id, envelope, data)
         VALUES (5, 'provider-a', 4, randomblob(16), '{}', '{}')",
    ] {
        let outcome = sqlx::query(forbidden).execute(&mut raw).await;
        assert!(outcome.is_err(), "{forbidden}");
    }
    assert_eq!(log.read_all(Position::START, 10).await.unwrap(), before);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let log = open(&folder.path().join("log.db")).await;
    log.append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();
    log.read_all(Position::START, 10).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        ["log.db", "log.db-shm", "log.db-wal"],
        "nothing else is left lying about"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_open_a_new_file_at_once_agree_on_it() {
    let folder = TempDir::new().unwrap();
    for round in 0..5 {
        let path = folder.path().join(format!("{round}.db"));
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let path = path.clone();
            opening.spawn(async move { open(&path).await.log_id() });
        }
        let ids = opening.join_all().await;
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}

#[tokio::test]
async fn closing_stores_what_is_queued_and_leaves_one_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let log = Arc::new(SqliteLog::open(&path).await.unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..50 {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            log.append(&stream("a"), Expected::Any, vec![event(&format!("{writer}"))])
                .await
        });
    }
    // Each of them has its place in the queue once it has run for the first time.
    tokio::task::yield_now().await;
    log.close().await;
    log.close().await;

    let stored = writers.join_all().await.iter().filter(|answer| answer.is_ok()).count();
    assert!(stored > 0, "something was queued");
    let late = log.append(&stream("a"), Expected::Any, vec![event("late")]).await;
    assert!(matches!(late, Err(LogError::Unavailable(_))), "{late:?}");
    assert!(
        !folder.path().join("log.db-wal").exists(),
        "the write-ahead log is moved into the file"
    );
    let read = open(&path).await.read_all(Position::START, 100).await.unwrap();
    assert_eq!(
        read.events.len(),
        stored,
        "what was acknowledged is stored, and nothing else"
    );
}

#[tokio::test]
async fn a_dropped_log_still_stores_what_is_queued() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path).await.unwrap();
    let (a, b) = (stream("a"), stream("b"));
    {
        let first = log.append(&a, Expected::Any, vec![event("a")]);
        let second = log.append(&b, Expected::Any, vec![event("b")]);
        // Polled once, both are queued; then their callers go away.
        let _ = futures::poll!(std::pin::pin!(first));
        let _ = futures::poll!(std::pin::pin!(second));
    }
    drop(log);
    let log = open(&path).await;
    let mut wakeups = 0;
    while log.read_all(Position::START, 10).await.unwrap().events.len() < 2 {
        tokio::task::yield_now().await;
        wakeups += 1;
        assert!(wakeups < 1_000_000, "they never came");
    }
}

#[tokio::test]
async fn what_cannot_be_read_back_is_named_by_its_position_and_not_repeated() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.db");
    let log = open(&path).await;
    log.append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();
    log.append(&stream("b"), Expected::Any, events("b", 0..1))
        .await
        .unwrap();
    let mut raw = raw(&path).await;
    let insert = "INSERT INTO events (position, stream, revision, id, envelope, data)
                  VALUES (3, 'provider-a', 2, randomblob(16), '{\"canary\":1}', '{\"canary\":2}')";
    sqlx::query(insert).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();

    let all = log.read_all(Position::START, 10).await.map(|page| page.events);
    let one = log.read_stream(&stream("a"), 1, 10).await;
    for outcome in [all, one] {
        match outcome {
            Err(LogError::Corrupt { position, reason }) => {
                assert_eq!(position, Position::from_stored(3));
                assert!(!reason.contains("canary"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        log.read_all(Position::START, 2).await.unwrap().events.len(),
        2,
        "what is before it can be read"
    );
}

#[tokio::test]
async fn a_log_cannot_be_opened_where_there_is_no_folder_or_no_log() {
    let folder = TempDir::new().unwrap();
    let missing = SqliteLog::open(&folder.path().join("none/log.db")).await;
    assert!(matches!(missing, Err(LogError::Unavailable(_))));
    let other = folder.path().join("other.db");
    std::fs::write(
        &other,
        "this is no database, and long enough to be looked at".repeat(100),
    )
    .unwrap();
    let not_a_log = SqliteLog::open(&other).await;
    assert!(matches!(not_a_log, Err(LogError::Unavailable(_))));
}
