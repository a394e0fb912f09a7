use domain::Position;

use super::given::{events, stream};
use super::{Open, concurrency};
use crate::Expected;

pub(super) async fn is_kept(open: Open) {
    let log = open().await;
    let id = log.log_id();
    let appended = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..5))
        .await
        .unwrap();
    let page = log.read_all(Position::START, 10).await.unwrap();
    drop(log);

    let log = open().await;
    assert_eq!(log.log_id(), id, "it is the same log");
    assert_eq!(log.read_all(Position::START, 10).await.unwrap(), page);
    assert_eq!(
        *log.wakeups().borrow(),
        appended.position,
        "it knows its head from the start"
    );
    let more = log
        .append(&stream("a"), Expected::Exact(5), events("b", 0..1))
        .await
        .unwrap();
    assert!(more.position > appended.position);
}

pub(super) async fn repeat_after_restart(open: Open) {
    let first = open()
        .await
        .append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    let log = open().await;
    let again = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    assert_eq!(
        (again.revision, again.position, again.duplicate),
        (2, first.position, true)
    );
}

pub(super) async fn race(open: Open) {
    let logs = vec![open().await, open().await];
    concurrency::race_over(logs).await;
}

pub(super) async fn no_reader_skips(open: Open) {
    let logs = vec![open().await, open().await];
    concurrency::no_reader_skips(logs).await;
}
