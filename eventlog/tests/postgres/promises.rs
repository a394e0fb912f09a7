//! The contract, and what this adapter promises besides.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use domain::Position;
use eventlog::contract::{self, Open, event, events, stream};
use eventlog::{EventLog, Expected, LogError, PostgresLog};
use servers::Postgres;
use tokio::task::JoinSet;

use crate::support::{open, raw, stored};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_in_a_database_keeps_every_promise() {
    contract::run(async || open(&Postgres::shared().database()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_opened_more_than_once_is_one_log() {
    contract::run_on_shared(async || {
        let url = Postgres::shared().database();
        Arc::new(move || {
            let url = url.clone();
            Box::pin(async move { open(&url).await }) as Pin<Box<dyn Future<Output = _> + Send>>
        }) as Open
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_to_change_or_forget_an_event() {
    let url = Postgres::shared().database();
    let log = open(&url).await;
    log.append(&stream("a"), Expected::Any, events("a", 0..3))
        .await
        .unwrap();
    let before = log.read_all(Position::START, 10).await.unwrap();

    let mut raw = raw(&url).await;
    for forbidden in [
        "UPDATE events SET data = '{}'",
        "UPDATE events SET position = 9 WHERE position = 1",
        "DELETE FROM events WHERE position = 3",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE log_meta SET log_id = gen_random_uuid()",
        "DELETE FROM log_meta",
        "TRUNCATE log_meta",
        "UPDATE log_head SET position = 1",
        "DELETE FROM log_head",
        "TRUNCATE log_head",
        "INSERT INTO events VALUES (1, 'provider-a', 4, gen_random_uuid(), '{}', '{}')",
        "INSERT INTO events VALUES (5, 'provider-a', 4, gen_random_uuid(), '{}', '{}')",
        "INSERT INTO events VALUES (4, 'provider-a', 5, gen_random_uuid(), '{}', '{}')",
        "INSERT INTO events VALUES (4, 'provider-a', 3, gen_random_uuid(), '{}', '{}')",
        "INSERT INTO events VALUES (4, 'provider-a', 5, gen_random_uuid(), '{}', '{}'),
                                   (5, 'provider-a', 4, gen_random_uuid(), '{}', '{}')",
        "INSERT INTO events SELECT 4, 'provider-a', 4, id, '{}', '{}' FROM events WHERE position = 1",
        "INSERT INTO events SELECT 1, stream, 1, id, '{}', '{}' FROM events WHERE position = 1
             ON CONFLICT (position) DO UPDATE SET data = '{}'",
    ] {
        let outcome = sqlx::query(forbidden).execute(&mut raw).await;
        assert!(outcome.is_err(), "{forbidden}");
    }
    assert_eq!(log.read_all(Position::START, 10).await.unwrap(), before);
}

#[tokio::test]
async fn a_log_can_be_read_with_a_database_shell() {
    let url = Postgres::shared().database();
    let log = open(&url).await;
    log.append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();

    let query = "SELECT concat_ws(' ', position, stream, revision, kind, recorded_at AT TIME ZONE 'UTC')
                   FROM readable_events";
    let seen: String = sqlx::query_scalar(query).fetch_one(&mut raw(&url).await).await.unwrap();

    assert_eq!(seen, "1 provider-a 1 SomethingHappened 2023-11-14 22:13:20.123456");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_open_a_new_database_at_once_agree_on_it() {
    let url = Postgres::shared().database();
    let mut opening = JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        opening.spawn(async move { open(&url).await.log_id() });
    }
    let ids = opening.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_stores_what_is_queued_and_lets_go_of_the_server() {
    let url = Postgres::shared().database();
    let log = Arc::new(PostgresLog::connect(&url).await.unwrap());
    let mut writers = JoinSet::new();
    for writer in 0..50 {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            log.append(&stream("a"), Expected::Any, vec![event(&format!("{writer}"))])
                .await
        });
    }
    tokio::task::yield_now().await;
    log.close().await;
    log.close().await;

    let acknowledged = writers.join_all().await.iter().filter(|answer| answer.is_ok()).count();
    let late = log.append(&stream("a"), Expected::Any, vec![event("late")]).await;
    assert!(matches!(late, Err(LogError::Unavailable(_))), "{late:?}");
    assert_eq!(stored(&*open(&url).await).await.len(), acknowledged);
}

#[tokio::test]
async fn what_cannot_be_read_back_is_named_by_its_position_and_not_repeated() {
    let url = Postgres::shared().database();
    let log = open(&url).await;
    log.append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();
    log.append(&stream("b"), Expected::Any, events("b", 0..1))
        .await
        .unwrap();
    let insert =
        "INSERT INTO events VALUES (3, 'provider-a', 2, gen_random_uuid(), '{\"canary\":1}', '{\"canary\":2}')";
    sqlx::query(insert).execute(&mut raw(&url).await).await.unwrap();

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
    let page = log.read_all(Position::START, 2).await.unwrap();
    assert_eq!(page.events.len(), 2, "what is before it can be read");
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_named_without_the_password() {
    let url = Postgres::shared().database();
    let (role, rest) = url.strip_prefix("postgres://").unwrap().split_once(':').unwrap();
    let place = rest.split_once('@').unwrap().1;
    let (server, database) = place.split_once('/').unwrap();
    for wrong in [
        format!("postgres://{role}:canary@{place}"),
        format!("postgres://nobody:canary@{place}"),
        format!("postgres://{role}:canary@127.0.0.1:1/{database}"),
        format!("postgres://{role}:canary@{server}/{database}?sslmode=require"),
        format!("postgres://{role}:canary@{server}/{database}?passwort=canary"),
    ] {
        let Err(error) = PostgresLog::connect(&wrong).await else {
            panic!("it must not be opened");
        };
        assert!(matches!(error, LogError::Unavailable(_)), "{error:?}");
        let source = error.source().map(ToString::to_string);
        assert!(!format!("{error:?} {error} {source:?}").contains("canary"));
    }
}
