use std::path::Path;
use std::time::{Duration, Instant};

use chrono::DateTime;
use domain::operation::OperationEvent;
use domain::{Actor, CommandId, CorrelationId, EventId, Metadata, Position, StreamId};
use eventlog::{EventLog, Expected, NewEvent, SqliteLog, StoredEvent};
use serde_json::Value;
use uuid::Uuid;

use crate::{Server, soconnective, text};

/// How long a node may need to apply what is new.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `soconnective projections …` over a data folder.
fn projections(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut all = vec!["projections"];
    all.extend(arguments);
    all.extend(["--data", data.to_str().unwrap()]);
    let output = soconnective(&all);
    (output.status.code(), text(&output))
}

/// The names of the read models that have stopped, and where.
pub(crate) fn stopped(data: &Path) -> Vec<(String, String)> {
    let (code, printed) = projections(data, &["status", "--json"]);
    assert_eq!(code, Some(0), "{printed}");
    let status: Value = serde_json::from_str(&printed).unwrap();
    let all = status["projections"].as_array().unwrap();
    let at = |model: &Value| Some((model["name"].as_str()?.to_owned(), model["at"].as_str()?.to_owned()));
    all.iter()
        .filter(|model| model["state"] == "stopped")
        .filter_map(at)
        .collect()
}

pub(crate) fn wait_until(what: &str, mut check: impl FnMut() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
    }
}

/// An event that this version of the program does not know, as a newer one may have written it.
pub(crate) async fn write_an_unknown_event(data: &Path) -> Position {
    let log = SqliteLog::open(&data.join("log.db")).await.unwrap();
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, b"unknown");
    let event = NewEvent {
        id: EventId::new(id),
        kind: "AccountPainted".to_owned(),
        schema: 1,
        recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_000).unwrap(),
        metadata: Metadata {
            actor: Actor::system("a newer version"),
            account: Some("acme".parse().unwrap()),
            command_id: CommandId::new(id),
            correlation_id: CorrelationId::new(id),
            request: None,
        },
        data: r#"{"colour":"blue"}"#.to_owned(),
    };
    let stream = StreamId::Account("acme".parse().unwrap());
    let position = log.append(&stream, Expected::Any, vec![event]).await.unwrap().position;
    log.close().await;
    position
}

async fn log_of(data: &Path) -> Vec<StoredEvent> {
    let log = SqliteLog::open(&data.join("log.db")).await.unwrap();
    let events = log.read_all(Position::START, 1000).await.unwrap().events;
    log.close().await;
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_is_shown_and_skipped_by_somebody_who_says_why() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    assert_eq!(Server::start(&data, &[]).terminate().0, Some(0));
    let poison = write_an_unknown_event(&data).await.to_string();

    let server = Server::start(&data, &[]);
    wait_until("standing still at the unknown event", || stopped(&data).len() == 3);
    let models = stopped(&data);
    assert!(models.iter().all(|(_, at)| *at == poison), "{models:?}");
    let (_, shown) = projections(&data, &["status"]);
    assert!(
        shown.contains(&format!("stopped before {poison}: ")) && shown.contains("built"),
        "{shown}"
    );

    let (code, refusal) = projections(&data, &["skip", &models[0].0, "1", "--reason", "a guess"]);
    assert_eq!(code, Some(1), "{refusal}");
    let (code, refusal) = projections(&data, &["skip", &models[0].0, &poison, "--reason", " "]);
    assert_eq!(code, Some(1), "{refusal}");
    assert!(
        !log_of(&data)
            .await
            .iter()
            .any(|event| &*event.kind == "ProjectionEventSkipped")
    );
    for (name, at) in &models {
        // It takes no key, so that the operator need not have the key ring.
        let keyring = ["--keyring", "/nowhere/keyring"];
        let skip = ["skip", name, at, "--reason", "paint does not matter"];
        let (code, printed) = projections(&data, &[skip.as_slice(), &keyring].concat());
        assert_eq!(code, Some(0), "{printed}");
    }
    wait_until("going on behind the event", || stopped(&data).is_empty());

    let (code, printed) = projections(&data, &["verify"]);
    assert_eq!((code, printed.matches("holds").count()), (Some(0), 6), "{printed}");
    assert_eq!(server.terminate().0, Some(0));
    let (code, printed) = projections(&data, &["rebuild"]);
    assert_eq!(code, Some(0), "{printed}");
    let (code, printed) = projections(&data, &["verify"]);
    assert_eq!((code, printed.matches("holds").count()), (Some(0), 6), "{printed}");

    // Read models may be thrown away; what was decided stands in the log.
    for file in ["read.db", "read.db-wal", "read.db-shm"] {
        let _ = std::fs::remove_file(data.join(file));
    }
    let server = Server::start(&data, &[]);
    wait_until("going on behind the event without read.db", || {
        let (code, printed) = projections(&data, &["verify"]);
        (code, printed.matches("holds").count()) == (Some(0), 6)
    });
    assert_eq!(stopped(&data), []);
    assert_eq!(server.terminate().0, Some(0));

    let events = log_of(&data).await;
    let skipped = events.iter().filter(|event| event.stream == StreamId::Operations);
    let reasons: Vec<_> = skipped
        .map(|event| {
            let OperationEvent::ProjectionEventSkipped(skipped) = event.event().unwrap().try_into().unwrap();
            assert!(skipped.event.is_some());
            (skipped.projection, skipped.position.to_string(), skipped.reason)
        })
        .collect();
    assert_eq!(reasons.len(), 3);
    assert!(
        reasons
            .iter()
            .all(|(_, at, why)| *at == poison && why == "paint does not matter"),
        "{reasons:?}"
    );
}

#[test]
fn a_password_in_a_url_is_never_repeated() {
    for (option, url) in [
        ("--log", "postgres://me:hunter2@127.0.0.1:1/so"),
        ("--log", "mysql://me:hunter2@127.0.0.1/so"),
        ("--db", "postgres//me:hunter2@127.0.0.1/so"),
        ("--db", "postgres://me:hunter2@127.0.0.1:1/so"),
        ("--bus", "amqp://me:hunter2@127.0.0.1"),
    ] {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let output = soconnective(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            option,
            url,
            "--data",
            data.to_str().unwrap(),
        ]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert!(said.contains("--"), "it names an option: {said}");
    }
}
