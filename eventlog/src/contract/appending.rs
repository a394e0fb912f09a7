use chrono::DateTime;
use domain::{Actor, ActorKind, Position, RequestDigest, StreamId};

use super::Log;
use super::given::{event, events, ids, new_ids, read_everything, stream};
use crate::{Append, Expected, LogError};

pub(super) async fn is_read_back(log: Log) {
    let mut written = events("a", 0..3);
    "SomethingElse".clone_into(&mut written[1].kind);
    written[1].schema = 7;
    written[1].metadata.account = None;
    written[1].metadata.request = Some(RequestDigest::new([9; 16]));
    written[1].metadata.actor = Actor {
        kind: ActorKind::Ai,
        id: "a \"quoted\" one".to_owned(),
    };

    let appended = log
        .append(&stream("a"), Expected::NoStream, written.clone())
        .await
        .unwrap();

    let read = log.read_stream(&stream("a"), 1, 10).await.unwrap();
    assert_eq!(read.len(), 3);
    for (revision, (stored, new)) in (1..).zip(read.iter().zip(&written)) {
        assert_eq!(stored.id, new.id);
        assert_eq!(stored.stream, stream("a"));
        assert_eq!(stored.revision, revision);
        assert_eq!(*stored.kind, *new.kind);
        assert_eq!(stored.schema, new.schema);
        assert_eq!(stored.recorded_at, new.recorded_at);
        assert_eq!(stored.metadata, new.metadata);
        assert_eq!(stored.data, new.data);
    }
    assert_eq!(appended.revision, 3);
    assert_eq!(appended.position, read[2].position);
    assert!(!appended.duplicate);
    let page = log.read_all(Position::START, 10).await.unwrap();
    assert_eq!(page.events, read, "both ways of reading give the same events");
}

pub(super) async fn in_order(log: Log) {
    let append = |name: &str, expected, label: &str| Append {
        stream: stream(name),
        expected,
        events: events(label, 0..2),
    };
    let appends = vec![
        append("a", Expected::NoStream, "one"),
        append("b", Expected::NoStream, "two"),
        append("a", Expected::Exact(2), "three"),
    ];
    let done = log.append_in_order(appends.clone()).await.unwrap();
    let revisions: Vec<_> = done.iter().map(|appended| appended.revision).collect();
    assert_eq!(revisions, [2, 2, 4]);
    let again = log.append_in_order(appends.clone()).await.unwrap();
    assert!(again.iter().all(|appended| appended.duplicate), "a repeat is known");
    let stored = read_everything(&log, 100).await;
    let asked = appends.iter().flat_map(|append| &append.events).map(|event| event.id);
    assert!(stored.iter().map(|event| event.id).eq(asked), "in this order");

    // What stands behind a refused one is not stored, though it could be.
    let refused = log
        .append_in_order(vec![
            append("c", Expected::NoStream, "four"),
            append("a", Expected::Exact(2), "five"),
            append("d", Expected::NoStream, "six"),
        ])
        .await;
    assert!(
        matches!(refused, Err(LogError::Conflict { actual: 4, .. })),
        "{refused:?}"
    );
    assert_eq!(log.read_stream(&stream("d"), 1, 10).await.unwrap(), []);
    assert!(log.append_in_order(Vec::new()).await.unwrap().is_empty());
}

pub(super) async fn expectations(log: Log) {
    // The stream's length; what is expected; whether that is right.
    let table = [
        (0, Expected::NoStream, true),
        (0, Expected::Any, true),
        (0, Expected::Exact(0), true),
        (0, Expected::Exact(1), false),
        (2, Expected::NoStream, false),
        (2, Expected::Any, true),
        (2, Expected::Exact(0), false),
        (2, Expected::Exact(1), false),
        (2, Expected::Exact(2), true),
        (2, Expected::Exact(3), false),
        (2, Expected::Exact(u64::MAX), false),
    ];
    for (case, (length, expected, right)) in table.into_iter().enumerate() {
        let stream = stream(&format!("case-{case}"));
        if length > 0 {
            log.append(
                &stream,
                Expected::NoStream,
                events(&format!("before-{case}"), 0..length),
            )
            .await
            .unwrap();
        }
        let outcome = log
            .append(&stream, expected, events(&format!("case-{case}"), 0..2))
            .await;
        match outcome {
            Ok(appended) => {
                assert!(right, "{expected:?} at revision {length} must conflict");
                assert_eq!(appended.revision, length as u64 + 2);
            }
            Err(LogError::Conflict { stream: named, actual }) => {
                assert!(!right, "{expected:?} at revision {length} must not conflict");
                assert_eq!((named, actual), (stream, length as u64));
            }
            Err(other) => panic!("{expected:?} at revision {length}: {other}"),
        }
    }
}

