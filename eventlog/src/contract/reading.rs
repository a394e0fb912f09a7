use domain::Position;

use super::Log;
use super::given::{event, events, ids, new_ids, read_everything, stream};
use crate::Expected;

pub(super) async fn stream_bounds(log: Log) {
    let written = events("a", 0..5);
    let all = new_ids(&written);
    log.append(&stream("a"), Expected::Any, written).await.unwrap();
    log.append(&stream("b"), Expected::Any, events("b", 0..5))
        .await
        .unwrap();
    let table: [(u64, usize, &[_]); 10] = [
        (0, 100, &all),
        (1, 100, &all),
        (1, 5, &all),
        (1, 1, &all[..1]),
        (1, 0, &[]),
        (3, 2, &all[2..4]),
        (5, 2, &all[4..]),
        (6, 2, &[]),
        (u64::MAX, 2, &[]),
        (1, usize::MAX, &all),
    ];
    for (from, max, expected) in table {
        let read = log.read_stream(&stream("a"), from, max).await.unwrap();
        assert_eq!(ids(&read), expected, "from {from}, at most {max}");
    }
    assert!(log.read_stream(&stream("none"), 1, 10).await.unwrap().is_empty());
}

pub(super) async fn all_bounds(log: Log) {
    log.append(&stream("a"), Expected::Any, events("a", 0..3))
        .await
        .unwrap();
    log.append(&stream("b"), Expected::Any, events("b", 0..2))
        .await
        .unwrap();
    let all = read_everything(&log, 100).await;
    let head = all[4].position;
    let table: [(Position, usize, &[_]); 8] = [
        (Position::START, 100, &all),
        (Position::START, usize::MAX, &all),
        (Position::START, 2, &all[..2]),
        (Position::START, 0, &[]),
        (all[1].position, 2, &all[2..4]),
        (all[3].position, 2, &all[4..]),
        (head, 2, &[]),
        (Position::from_stored(u64::MAX), 2, &[]),
    ];
    for (after, max, expected) in table {
        let page = log.read_all(after, max).await.unwrap();
        assert_eq!(page.events, expected, "after {after}, at most {max}");
        assert_eq!(page.next, expected.last().map_or(after, |event| event.position));
        assert_eq!(page.head, head, "after {after}, at most {max}");
    }
}

pub(super) async fn empty(log: Log) {
    let page = log.read_all(Position::START, 10).await.unwrap();
    assert_eq!(
        (page.events.len(), page.next, page.head),
        (0, Position::START, Position::START)
    );
    assert!(log.read_stream(&stream("a"), 1, 10).await.unwrap().is_empty());
    assert_eq!(*log.wakeups().borrow(), Position::START);
}

pub(super) async fn pages_join(log: Log) {
    let mut written = Vec::new();
    for round in 0..40 {
        let mut batch = events(&format!("round-{round}"), 0..1 + round % 5);
        // Now and then a large one, so that a page may end early.
        batch[0].data = format!(
            r#"{{"a":"{}"}}"#,
            "x".repeat(if round % 7 == 0 { 300_000 } else { round })
        );
        written.extend(new_ids(&batch));
        log.append(&stream(&format!("s-{}", round % 3)), Expected::Any, batch)
            .await
            .unwrap();
    }
    for max in [1, 2, 3, 7, written.len() - 1, written.len(), written.len() + 1, 4096] {
        assert_eq!(ids(&read_everything(&log, max).await), written, "in pages of {max}");
    }
    log.append(&stream("s-0"), Expected::Any, vec![event("last")])
        .await
        .unwrap();
    let all = read_everything(&log, 64).await;
    assert_eq!(all.last().map(|event| event.id), Some(event("last").id));
}
