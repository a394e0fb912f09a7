//! What every adapter of [`EventLog`] promises, as one suite that runs over all of them.
//!
//! An adapter's tests call [`run`] with a function that makes an empty log, and, when the log outlives the process,
//! [`run_on_shared`] with one that makes an empty store which can be opened again and again. A promise that is broken
//! panics and says which one it was. Where several processes may write one log, its tests also ask
//! [`events_missed_behind_a_held_writer`]. Run the suite on a runtime with several threads: it races writers and readers.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this is test code that other crates' tests call: a panic is how it reports"
)]

mod appending;
mod concurrency;
mod given;
mod held;
mod idempotency;
mod limits;
mod reading;
mod shared;

use std::pin::Pin;
use std::sync::Arc;

use crate::EventLog;

pub use given::{event, events, stream};
pub use held::{HeldWriter, Hold, Release, events_missed_behind_a_held_writer};

type Outcome = Pin<Box<dyn Future<Output = ()> + Send>>;
type Promise<Subject> = (&'static str, fn(Subject) -> Outcome);
/// A log of any kind.
pub type Log = Arc<dyn EventLog>;

/// Opens one store: each call gives another handle on it.
pub type Open = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Log> + Send>> + Send + Sync>;

const PROMISES: &[Promise<Log>] = &[
    ("an append is read back as it was written", |log| {
        Box::pin(appending::is_read_back(log))
    }),
    ("the expected revision decides", |log| {
        Box::pin(appending::expectations(log))
    }),
    ("a conflict stores nothing and names the revision", |log| {
        Box::pin(appending::conflict_stores_nothing(log))
    }),
    (
        "appends in an order are carried out up to the first that is refused",
        |log| Box::pin(appending::in_order(log)),
    ),
    ("positions rise over all streams", |log| {
        Box::pin(appending::positions_rise(log))
    }),
    ("streams with long and similar names are kept apart", |log| {
        Box::pin(appending::names_are_kept_apart(log))
    }),
    ("times are kept to the microsecond", |log| {
        Box::pin(appending::times(log))
    }),
    ("any text survives", |log| Box::pin(appending::texts(log))),
    ("what is too much or wrong is refused whole", |log| {
        Box::pin(limits::refusals(log))
    }),
    ("the most that is allowed is taken", |log| {
        Box::pin(limits::the_most(log))
    }),
    ("the same ids give the original result", |log| {
        Box::pin(idempotency::same_ids(log))
    }),
    ("a repeat needs no expectation", |log| {
        Box::pin(idempotency::outdated_expectation(log))
    }),
    ("a repeat of several appends at once is known", |log| {
        Box::pin(idempotency::part_of_a_run(log))
    }),
    ("a partial overlap is an error", |log| {
        Box::pin(idempotency::partial_overlap(log))
    }),
    ("an id that stands elsewhere is an error", |log| {
        Box::pin(idempotency::elsewhere(log))
    }),
    ("a stream is read from any place", |log| {
        Box::pin(reading::stream_bounds(log))
    }),
    ("the log is read from any place", |log| {
        Box::pin(reading::all_bounds(log))
    }),
    ("an empty log reads as empty", |log| Box::pin(reading::empty(log))),
    ("pages join without gap or repeat", |log| {
        Box::pin(reading::pages_join(log))
    }),
    ("an append wakes its readers", |log| Box::pin(concurrency::wakes(log))),
    ("of many writers one wins each revision", |log| {
        Box::pin(concurrency::race(log))
    }),
    ("many repeats of one append store it once", |log| {
        Box::pin(concurrency::repeats(log))
    }),
    ("no reader ever skips an event", |log| {
        Box::pin(concurrency::no_reader_skips(vec![log]))
    }),
];

const SHARED_PROMISES: &[Promise<Open>] = &[
    ("a log that is opened again holds all and is the same log", |open| {
        Box::pin(shared::is_kept(open))
    }),
    ("a repeat after a restart is known", |open| {
        Box::pin(shared::repeat_after_restart(open))
    }),
    ("two handles write one log", |open| Box::pin(shared::race(open))),
    ("no reader skips what another handle writes", |open| {
        Box::pin(shared::no_reader_skips(open))
    }),
];

/// Checks every promise, each on a log of its own, which `make` makes and which must be empty.
pub async fn run(make: impl AsyncFn() -> Log) {
    for (promise, check) in PROMISES {
        held(promise, check(make().await)).await;
    }
    let (one, other) = (make().await.log_id(), make().await.log_id());
    assert_ne!(one, other, "two logs have two identities");
}

/// Checks the promises of a log that outlives its handles, each on a store of its own, which `make` makes.
pub async fn run_on_shared(make: impl AsyncFn() -> Open) {
    for (promise, check) in SHARED_PROMISES {
        held(promise, check(make().await)).await;
    }
}

/// Runs one check on a task of its own, so that its panic can be told together with the promise.
async fn held(promise: &str, check: Outcome) {
    let broken = tokio::spawn(check).await.is_err();
    assert!(!broken, "broken promise: {promise}");
}
