use std::collections::BTreeMap;
use std::time::Duration;

use domain::Position;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Log;
use super::given::{event, events, ids, read_everything, stream};
use crate::{Expected, LogError};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);
const WRITERS: usize = 8;

pub(super) async fn wakes(log: Log) {
    let mut wakeups = log.wakeups();
    for round in 0..3 {
        let appended = log
            .append(&stream("a"), Expected::Any, events(&format!("w-{round}"), 0..2))
            .await
            .unwrap();
        let seen = timeout(PATIENCE, wakeups.wait_for(|position| *position >= appended.position)).await;
        assert!(seen.is_ok_and(|seen| seen.is_ok()), "the reader is woken");
        assert_eq!(
            *log.wakeups().borrow(),
            appended.position,
            "one who comes later knows it, too"
        );
    }
}

/// Each writer adds to the same stream what it believes to be next, until it has won ten times.
pub(super) async fn race(log: Log) {
    race_over(vec![log]).await;
}

pub(super) async fn race_over(logs: Vec<Log>) {
    const WINS: usize = 10;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = logs[writer % logs.len()].clone();
        writers.spawn(async move {
            let mut won = BTreeMap::new();
            let mut revision = 0;
            while won.len() < WINS {
                let new = event(&format!("writer-{writer}-{}", won.len()));
                let id = new.id;
                match log.append(&stream("race"), Expected::Exact(revision), vec![new]).await {
                    Ok(appended) => {
                        assert_eq!((appended.revision, appended.duplicate), (revision + 1, false));
                        revision = appended.revision;
                        won.insert(revision, id);
                    }
                    Err(LogError::Conflict { actual, .. }) => {
                        assert!(actual > revision, "a conflict is only for who is behind");
                        revision = actual;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            won
        });
    }
    let won = timeout(PATIENCE, writers.join_all()).await.unwrap();
    let mut all = BTreeMap::new();
    for (revision, id) in won.into_iter().flatten() {
        assert!(all.insert(revision, id).is_none(), "revision {revision} was won twice");
    }
    let read = logs[0].read_stream(&stream("race"), 1, usize::MAX).await.unwrap();
    assert_eq!(
        ids(&read),
        all.into_values().collect::<Vec<_>>(),
        "each winner's event stands where it was told"
    );
    assert_eq!(read.len(), WRITERS * WINS);
}

pub(super) async fn repeats(log: Log) {
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let log = log.clone();
        writers.spawn(async move {
            log.append(&stream("a"), Expected::NoStream, events("a", 0..3))
                .await
                .unwrap()
        });
    }
    let answers = timeout(PATIENCE, writers.join_all()).await.unwrap();
    let first = answers.iter().filter(|appended| !appended.duplicate).count();
    assert_eq!(first, 1, "one of them stored it");
    assert!(
        answers
            .iter()
            .all(|appended| appended.revision == 3 && appended.position == answers[0].position)
    );
    assert_eq!(read_everything(&log, 10).await.len(), 3);
}

/// How many events the append of a round has.
const fn size(round: usize) -> usize {
    1 + round % 4
}

/// While writers append as fast as they can, readers go from page to page; none may miss what was assigned a position
/// before what it has seen, however long its writer took.
pub(super) async fn no_reader_skips(logs: Vec<Log>) {
    const APPENDS: usize = 40;
    let total = (0..APPENDS).map(size).sum::<usize>() * WRITERS;
    let mut readers = JoinSet::new();
    for page in [1, 3, 64] {
        let log = logs[page % logs.len()].clone();
        readers.spawn(async move {
            let mut seen = Vec::new();
            let mut after = Position::START;
            while seen.len() < total {
                let page = log.read_all(after, page).await.unwrap();
                assert!(page.head >= page.next, "the head is never behind the page");
                if page.events.is_empty() {
                    tokio::task::yield_now().await;
                }
                after = page.next;
                seen.extend(page.events);
            }
            seen
        });
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = logs[writer % logs.len()].clone();
        writers.spawn(async move {
            for round in 0..APPENDS {
                let batch = events(&format!("{writer}-{round}"), 0..size(round));
                log.append(&stream(&format!("s-{writer}")), Expected::Any, batch)
                    .await
                    .unwrap();
            }
        });
    }
    timeout(PATIENCE, writers.join_all()).await.unwrap();
    let seen = timeout(PATIENCE, readers.join_all()).await.unwrap();
    let truth = read_everything(&logs[0], 1000).await;
    assert_eq!(truth.len(), total);
    for seen in seen {
        assert!(seen == truth, "a reader saw another log than the one that is stored");
    }
}
