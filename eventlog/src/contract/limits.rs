use domain::Position;

use super::Log;
use super::given::{event, events, stream};
use crate::{Expected, LogError, MAX_BYTES, MAX_EVENTS, NewEvent};

/// A JSON object of exactly `bytes` bytes.
fn object(bytes: usize) -> String {
    format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8))
}

fn with(change: impl FnOnce(&mut NewEvent)) -> Vec<NewEvent> {
    let mut batch = events("refused", 0..2);
    change(&mut batch[1]);
    batch
}

pub(super) async fn refusals(log: Log) {
    let refused = [
        ("no events", Vec::new()),
        ("too many events", events("many", 0..MAX_EVENTS + 1)),
        (
            "the same id twice",
            vec![event("twice"), event("other"), event("twice")],
        ),
        ("too much data", with(|event| event.data = object(MAX_BYTES + 1))),
        ("no type", with(|event| event.kind.clear())),
        ("a long type", with(|event| event.kind = "K".repeat(65))),
        ("a strange type", with(|event| "Some thing".clone_into(&mut event.kind))),
        ("schema version 0", with(|event| event.schema = 0)),
        ("no data", with(|event| event.data.clear())),
        ("no object", with(|event| "[1]".clone_into(&mut event.data))),
        (
            "a raw control character",
            with(|event| "{\"a\":\n1}".clone_into(&mut event.data)),
        ),
    ];
    for (what, batch) in refused {
        let outcome = log.append(&stream("a"), Expected::Any, batch).await;
        assert!(matches!(outcome, Err(LogError::Invalid(_))), "{what}: {outcome:?}");
    }
    let page = log.read_all(Position::START, 10).await.unwrap();
    assert_eq!(
        (page.events.len(), page.head),
        (0, Position::START),
        "a refused append leaves nothing"
    );
}

pub(super) async fn the_most(log: Log) {
    let many = events("many", 0..MAX_EVENTS);
    let appended = log.append(&stream("many"), Expected::NoStream, many).await.unwrap();
    assert_eq!(appended.revision, MAX_EVENTS as u64);

    let mut large = event("large");
    large.data = object(MAX_BYTES - 64);
    large.metadata.actor.id = "x".repeat(16);
    log.append(&stream("large"), Expected::NoStream, vec![large.clone()])
        .await
        .unwrap();

    let read = log.read_stream(&stream("large"), 1, 2).await.unwrap();
    assert_eq!(read[0].data, large.data);
    assert_eq!(
        log.read_stream(&stream("many"), 1, 1000).await.unwrap().len(),
        MAX_EVENTS
    );
}