pub(super) async fn conflict_stores_nothing(log: Log) {
    log.append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    let head = log.read_all(Position::START, 10).await.unwrap().head;

    let refused = log.append(&stream("a"), Expected::Exact(1), events("late", 0..3)).await;
    assert!(
        matches!(refused, Err(LogError::Conflict { actual: 2, .. })),
        "{refused:?}"
    );

    let page = log.read_all(Position::START, 10).await.unwrap();
    assert_eq!((page.events.len(), page.head), (2, head));
    let again = log
        .append(&stream("a"), Expected::Exact(2), events("late", 0..3))
        .await
        .unwrap();
    assert_eq!(
        (again.revision, again.duplicate),
        (5, false),
        "what was refused can be appended later"
    );
}

pub(super) async fn positions_rise(log: Log) {
    let mut written = Vec::new();
    let mut newest = Position::START;
    for round in 0..10 {
        let batch = events(&format!("round-{round}"), 0..1 + round % 3);
        written.extend(new_ids(&batch));
        let stream = stream(&format!("s-{}", round % 4));
        let appended = log.append(&stream, Expected::Any, batch).await.unwrap();
        assert!(appended.position > newest);
        newest = appended.position;
    }
    let read = read_everything(&log, 7).await;
    assert_eq!(ids(&read), written, "the log keeps the order of the appends");
    assert!(read.is_sorted_by(|a, b| a.position < b.position));
    assert_eq!(log.read_all(Position::START, 1).await.unwrap().head, newest);
}

pub(super) async fn names_are_kept_apart(log: Log) {
    let most = "a".repeat(64);
    let names = [
        "keyring".to_owned(),
        format!("account-{most}"),
        format!("access-{most}"),
        format!("account-{}", &most[1..]),
        format!("integration-{most}.{}", &most[1..]),
        format!("integration-{}.{}", &most[1..], &most[1..]),
        "account-Acme".to_owned(),
        "account-acme".to_owned(),
        "account-acme_1".to_owned(),
        "account-acme-1".to_owned(),
        "provider-acme".to_owned(),
        "token-67e55044-10b1-426f-9247-bb680e5fe0c8".to_owned(),
    ];
    let streams: Vec<StreamId> = names.iter().map(|name| name.parse().unwrap()).collect();
    for (stream, name) in streams.iter().zip(&names) {
        log.append(stream, Expected::NoStream, vec![event(name)]).await.unwrap();
    }
    for (stream, name) in streams.iter().zip(&names) {
        let read = log.read_stream(stream, 1, 10).await.unwrap();
        assert_eq!(ids(&read), [event(name).id], "{name}");
        assert_eq!(read[0].stream, *stream);
    }
}

pub(super) async fn times(log: Log) {
    let micros = [
        0,
        1,
        999_999,
        1_000_000,
        1_700_000_000_000_001,
        4_102_444_800_999_999,
        -1,
    ];
    let mut written = events("t", 0..micros.len() + 1);
    for (event, micros) in written.iter_mut().zip(micros) {
        event.recorded_at = DateTime::from_timestamp_micros(micros).unwrap();
    }
    written[micros.len()].recorded_at = DateTime::from_timestamp_nanos(1_700_000_000_123_456_789);

    log.append(&stream("t"), Expected::Any, written).await.unwrap();

    let read = log.read_stream(&stream("t"), 1, 100).await.unwrap();
    let kept: Vec<_> = read.iter().map(|event| event.recorded_at.timestamp_micros()).collect();
    assert_eq!(kept[..micros.len()], micros);
    assert_eq!(
        read[micros.len()].recorded_at.timestamp_nanos_opt(),
        Some(1_700_000_000_123_456_000)
    );
}

pub(super) async fn texts(log: Log) {
    let texts = [
        r"{}",
        r#"{"a":"ünïcödé 漢字 🦀 \u0000 \u001e \u001f \n"}"#,
        r#"{"a":"it's \"quoted\", 100% | ; -- \\ and so on"}"#,
        r#"{"deep":[[[[{"n":-1.5e300,"t":true,"f":null}]]]]}"#,
        "{\"a\":\"\u{1f9}\u{2028}\u{feff}\u{10ffff}\u{7f}\"}",
    ];
    let mut written = events("x", 0..texts.len());
    for (event, text) in written.iter_mut().zip(texts) {
        text.clone_into(&mut event.data);
        event.metadata.actor.id = format!("it's {text}\n\u{1e}\u{1f}\u{0}");
    }
    log.append(&stream("x"), Expected::Any, written.clone()).await.unwrap();
    let read = log.read_stream(&stream("x"), 1, 100).await.unwrap();
    for (stored, new) in read.iter().zip(&written) {
        assert_eq!(stored.data, new.data);
        assert_eq!(stored.metadata, new.metadata);
    }
    assert_eq!(log.read_all(Position::START, 100).await.unwrap().events, read);
}
