//! The network fails at the worst moments.

use std::sync::Mutex;
use std::time::Duration;

use eventlog::contract::{Log, event, events, stream};
use eventlog::{Appended, Expected, LogError};
use servers::Postgres;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::proxy::{Mode, Proxy};
use crate::support::{PATIENCE, count, open};

struct Fixture {
    url: String,
    proxy: Proxy,
    log: Log,
}

/// A log behind a proxy.
async fn fixture() -> Fixture {
    let url = Postgres::shared().database();
    let proxy = Proxy::start(Postgres::shared().port()).await;
    let log = open(&proxy.url(&url)).await;
    Fixture { url, proxy, log }
}

impl Fixture {
    /// Starts to append two events, and waits until their commit is held up.
    async fn held(&self, mode: Mode) -> JoinHandle<Result<Appended, LogError>> {
        self.proxy.set(mode);
        let log = self.log.clone();
        let append = tokio::spawn(async move { log.append(&stream("a"), Expected::NoStream, events("a", 0..2)).await });
        self.proxy.has_held(1).await;
        append
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_whose_connection_is_cut_before_its_commit_is_stored_once() {
    let fixture = fixture().await;
    let append = fixture.held(Mode::HoldCommit).await;

    fixture.proxy.refuse().await;
    assert_eq!(count(&fixture.url).await, 0, "nothing was committed");
    fixture.proxy.set(Mode::Pass);

    let appended = append.await.unwrap().unwrap();
    assert_eq!((appended.revision, appended.duplicate), (2, false));
    assert_eq!(count(&fixture.url).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_whose_connection_is_cut_before_the_reply_is_stored_once_and_is_no_duplicate() {
    let fixture = fixture().await;
    let append = fixture.held(Mode::HoldReply).await;

    assert_eq!(count(&fixture.url).await, 2, "it was committed");
    fixture.proxy.set(Mode::Pass);

    let appended = append.await.unwrap().unwrap();
    assert_eq!((appended.revision, appended.duplicate), (2, false));
    assert_eq!(count(&fixture.url).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_that_cannot_be_looked_for_has_an_unknown_outcome_and_its_ids_find_it_later() {
    let fixture = fixture().await;
    let append = fixture.held(Mode::HoldReply).await;

    fixture.proxy.refuse().await;
    let outcome = append.await.unwrap();
    assert!(matches!(outcome, Err(LogError::UnknownOutcome(_))), "{outcome:?}");
    let next = fixture.log.append(&stream("b"), Expected::Any, vec![event("b")]).await;
    assert!(matches!(next, Err(LogError::Unavailable(_))), "{next:?}");
    fixture.proxy.set(Mode::Pass);

    let again = fixture
        .log
        .append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    assert_eq!((again.revision, again.duplicate), (2, true));
    assert_eq!(
        count(&fixture.url).await,
        2,
        "what was not stored for certain is not there"
    );
}

/// On one thread, whose lines are kept.
#[tokio::test]
async fn that_nothing_can_be_stored_is_told_once_with_its_cause_and_so_is_its_end() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    let keeping = tracing_subscriber::fmt()
        .with_writer(Mutex::new(kept.reopen().unwrap()))
        .with_ansi(false);
    let _keeping = tracing::subscriber::set_default(keeping.finish());
    // With one subscriber, `tracing` asks that of the thread which comes by a line first whether anybody wants it, and other tests
    // have none; with two, it asks both.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let fixture = fixture().await;
    let append = async |key| fixture.log.append(&stream(key), Expected::Any, vec![event(key)]).await;

    fixture.proxy.refuse().await;
    for key in ["a", "b", "c"] {
        let refused = append(key).await;
        assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    }
    fixture.proxy.set(Mode::Pass);
    append("a").await.unwrap();
    append("b").await.unwrap();

    let lines = std::fs::read_to_string(kept.path()).unwrap();
    let told = |what| lines.lines().filter(|line| line.contains(what)).count();
    assert_eq!(told("the log cannot store events now"), 1, "{lines}");
    assert_eq!(told("error communicating with database: "), 1, "{lines}");
    assert_eq!(told("the log stores events again"), 1, "{lines}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_that_was_cut_off_hears_of_other_processes_again() {
    let fixture = fixture().await;
    let other = open(&fixture.url).await;
    let mut wakeups = fixture.log.wakeups();

    fixture.proxy.refuse().await;
    let unheard = other
        .append(&stream("a"), Expected::Any, events("a", 0..1))
        .await
        .unwrap();
    fixture.proxy.set(Mode::Pass);

    let heard = timeout(PATIENCE, wakeups.wait_for(|head| *head >= unheard.position)).await;
    assert!(heard.is_ok_and(|heard| heard.is_ok()), "it looks by itself");
    assert_eq!(fixture.log.read_stream(&stream("a"), 1, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn other_processes_are_told_of_a_commit_at_once() {
    let url = Postgres::shared().database();
    let (log, other) = (open(&url).await, open(&url).await);
    let mut wakeups = log.wakeups();
    // Until the connection that listens stands, only the look once a second tells. Then a hint comes before the next one.
    let told = async {
        for round in 0.. {
            let appended = other
                .append(&stream("a"), Expected::Any, vec![event(&format!("a-{round}"))])
                .await
                .unwrap();
            let soon = Duration::from_millis(200);
            let soon = timeout(soon, wakeups.wait_for(|head| *head >= appended.position))
                .await
                .is_ok();
            let again = other
                .append(&stream("a"), Expected::Any, vec![event(&format!("b-{round}"))])
                .await
                .unwrap();
            let at_once = Duration::from_millis(200);
            let at_once = timeout(at_once, wakeups.wait_for(|head| *head >= again.position))
                .await
                .is_ok();
            // Of two looks, at least a second apart, one at most comes within two spans of 200 ms.
            if soon && at_once {
                return;
            }
        }
    };
    timeout(PATIENCE, told).await.unwrap();
}
