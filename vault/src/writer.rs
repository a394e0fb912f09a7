//! One connection that writes, and commits whatever is queued in one transaction: many writers share one fsync.

use std::sync::Arc;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::VaultError;
use crate::lock::OpenLock;

/// The most changes in one transaction.
const MAX_BATCH: usize = 64;
/// The most changes that wait; whoever comes later waits to be let in.
const MAX_QUEUE: usize = 1024;

/// A change of one database. It may be applied again after a transaction that was rolled back.
pub(crate) trait Change: Send + Sync + 'static {
    /// What came of it.
    type Outcome: Send + 'static;

    /// Which database it is for, in messages.
    const STORE: &'static str;

    /// Whether the commit may reach the disk only with a later one. It is still all or nothing.
    fn may_lag(&self) -> bool {
        false
    }

    /// Whether the write-ahead log is to be emptied afterwards, because what was there before must not be found again.
    fn truncates(&self) -> bool {
        false
    }

    /// Applies it inside the open transaction.
    fn apply(
        &self,
        connection: &mut SqliteConnection,
    ) -> impl Future<Output = Result<Self::Outcome, sqlx::Error>> + Send;
}

/// The queue to the connection that writes.
pub(crate) struct Writer<C: Change> {
    queue: mpsc::Sender<Job<C>>,
}

struct Job<C: Change> {
    change: C,
    answer: oneshot::Sender<Result<C::Outcome, VaultError>>,
}

impl<C: Change> Writer<C> {
    /// Starts the task that owns `connection`. It ends when the writer is dropped and the queue is empty; until then it
    /// holds the lock.
    pub(crate) fn start(connection: SqliteConnection, lock: Arc<OpenLock>) -> Self {
        let (queue, jobs) = mpsc::channel(MAX_QUEUE);
        tokio::spawn(async move {
            run(connection, jobs).await;
            drop(lock);
        });
        Self { queue }
    }

    /// Applies a change and waits until it is committed. When the caller stops waiting it is applied all the same.
    pub(crate) async fn submit(&self, change: C) -> Result<C::Outcome, VaultError> {
        let (answer, outcome) = oneshot::channel();
        let stopped = || VaultError::Stopped("its writer has ended");
        self.queue.send(Job { change, answer }).await.map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }
}

async fn run<C: Change>(mut connection: SqliteConnection, mut jobs: mpsc::Receiver<Job<C>>) {
    let mut lagging = false;
    while let Some(first) = jobs.recv().await {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let may_lag = batch.iter().all(|job| job.change.may_lag());
        if may_lag != lagging && set_lagging(&mut connection, may_lag).await.is_ok() {
            lagging = may_lag;
        }
        commit(&mut connection, batch).await;
    }
    // Nothing is lost when this fails: the next start takes up the write-ahead log.
    if let Err(error) = connection.close().await {
        tracing::debug!(store = C::STORE, %error, "the connection did not close in order");
    }
}

/// Under NORMAL a commit of the write-ahead log is not synced; the next commit under FULL syncs all before it too.
async fn set_lagging(connection: &mut SqliteConnection, lagging: bool) -> Result<(), sqlx::Error> {
    let pragma = if lagging {
        "PRAGMA synchronous = NORMAL"
    } else {
        "PRAGMA synchronous = FULL"
    };
    sqlx::query(pragma).execute(connection).await.map(drop)
}

/// Commits a batch and answers everybody in it. When it fails, each change is tried by itself, so that one that cannot
/// be applied fails alone.
async fn commit<C: Change>(connection: &mut SqliteConnection, batch: Vec<Job<C>>) {
    let changes: Vec<&C> = batch.iter().map(|job| &job.change).collect();
    let outcomes = match apply(connection, &changes).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) if changes.len() == 1 => vec![Err(error)],
        Err(_) => {
            let mut outcomes = Vec::with_capacity(changes.len());
            for change in changes {
                outcomes.push(apply(connection, &[change]).await.map(|mut one| one.remove(0)));
            }
            outcomes
        }
    };
    let truncated = !batch.iter().any(|job| job.change.truncates()) || truncate(connection).await.unwrap_or(false);
    for (job, outcome) in batch.into_iter().zip(outcomes) {
        let outcome = outcome.map_err(VaultError::of(C::STORE));
        let kept = job.change.truncates() && !truncated;
        let outcome = if kept {
            outcome.and(Err(VaultError::NotTruncated { store: C::STORE }))
        } else {
            outcome
        };
        // Nobody listens when the caller was cancelled.
        let _ = job.answer.send(outcome);
    }
}

async fn apply<C: Change>(connection: &mut SqliteConnection, changes: &[&C]) -> Result<Vec<C::Outcome>, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        outcomes.push(change.apply(&mut transaction).await?);
    }
    transaction.commit().await?;
    Ok(outcomes)
}

/// Writes the log back into the database and cuts it to nothing. `false` when a reader stood in the way for longer than
/// the busy timeout.
pub(crate) async fn truncate(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await?;
    Ok(busy == 0)
}
